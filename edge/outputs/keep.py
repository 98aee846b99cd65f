"""Photos for the next training, by keys: 1 keeps the frame of now as one of the model's first class, and so on."""

import threading
from argparse import Namespace
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from edge import keyboard
from edge.capture.source import Source
from edge.errors import CatdogError, printable, tell
from edge.fit import Image
from edge.keep import Keep
from edge.outputs import Moment, Output
from edge.outputs.worker import Worker

_WHY = "key"
_KEYS = "123456789"
_WAITING = 4  # photos
_PATIENCE_S = 5.0  # for the disk, at the end
_LOOK_S = 0.25  # between two looks at whether the run is over


def make(options: Namespace) -> Output | None:
    """Return the output of --keep; None where nobody presses keys. Others may keep photos in the same folder."""
    keep = shared(options)
    if keyboard.is_there() and not options.json and "-" not in options.source:
        return Keys(keep)
    if not (options.keep_unsure or options.web):
        tell("catdog: --keep: keeps nothing here, without keys, --web or --keep-unsure")
    return None


def shared(options: Namespace) -> Keep:
    """Return the folder that --keep names: one object for all who keep photos there.

    Raises:
        CatdogError: there is none, or nothing can be written there.
    """
    if not options.keep:
        raise CatdogError("--keep-unsure", "needs a folder", "Name one with --keep FOLDER")
    made: Keep = options.__dict__.setdefault("_keep", None) or Keep(Path(options.keep), options.keep_mb)
    options.__dict__["_keep"] = made
    return made


class Keys(Output):
    """Keys at the terminal. Of several sources none is kept: which one is meant?"""

    def __init__(self, keep: Keep) -> None:
        self._keep, self._keys = keep, keyboard.Keyboard()
        self._pressed: deque[str] = deque(maxlen=_WAITING)
        self._labels: list[str] = []
        self._over = threading.Event()
        self._listener = threading.Thread(target=self._listen, name="keys", daemon=True)
        self._worker: Worker[tuple[Image, str, float]] = Worker("kept", self._work, most=_WAITING)
        self._asked = self._done = 0

    def open(self, sources: Sequence[Source]) -> None:
        if len(sources) == 1:
            self._keys.__enter__()
            self._listener.start()

    def write(self, moment: Moment) -> None:
        """Keep the frame of a key that was pressed since the last one."""
        if not self._labels and moment.answer.probabilities:
            self._labels = list(moment.answer.probabilities)[: len(_KEYS)]
            if self._listener.is_alive():
                self.say(self._help())
        while self._pressed:
            self._press(self._pressed.popleft(), moment)

    def _press(self, key: str, moment: Moment) -> None:
        place = _KEYS.find(key)
        if not 0 <= place < len(self._labels):
            self.say(self._help())
        elif not moment.fresh:
            self.say(f"--keep: there is no fresh picture to keep ({moment.state})")
        else:
            self._asked += 1
            # A copy: the source may use the picture's memory for the next one.
            self._worker.put((moment.frame.image.copy(), self._labels[place], moment.time_s))

    def _help(self) -> str:
        keys = ", ".join(f"{key} {printable(label)}" for key, label in zip(_KEYS, self._labels, strict=False))
        return f"keep this frame as: {keys}"

    def _work(self, photos: list[tuple[Image, str, float]]) -> None:
        for image, label, time_s in photos:
            try:
                path = self._keep.keep(image, label, _WHY, time_s)
            except CatdogError as fault:
                self.say(str(fault))
            else:
                self._done += 1
                self.say(f"kept as {printable(label)}: {printable(path)}")

    def _listen(self) -> None:
        try:
            while not self._over.is_set():
                self._pressed.extend(self._keys.read(_LOOK_S).strip())
        except EOFError:  # the terminal is gone
            return

    def finish(self) -> None:
        self._over.set()
        self._worker.finish()

    def close(self) -> None:
        self.finish()
        if self._listener.ident is not None:
            self._listener.join(_PATIENCE_S)
            self._keys.__exit__(None, None, None)
        self._worker.join(_PATIENCE_S)

    def lost(self) -> str:
        missing = self._asked - self._done
        return f"--keep: {missing} of {self._asked} photos lost" if missing else ""
