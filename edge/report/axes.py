"""Axes for the plots: nice ticks, linear or logarithmic scales, and the grid behind the data, as SVG.

All plots share one width in SVG units, so that their letters have one size on a page.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edge.errors import columns_of
from edge.report.markup import Markup, join, number, tag

WIDTH = 420.0  # units of every figure; the page shows it at up to 544 pixels, a phone at about 340
LETTER = 6.6  # mean width of a letter at the figures' 12 units
COLOURS = 8  # series colours c0..c7 in the page's style sheet


class Axis(NamedTuple):
    """A scale from `low` to `high` with `ticks` between, labelled by the format specification `form`."""

    low: float
    high: float
    ticks: tuple[float, ...]
    form: str = ""
    log: bool = False

    def share(self, value: float) -> float:
        """Return where `value` lies, 0 at the low end to 1 at the high end; values outside are held at the end."""
        low, high, at = (math.log(v) if self.log else v for v in (self.low, self.high, max(value, self.low)))
        return min(1.0, (at - low) / (high - low))

    def labels(self) -> list[str]:
        return [number(tick, self.form) for tick in self.ticks]


def linear(values: Sequence[float]) -> Axis:
    """Return an axis that holds all values, rounded outwards to ticks."""
    least, most = min(values, default=0.0), max(values, default=1.0)
    if most - least <= 1e-9 * max(abs(most), abs(least), 1e-2):  # one value, or as good as one
        least, most = least - 0.5, least + 0.5
    step = _nice((most - least) / 4)
    first, last = math.floor(least / step + 1e-9), math.ceil(most / step - 1e-9)
    ticks = tuple(round(i * step, 12) for i in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], ticks)


def _nice(step: float) -> float:
    """Return the 1, 2 or 5 times a power of ten that is next to `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    nice = min((1.0, 2.0, 5.0, 10.0), key=lambda nice: abs(math.log(nice * power / step)))
    return nice * power


def logarithmic(values: Iterable[float]) -> Axis:
    """Return a logarithmic axis that holds all positive `values`, with ticks at 1, 2 and 5 of each decade."""
    positive = [value for value in values if value > 0] or [1.0]
    low, high = min(positive) / 1.15, max(positive) * 1.15
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    mantissas = (1, 2, 5) if high / low < 1000 else (1,)
    ticks = tuple(m * 10.0**d for d in decades for m in mantissas if low <= m * 10.0**d <= high)
    return Axis(low, high, ticks or (positive[0],), log=True)


class Frame(NamedTuple):
    """The rectangle of a plot, in SVG units, and its two axes."""

    left: float
    top: float
    width: float
    height: float
    x: Axis
    y: Axis

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self.left + self.width * self.x.share(x), self.top + self.height * (1 - self.y.share(y))

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        return "M" + "L".join("{:.1f} {:.1f}".format(*self.at(x, y)) for x, y in points)


def frame(x: Axis, y: Axis, top: float = 24) -> Frame:
    """Return a plot's rectangle that leaves room on its left for the labels of `y`."""
    left = 12 + LETTER * max(columns_of(label) for label in y.labels())
    return Frame(left, top, WIDTH - left - 16, 220, x, y)


def grid(box: Frame, x_label: str, y_label: str) -> Markup:
    """Return the lines at the ticks, their labels and the names of the axes."""
    bottom, right = box.top + box.height, box.left + box.width
    parts = []
    for tick, label in zip(box.y.ticks, box.y.labels(), strict=True):
        y = box.at(box.x.low, tick)[1]
        parts.append(tag("line", class_="grid", x1=box.left, x2=right, y1=y, y2=y))
        parts.append(tag("text", label, x=box.left - 6, y=y + 4, text_anchor="end"))
    for tick, label in _apart(box):
        x = box.at(tick, box.y.low)[0]
        parts.append(tag("line", class_="tick", x1=x, x2=x, y1=bottom, y2=bottom + 4))
        parts.append(tag("text", label, x=x, y=bottom + 17, text_anchor="middle"))
    parts.append(tag("line", class_="axis", x1=box.left, x2=right, y1=bottom, y2=bottom))
    parts.append(tag("text", y_label, class_="name", x=box.left, y=box.top - 10))
    parts.append(tag("text", x_label, class_="name", x=right, y=bottom + 34, text_anchor="end"))
    return join(*parts)


def _apart(box: Frame) -> list[tuple[float, str]]:
    shown: list[tuple[float, str]] = []
    free = -math.inf
    for tick, label in zip(box.x.ticks, box.x.labels(), strict=True):
        middle, half = box.at(tick, box.y.low)[0], LETTER * columns_of(label) / 2 + 3
        if middle - half >= free:
            shown.append((tick, label))
            free = middle + half
    return shown


def legend(names: Sequence[str]) -> tuple[Markup, float]:
    """Return coloured marks with names, set in as many rows as they need, and the height of these rows."""
    parts, x, y = [], 8.0, 16.0
    for i, name in enumerate(names):
        width = 26 + LETTER * columns_of(name)
        if x + width > WIDTH and x > 8:
            x, y = 8.0, y + 18
        parts.append(tag("rect", class_=f"f{i % COLOURS}", x=x, y=y - 9, width=10, height=10, rx=2))
        parts.append(tag("text", name, x=x + 15, y=y))
        x += width
    return join(*parts), y + 4


def svg(height: float, title: str, *parts: Markup) -> Markup:
    """Return a figure of the common width; `title` is what a screen reader says."""
    box = f"0 0 {WIDTH:.0f} {height:.0f}"
    return tag("svg", tag("title", title), *parts, viewBox=box, role="img", xmlns="http://www.w3.org/2000/svg")
