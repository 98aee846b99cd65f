"""A live view in the terminal: the verdict, a bar per label and how the run is doing, redrawn in place."""

import os
import sys
import time
from collections.abc import Sequence
from typing import TextIO

from edge.errors import printable
from edge.live.picture import GOOD
from edge.outputs import LIVE, Moment, Output

_PERIOD_S = 0.08  # between two drawings: faster than the eye follows, slow enough for a serial console
_PLAIN_PERIOD_S = 1.0  # where lines cannot be redrawn
_COLOURS = (36, 33, 35, 32, 34, 31)  # cyan, yellow, magenta ...: by the label's place in the model
_GREY = 90  # what is no label of the model, and what is none of now
_BLOCKS = " ▏▎▍▌▋▊▉█"


def width_of(text: str) -> int:
    """Return how many columns a text takes: 2 for each East Asian wide character, 0 for combining ones."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, columns: int) -> str:
    """Return a text in exactly so many columns: cut, or filled up with spaces."""
    while width_of(text) > columns:
        text = text[:-1]
    return text + " " * (columns - width_of(text))


def bar(share: float, columns: int, fine: bool) -> str:
    """Return a bar of `share` (0..1) of so many columns; `fine`: in eighths of one, else in "#"."""
    eighths = round(min(max(share, 0.0), 1.0) * columns * 8)
    if not fine:
        return ("#" * round(eighths / 8)).ljust(columns)
    return (_BLOCKS[8] * (eighths // 8) + (_BLOCKS[eighths % 8] if eighths % 8 else "")).ljust(columns)


def render(moment: Moment, columns: int, rows: int, colour: bool, fine: bool) -> list[str]:
    """Return the lines of the view, each at most `columns` wide, at most `rows`: verdict, bars, state."""
    answer = moment.verdict
    labels = list(answer.probabilities)
    current = moment.state == LIVE and answer.label in labels
    tint = _COLOURS[labels.index(answer.label) % len(_COLOURS)] if current else _GREY
    verdict = pad(_verdict(moment), columns)
    lines = [f"\x1b[1;{tint}m{verdict}\x1b[0m" if colour else verdict]
    room = max(rows - 3, 0)
    if len(labels) > room:  # too many for the screen: the likeliest, in the model's order
        likeliest = sorted(labels, key=lambda label: -answer.probabilities[label])[:room]
        labels = [label for label in labels if label in likeliest]
    names = [printable(label) for label in labels]
    name_columns = min(max(map(width_of, names), default=0), columns // 3)
    for name, label in zip(names, labels, strict=True):
        share = answer.probabilities[label]
        drawn = bar(share, columns - name_columns - 6, fine)
        if colour and label == answer.label:
            drawn = f"\x1b[{tint}m{drawn}\x1b[0m"
        lines.append(f"{pad(name, name_columns)} {drawn} {share:>4.0%}")
    return [*lines, pad(_state(moment, columns), columns)][: max(rows - 1, 1)]


def _verdict(moment: Moment) -> str:
    """Return the verdict with its probability, and what keeps it from being one of now."""
    verdict = f"{printable(moment.verdict.label)} {moment.verdict.probability:.0%}"
    if moment.state == LIVE:
        return verdict
    return f"{moment.state}: {verdict}, {moment.age_ms / 1000:.0f} s ago"


def _state(moment: Moment, columns: int) -> str:
    """Return as much of the state as one line takes, the most telling first."""
    parts = [] if moment.picture == GOOD else [f"{moment.picture} picture"]
    parts += [f"{moment.rate:.1f}/s", f"{moment.answer.latency_ms:.1f} ms"]
    if moment.dropped:
        parts.append(f"{moment.dropped} dropped")
    parts += [moment.frame.source, "Ctrl-C ends"]
    line = parts[0]
    for part in parts[1:]:
        if width_of(line) + 2 + width_of(part) > columns:
            break
        line += "  " + part
    return line


class Terminal(Output):
    """The live view.

    Args:
        stream: a terminal; standard output unless given.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._plain = os.environ.get("TERM", "dumb") == "dumb"
        self._colour = not self._plain and not os.environ.get("NO_COLOR")
        self._fine = _can_encode(_BLOCKS, self._stream.encoding)
        self._drawn: list[int] = []  # width of each line on the screen
        self._due_s = 0.0
        self._latest: Moment | None = None

    def write(self, moment: Moment) -> None:
        """Draw, unless it was done just now."""
        self._latest = moment
        now_s = time.monotonic()
        if now_s >= self._due_s:
            self._draw()
            self._due_s = now_s + (_PLAIN_PERIOD_S if self._plain else _PERIOD_S)

    def _draw(self) -> None:
        if self._latest is None:
            return
        moment, self._latest = self._latest, None
        columns, rows = _size(self._stream)
        if self._plain:
            line = f"{_verdict(moment)}  {_state(moment, columns)}"
            self._write(pad(line, columns - 1).rstrip() + "\n")
            return
        # One column stays free: a full line makes some terminals wrap, and then the view would climb.
        lines = render(moment, max(columns - 1, 10), rows, self._colour, self._fine)
        # One write, no erasing before drawing: nothing flickers. The cursor is hidden while it travels.
        self._write(f"\x1b[?25l{self._home(columns)}" + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[?25h")
        self._drawn = [columns - 1] * len(lines)

    def _home(self, columns: int) -> str:
        """Return what brings the cursor to the view's first line; after the window was narrowed, lines have wrapped."""
        climb = sum(-(-width // max(columns, 1)) for width in self._drawn)
        shrunk = any(width > columns for width in self._drawn)
        return (f"\x1b[{climb}A\r" if climb else "") + ("\x1b[J" if shrunk else "")

    def aside(self) -> None:
        """Leave the view where it is, so that something else can be printed below it."""
        self._drawn = []

    def close(self) -> None:
        """Draw what came last."""
        self._draw()

    def _write(self, text: str) -> None:
        # A surrogate or a letter outside the terminal's alphabet must not end the run.
        encoding = self._stream.encoding or "ascii"
        self._stream.write(text.encode(encoding, "replace").decode(encoding))
        self._stream.flush()


def _can_encode(text: Sequence[str] | str, encoding: str | None) -> bool:
    try:
        "".join(text).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _size(stream: TextIO) -> tuple[int, int]:
    """Return columns and rows of a terminal; 80 x 24 where it does not tell."""
    try:
        columns, rows = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return 80, 24
    return columns or 80, rows or 24
