"""Single keys from the terminal that this program was started in, without Enter; Ctrl-C and Ctrl-Z work as ever.

The terminal is given back as it was at every end that Python hears of, and while the program is stopped. A program in
the background neither reads keys nor touches the terminal: the system would stop it for that.
"""

import atexit
import codecs
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Self

try:
    import termios
except ImportError:  # Windows
    termios = None  # type: ignore[assignment]


def is_there() -> bool:
    """True where somebody can press keys at what he sees: both ends of this program are a terminal."""
    ends = (sys.stdin, sys.stdout)
    return termios is not None and all(end is not None and end.isatty() for end in ends)


class Keyboard:
    """The keys of the terminal; use it in a `with` block, entered in the main thread."""

    def __init__(self) -> None:
        self._terminal = 0  # standard input
        self._mine = threading.RLock()  # held while the terminal's mode is changed; a signal may come in between
        self._before: list[Any] | None = None  # its mode, while it has ours
        self._stopping = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def __enter__(self) -> Self:
        atexit.register(self._give_back)
        self._on_stop = signal.getsignal(signal.SIGTSTP)
        if self._on_stop is signal.SIG_DFL:
            signal.signal(signal.SIGTSTP, self._stop)
        self._take()
        return self

    def __exit__(self, *_: object) -> None:
        self._give_back()
        if signal.getsignal(signal.SIGTSTP) == self._stop:
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        atexit.unregister(self._give_back)

    def read(self, timeout_s: float) -> str:
        """Return the characters of the keys that were pressed; "" where none was in time.

        Raises:
            EOFError: the terminal is gone.
        """
        self._take()  # after the program was stopped, or was in the background
        if not self._is_typed(timeout_s) or not self._is_ours():
            return ""
        if not self._is_typed(0):  # it was "fg", which the shell has read by now: to read would wait for an Enter
            return ""
        try:
            typed = os.read(self._terminal, 64)
        except OSError:
            raise EOFError from None
        if not typed:
            raise EOFError
        return self._decoder.decode(typed)

    def _is_typed(self, timeout_s: float) -> bool:
        return bool(select.select([self._terminal], [], [], timeout_s)[0])

    @contextmanager
    def lines(self) -> Iterator[None]:
        """Have whole lines be typed, seen, while the block runs."""
        self._give_back()
        try:
            yield
        finally:
            self._stopping = False
            self._take()

    def _take(self) -> None:
        with self._mine, suppress(termios.error):  # a terminal that is gone: `read` says so
            if self._before is not None or self._stopping or not self._is_ours():
                return
            before = termios.tcgetattr(self._terminal)
            mode = [*before[:3], before[3] & ~(termios.ICANON | termios.ECHO), *before[4:6], list(before[6])]
            mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
            # At once: to wait for what is still to be shown could take for ever.
            termios.tcsetattr(self._terminal, termios.TCSANOW, mode)
            self._before = before

    def _give_back(self) -> None:
        with self._mine, suppress(termios.error):
            self._stopping = True  # so that a thread that reads does not take it again at once
            if self._before is not None and self._is_ours():
                termios.tcsetattr(self._terminal, termios.TCSANOW, self._before)
            self._before = None

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        """Ctrl-Z: stop as any program does, with the terminal as it was; `fg` goes on here."""
        self._give_back()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._stop)
        self._stopping = False

    def _is_ours(self) -> bool:
        """True in the foreground, and where the terminal controls no jobs."""
        try:
            return os.tcgetpgrp(self._terminal) == os.getpgrp()
        except OSError:
            return True
