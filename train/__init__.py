"""The trainer: class folders of photos go in, a Keras model and its record come out. `python -m train --help`."""
