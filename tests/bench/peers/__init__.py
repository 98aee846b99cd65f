"""The same frames and the same model file through other people's runners. Each file here is a program of its own.

`python FILE MODEL PHOTO FRAMES` loads the model, answers, and prints one JSON object (`drive.drive`). They
import nothing of this project but `drive` (and `ours` the runner), so that each runs in an environment of its own.
"""
