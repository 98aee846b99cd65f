"""A source read in a thread: for what cannot hang, and for systems on which nothing can be killed.

A slow reader never builds a backlog: one frame waits at most. Of a live source an overtaken frame is dropped and
counted; a recorded source waits instead, decoding one frame ahead.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from edge.capture.source import Frame, Source, pump
from edge.fit import Image

_PATIENCE_S = 0.5  # for a native read() to return when closing; what hangs longer is left to the process's end
_ROOMS = 3  # a picture that is looked at, one that waits, one that is written

Message = dict[str, Any]


class InThread:
    """What reads a source in a thread, which alone opens, reads and closes it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._run: _Run | None = None
        self.name, self._overtaken = source.name, 0

    @property
    def dropped(self) -> int:
        """Overtaken frames, and those that the source itself dropped."""
        return self._overtaken + (self._run.overtaken if self._run else 0) + self._source.dropped

    @property
    def descriptors(self) -> list[int]:
        return [self._run.bell] if self._run else []

    def begin(self) -> None:
        """Start a thread that opens and reads the source."""
        self.kill()
        self._run = _Run(self._source)

    def messages(self) -> Iterator[Message]:
        """Yield what the thread has told.

        Raises:
            Exception: a bug in the source.
        """
        if self._run:
            yield from self._run.told()

    def take(self) -> Frame | None:
        return self._run.take() if self._run else None

    def stay_with(self, maker: str, word: str) -> None:
        """Do nothing: the source itself remembers."""

    def kill(self) -> None:
        """End the thread; one that hangs in native code is left behind."""
        if self._run:
            run, self._run = self._run, None
            run.close()
            self._overtaken += run.overtaken

    close = kill


class _Run:
    """One life of the thread: open, read, close."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.bell, self._rope = os.pipe()
        os.set_blocking(self.bell, False)
        os.set_blocking(self._rope, False)
        self._changed = threading.Condition()
        self._messages: list[Message] = []
        self._bug: Exception | None = None
        self._frame: Frame | None = None
        self._rooms: dict[int, Image] = {}  # by id
        self._out: list[Image] = []  # the pictures that others hold: the one looked at, the one that waits
        self._closing = False
        self.overtaken = 0
        self._thread = threading.Thread(target=self._pump, name="source", daemon=True)
        self._thread.start()

    def told(self) -> list[Message]:
        """Return what the thread has told since it was last asked; raise what was a bug in it."""
        with suppress(BlockingIOError):
            os.read(self.bell, 4096)
        with self._changed:
            messages, self._messages = self._messages, []
        if not messages and self._bug is not None:
            raise self._bug
        return messages

    def take(self) -> Frame | None:
        with self._changed:
            frame, self._frame = self._frame, None
            if frame is not None:
                self._out = [frame.image]
                self._changed.notify_all()
        return frame

    def close(self) -> None:
        """End the thread, which closes the source."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(_PATIENCE_S)
        os.close(self.bell)
        if not self._thread.is_alive():  # else it would ring, one day, at whoever has this number by then
            os.close(self._rope)

    def _pump(self) -> None:
        self._source.room = self._room
        try:
            pump(self._source, self._tell, self._put)
        except Exception as bug:  # the reader's thread raises it
            self._bug = bug
            self._ring()

    def _tell(self, **message: Any) -> None:
        with self._changed:
            self._messages.append(message)
        self._ring()

    def _ring(self) -> None:
        with suppress(OSError):  # full: it rings already; closed: nobody listens
            os.write(self._rope, b"!")

    def _room(self, height: int, width: int) -> Image:
        """Return memory that nobody looks at: uint8 (height, width, 3)."""
        with self._changed:
            held = {id(image) for image in self._out} | ({id(self._frame.image)} if self._frame else set())
        free = [room for key, room in self._rooms.items() if key not in held]
        for room in free:
            if room.shape == (height, width, 3):
                return room
            del self._rooms[id(room)]
        room = np.empty((height, width, 3), np.uint8)
        if len(self._rooms) < _ROOMS:
            self._rooms[id(room)] = room
        return room

    def _put(self, frame: Frame) -> bool:
        with self._changed:
            if not self._source.live:
                self._changed.wait_for(lambda: self._frame is None or self._closing)
            elif self._frame is not None:
                self.overtaken += 1
            self._frame = frame
        self._ring()
        return not self._closing
