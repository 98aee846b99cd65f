"""Read a source in a thread of its own: the newest frame wins where it is live, every frame counts where it is not.

A slow reader never builds a backlog: one frame waits at most. Of a live source an overtaken frame is dropped and
counted; a recorded source waits instead, decoding one frame ahead. Ctrl-C is heard while native code blocks.
"""

import threading
from collections.abc import Callable

from edge.capture.source import Frame, Source

_PATIENCE_S = 0.5  # for a native read() to return when closing; what hangs longer is left to the process's end


class Feed(Source):
    """A source, read ahead by one frame.

    Args:
        source: not open yet; opened, read and closed by the feed's thread alone.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._frame: Frame | None = None
        self._fault: Exception | None = None
        self._opened = self._ended = self._closing = False
        self._overtaken = 0

    def open(self) -> None:
        """Start the thread and wait until the source is open."""
        self._source.say = self.say
        self._thread = threading.Thread(target=self._pump, name="feed", daemon=True)
        self._thread.start()
        self._wait_until(lambda: self._opened or self._ended)
        if not self._opened and self._fault is not None:
            raise self._fault
        self.live, self.rate = self._source.live, self._source.rate

    def read(self) -> Frame | None:
        """Return the next frame, the newest where the source is live."""
        self._wait_until(lambda: self._frame is not None or self._ended)
        with self._news:
            frame, self._frame = self._frame, None
            self._news.notify_all()
        if frame is None and self._fault is not None:
            raise self._fault
        return frame

    def close(self) -> None:
        """End the thread, which closes the source."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        if self._thread is not None:
            self._thread.join(_PATIENCE_S)

    @property
    def name(self) -> str:  # type: ignore[override]
        """The source's name."""
        return self._source.name

    @property
    def dropped(self) -> int:  # type: ignore[override]
        """Overtaken frames, and those that the source itself dropped."""
        return self._overtaken + self._source.dropped

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        with self._news:
            self._news.wait_for(condition)

    def _pump(self) -> None:
        """Open, read and close the source: the thread's whole life."""
        try:
            with self._source:
                with self._news:
                    self._opened = True
                    self._news.notify_all()
                while not self._closing and (frame := self._source.read()) is not None:
                    self._put(frame)
        except Exception as fault:  # whatever it is, the reader's thread raises it
            self._fault = fault
        finally:
            with self._news:
                self._ended = True
                self._news.notify_all()

    def _put(self, frame: Frame) -> None:
        with self._news:
            if not self._source.live:
                self._news.wait_for(lambda: self._frame is None or self._closing)
            elif self._frame is not None:
                self._overtaken += 1
            self._frame = frame
            self._news.notify_all()
