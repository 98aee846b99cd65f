"""What the terminal shows, as lines of text: pure functions of the moments to show and the room there is."""

import time
from collections.abc import Sequence

from edge.errors import columns_of, printable
from edge.live.picture import GOOD
from edge.live.visits import ARRIVED, VISIT
from edge.outputs import LIVE, Moment

_COLOURS = (36, 33, 35, 32, 34, 31)  # cyan, yellow, magenta ...: by the label's place in the model
_GREY = 90  # what is no label of the model, and what is none of now
_LEAST_COLUMNS = 10  # for a bar with a name and a share
_DATED_COLUMNS = 40  # for a text and the time of day
BLOCKS = " ▏▎▍▌▋▊▉█"


def pad(text: str, columns: int) -> str:
    """Return a text in exactly so many columns: cut, or filled up with spaces."""
    while columns_of(text) > columns:
        text = text[:-1]
    return text + " " * (columns - columns_of(text))


def bar(share: float, columns: int, fine: bool) -> str:
    """Return a bar of `share` (0..1) of so many columns; `fine`: in eighths of one, else in "#"."""
    eighths = round(min(max(share, 0.0), 1.0) * columns * 8)
    if not fine:
        return ("#" * round(eighths / 8)).ljust(columns)
    return (BLOCKS[8] * (eighths // 8) + (BLOCKS[eighths % 8] if eighths % 8 else "")).ljust(columns)


def render(moments: Sequence[Moment], columns: int, rows: int, colour: bool, fine: bool) -> list[str]:
    """Return the lines of the view, each at most `columns` wide, at most `rows`.

    Args:
        moments: the newest one of each source. Of one source all is shown: verdict, bars, state; of several a line.
        columns, rows: the room there is.
        colour: with escape sequences for colour.
        fine: with characters beyond ASCII.
    """
    if len(moments) == 1:
        return _whole(moments[0], columns, rows, colour, fine)
    lines = [_line(moment, columns, colour) for moment in moments][: max(rows - 2, 1)]
    return [*lines, pad("Ctrl-C ends", columns)][: max(rows - 1, 1)]


def _whole(moment: Moment, columns: int, rows: int, colour: bool, fine: bool) -> list[str]:
    answer, tint = moment.verdict, _tint(moment)
    labels = list(answer.probabilities) if columns >= _LEAST_COLUMNS else []
    said = pad(verdict(moment), columns)
    lines = [f"\x1b[1;{tint}m{said}\x1b[0m" if colour else said]
    room = max(rows - 3, 0)
    if len(labels) > room:  # too many for the screen: the likeliest, in the model's order
        likeliest = sorted(labels, key=lambda label: -answer.probabilities[label])[:room]
        labels = [label for label in labels if label in likeliest]
    names = [printable(label) for label in labels]
    name_columns = min(max(map(columns_of, names), default=0), columns // 3)
    for name, label in zip(names, labels, strict=True):
        share = answer.probabilities[label]
        drawn = bar(share, columns - name_columns - 6, fine)
        if colour and label == answer.label:
            drawn = f"\x1b[{tint}m{drawn}\x1b[0m"
        lines.append(f"{pad(name, name_columns)} {drawn} {share:>4.0%}")
    return [*lines, pad(state(moment, columns), columns)][: max(rows - 1, 1)]


def _line(moment: Moment, columns: int, colour: bool) -> str:
    """Return one of several sources: its name, the verdict, and as much of its state as there is room for."""
    name_columns, verdict_columns = max(columns // 4, 6), max(columns // 4, 10)
    name = pad(printable(moment.frame.source), name_columns)
    said = pad(verdict(moment), min(verdict_columns, columns - name_columns - 1))
    rest = columns - columns_of(name) - columns_of(said) - 3
    if rest < 0:
        line = pad(f"{name} {said}", columns)
        return f"\x1b[{_tint(moment)}m{line}\x1b[0m" if colour else line
    tinted = f"\x1b[1;{_tint(moment)}m{said}\x1b[0m" if colour else said
    return f"{name} {tinted}  {pad(state(moment, rest, named=True), rest)}"


def _tint(moment: Moment) -> int:
    labels = list(moment.verdict.probabilities)
    if moment.state != LIVE or moment.verdict.label not in labels:
        return _GREY
    return _COLOURS[labels.index(moment.verdict.label) % len(_COLOURS)]


def verdict(moment: Moment) -> str:
    """Return the verdict with its probability, and what keeps it from being one of now."""
    if not moment.frame.number:
        return moment.state
    said = f"{printable(moment.verdict.label)} {moment.verdict.probability:.0%}"
    if moment.state == LIVE:
        return said
    return f"{moment.state}: {said}, {moment.age_ms / 1000:.0f} s ago"


def state(moment: Moment, columns: int, named: bool = False) -> str:
    """Return as much of the state as `columns` take, the most telling first; `named`: who it is stands elsewhere."""
    parts = [] if moment.picture == GOOD else [f"{moment.picture} picture"]
    if moment.frame.number:
        parts += [f"{moment.rate:.1f}/s"] if moment.rate else []
        parts.append(f"{moment.answer.latency_ms:.1f} ms")
    if moment.dropped:
        parts.append(f"{moment.dropped} dropped")
    if not named:
        parts += [printable(moment.frame.source), "Ctrl-C ends"]
    line = ""
    for part in parts:
        longer = f"{line}  {part}" if line else part
        if line and columns_of(longer) > columns:
            break
        line = longer
    return line


def happened(moment: Moment, named: bool = False) -> list[str]:
    """Return a text for each event worth one: who arrived, and who was there for how long. `named`: with the source."""
    where = f", {printable(moment.frame.source)}" if named else ""
    lines = []
    for event in moment.events:
        label = printable(event.visit.label)
        if event.kind == ARRIVED:
            lines.append(f"{label} arrived{where}")
        elif event.kind == VISIT:
            lines.append(f"{label} was there for {event.duration_s:.1f} s{where}")
    return lines


def dated(moment: Moment, text: str, columns: int) -> str:
    """Return a text in at most so many columns: after the time of day, where there is room for both."""
    at = time.strftime("%H:%M:%S", time.localtime(moment.time_s))
    return pad(f"{at}  {text}" if columns >= _DATED_COLUMNS else text, columns).rstrip()
