"""Hear the user's wish to stop, at a moment when nothing is cut in half."""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Self, TypeVar

T = TypeVar("T")
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Stop:
    """Ctrl-C, a polite kill and a closed terminal, heard between frames or while waiting for one.

    An output is never cut in the middle of a line by the first one; a second one ends whatever blocks.
    """

    class Asked(Exception):  # noqa: N818 - no error
        """Raised in `while_waiting` when the user asks to stop."""

    def __init__(self) -> None:
        self.asked = self._waiting = False
        self._previous: dict[int, object] = {}

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup and shells with jobs mean it
                self._previous[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal returned

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        if self._waiting:
            raise self.Asked

    def while_waiting(self, work: Callable[[], T]) -> T:
        """Return what `work` returns; it may be left at any point when the user asks to stop."""
        self._waiting = True
        try:
            if self.asked:
                raise self.Asked
            return work()
        finally:
            self._waiting = False
