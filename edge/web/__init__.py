"""The live page and its API: `catdog run --web`, an optional part. Start reading in `app.py`, then `output.py`.

The server has a thread and an event loop of its own. The runner's thread hands over the newest moment (`news.py`) and,
while somebody watches, a copy of its picture (`video.py`); it never waits and never encodes.
"""
