"""A live view in the terminal: verdict, bars and how the run is doing, redrawn in place; what happens scrolls by above.

Where lines cannot be redrawn (TERM=dumb), there is a line when something changes, and one a minute; with --quiet, only
when something changes.
"""

import os
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from edge.capture.source import Source
from edge.errors import can_show
from edge.outputs import EndedError, Moment, Output, nothing_yet
from edge.outputs.aside import Aside, Wish
from edge.outputs.stream import put
from edge.outputs.view import BLOCKS, dated, happened, render, state, verdict

_PERIOD_S = 0.08  # between two drawings: faster than the eye follows, slow enough for a serial console
_PLAIN_PERIOD_S = 1.0  # between two looks at whether there is a line to print
_PLAIN_REPEAT_S = 60.0  # after which a line is printed although nothing has changed
_PLAIN_COLUMNS = 200  # of a line that is cut to the terminal's width later


def make(options: Namespace) -> Output:
    """Return the live view on standard output."""
    view = Terminal(quiet=options.quiet)
    return Aside(view, "the terminal", Wish.NEWEST, period_s=_PLAIN_PERIOD_S if view.plain else _PERIOD_S)


class Terminal(Output):
    """The live view, drawn by `flush`; quiet: no view, but a line when something changes."""

    def __init__(self, stream: TextIO | None = None, quiet: bool = False) -> None:
        self._stream = stream or sys.stdout
        self._quiet, self._due_s = quiet, 0.0
        self.plain = quiet or os.environ.get("TERM", "dumb") == "dumb"
        self._colour = not self.plain and not os.environ.get("NO_COLOR")
        self._fine = can_show(BLOCKS, self._stream.encoding)
        self._mine = threading.Lock()  # held while something is drawn or printed
        self._drawn: list[int] = []  # width of each line on the screen
        self._moments: list[Moment] = []  # the newest of each source
        self._news: list[tuple[Moment, str]] = []  # what is to scroll by
        self._fresh = False

    def open(self, sources: Sequence[Source]) -> None:
        self._moments = [nothing_yet(source.name, stream) for stream, source in enumerate(sources)]

    def write(self, moment: Moment) -> None:
        named = len(self._moments) > 1
        before, self._moments[moment.stream], self._fresh = self._moments[moment.stream], moment, True
        if self.plain and self._is_worth_a_line(before, moment):
            self._news.append((moment, f"{verdict(moment)}  {state(moment, _PLAIN_COLUMNS)}"))
        self._news += [(moment, text) for text in happened(moment, named)]

    def _is_worth_a_line(self, before: Moment, after: Moment) -> bool:
        """True where two moments are not the same in words, and from time to time unless it is to be quiet."""
        now_s = time.monotonic()
        if _words(before) == _words(after) and (self._quiet or now_s < self._due_s):
            return False
        self._due_s = now_s + _PLAIN_REPEAT_S
        return True

    def flush(self) -> None:
        if not self._fresh:
            return
        columns, rows = _size(self._stream)
        # One column stays free: a full line makes some terminals wrap, and then the view would climb.
        room = max(columns - 1, 1)
        news, self._news, self._fresh = [dated(*one, room) for one in self._news], [], False
        with self._mine:
            if self.plain:
                if news:
                    self._put("".join(f"{line}\n" for line in news))
                return
            lines = render(self._moments, room, rows, self._colour, self._fine)
            # One write, no erasing before drawing: nothing flickers. The cursor is hidden while it travels.
            drawn = "".join(f"{line}\x1b[K\n" for line in news + lines)
            self._put(f"\x1b[?25l{self._home(columns)}{drawn}\x1b[?25h")
            self._drawn = [room] * len(lines)

    def _home(self, columns: int) -> str:
        """Return what brings the cursor to the view's first line; after the window was narrowed, lines have wrapped."""
        climb = sum(-(-width // max(columns, 1)) for width in self._drawn)
        shrunk = any(width > columns for width in self._drawn)
        return (f"\x1b[{climb}A\r" if climb else "") + ("\x1b[J" if shrunk else "")

    @contextmanager
    def room(self) -> Iterator[None]:
        """Leave the view where it is, so that something else can be printed below it."""
        with self._mine:
            self._drawn = []
            yield

    def close(self) -> None:
        self.flush()

    def _put(self, text: str) -> None:
        try:
            put(self._stream, text)
        except OSError as fault:
            raise EndedError("the terminal", f"is gone ({fault.strerror})", "Start it again in another") from None


def _words(moment: Moment) -> tuple[str, str, str]:
    return moment.verdict.label, moment.state, moment.picture


def _size(stream: TextIO) -> tuple[int, int]:
    """Return columns and rows of a terminal; 80 x 24 where it does not tell."""
    try:
        columns, rows = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return 80, 24
    return columns or 80, rows or 24
