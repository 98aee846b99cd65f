"""Sections that plot: bars, points."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from edge.errors import columns_of, printable
from edge.report.axes import COLOURS, LETTER, WIDTH, Axis, Frame, frame, grid, legend, linear, logarithmic, svg
from edge.report.markup import Markup, join, number, pad, tag
from edge.report.words import Table, note


class Bars(NamedTuple):
    """Horizontal bars, one for each name."""

    values: Mapping[str, float]  # name -> length, >= 0
    form: str = ""  # format specification of the numbers
    caption: str = ""
    intervals: Mapping[str, tuple[float, float]] = {}  # name -> (low, high), e.g. of 95 %, drawn over the bar's end
    high: float | None = None  # the value of a full bar; the largest one where it is not given

    def _full(self) -> float:
        ends = [end for interval in self.intervals.values() for end in interval]
        return self.high or max((v for v in (*self.values.values(), *ends) if math.isfinite(v)), default=1.0) or 1.0

    def svg(self) -> Markup:
        left = min(180.0, 14 + LETTER * max((columns_of(name) for name in self.values), default=0))
        right = 16 + LETTER * max((columns_of(number(v, self.form)) for v in self.values.values()), default=0)
        scale = (WIDTH - left - right) / self._full()
        rows = (self._bar(name, left, 8 + 26.0 * i, scale) for i, name in enumerate(self.values))
        return svg(26 * len(self.values) + 12, self.caption or "Bar chart", *rows)

    def _bar(self, name: str, left: float, top: float, scale: float) -> Markup:
        value = self.values[name]
        length = scale * value if math.isfinite(value) else 0.0
        low, high = (scale * end for end in self.intervals.get(name, (value, value)))
        room = round((left - 14) / LETTER)
        shown = name if columns_of(name) <= room else name[: room - 1] + "…"
        return join(
            tag("text", shown, x=left - 8, y=top + 14, text_anchor="end"),
            tag("rect", class_="f0", x=left, y=top + 2, width=max(1.0, length), height=16, rx=2),
            tag("path", class_="whisker", d=f"M{left + low:.1f} {top + 10}H{left + high:.1f}") if high > low else "",
            tag("text", number(value, self.form), x=left + max(length, high if high > low else 0) + 6, y=top + 14),
        )

    def html(self) -> Markup:
        return tag("figure", self.svg(), note(self.caption))

    def text(self, width: int) -> str:
        names = {name: printable(name) for name in self.values}
        widest = max((columns_of(name) for name in names.values()), default=0)
        figures = {name: number(value, self.form) for name, value in self.values.items()}
        room = max(1, width - widest - max((len(f) for f in figures.values()), default=0) - 4)
        lines = [
            f"{pad(names[name], widest)}  {'█' * round(room * min(1.0, value / self._full()))} {figures[name]}"
            for name, value in self.values.items()
        ]
        return "\n".join([*([printable(self.caption)] if self.caption else []), *lines])


class Dot(NamedTuple):
    """A point of a scatter plot, with its name, the series that colours it, and a picture-in-words on hover."""

    x: float
    y: float
    name: str = ""
    series: str = ""


def _roomy(values: Sequence[float]) -> Axis:
    """Return a linear axis with a little room at both ends, so that no dot lies on the edge."""
    room = 0.06 * (max(values, default=0.0) - min(values, default=0.0))
    return linear([v + sign * room for v in values for sign in (-1, 1)])


def _touch(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """True when two boxes (left, top, right, bottom) overlap."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


class Scatter(NamedTuple):
    """Points over a logarithmic x axis, with their names; those of a front are joined by a dashed line."""

    dots: Sequence[Dot]
    x_label: str = ""
    y_label: str = ""
    caption: str = ""
    front: Sequence[tuple[float, float]] = ()

    def svg(self) -> Markup:
        names = list(dict.fromkeys(dot.series for dot in self.dots if dot.series))
        marks, used = legend(names) if names else (Markup(), 0.0)
        box = frame(logarithmic(dot.x for dot in self.dots), _roomy([dot.y for dot in self.dots]), top=24 + used)
        front = tag("path", class_="front", d=box.path(self.front)) if self.front else Markup()
        colours = {name: i % COLOURS for i, name in enumerate(names)}
        dots = (self._dot(box, dot, colours.get(dot.series, 0)) for dot in self.dots)
        parts = (marks, grid(box, self.x_label, self.y_label), front, *dots, *self._names(box))
        return svg(box.top + box.height + 42, self.caption or self.y_label, *parts)

    def _dot(self, box: Frame, dot: Dot, colour: int) -> Markup:
        x, y = box.at(dot.x, dot.y)
        said = tag("title", f"{dot.name} {number(dot.x)}, {number(dot.y)}")
        return tag("circle", said, class_=f"f{colour} dot", cx=x, cy=y, r=4.5)

    def _names(self, box: Frame) -> Iterator[Markup]:
        """Write each name beside its dot, on the first side where it covers no dot and no earlier name."""
        at = [box.at(dot.x, dot.y) for dot in self.dots]
        taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in at]
        for dot, (x, y) in zip(self.dots, at, strict=True):
            width = LETTER * columns_of(dot.name)
            middle = min(x - width / 2, WIDTH - width - 2)
            starts = ((x + 7, y + 4), (x - 7 - width, y + 4), (middle, y - 9), (middle, y + 17))
            boxes = [(left, base - 9, left + width, base + 2) for left, base in starts]
            free = [
                b for b in boxes if b[0] > box.left and b[2] < WIDTH and not any(_touch(b, other) for other in taken)
            ]
            chosen = (free or boxes)[0]
            taken.append(chosen)
            yield tag("text", dot.name, x=chosen[0], y=chosen[3] - 2) if dot.name else Markup()

    def html(self) -> Markup:
        return tag("figure", self.svg(), note(self.caption))

    def text(self, width: int) -> str:
        rows = [[" ".join(filter(None, (dot.series, dot.name))), dot.x, dot.y] for dot in self.dots]
        return Table(["name", self.x_label or "x", self.y_label or "y"], rows, caption=self.caption).text(width)
