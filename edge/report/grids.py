"""Sections on a grid: confusion matrices and other heat maps, reliability diagrams."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from edge.errors import columns_of
from edge.report.axes import LETTER, WIDTH, Frame, frame, grid, linear, svg
from edge.report.markup import Markup, join, number, tag
from edge.report.words import Table, note


class Matrix(NamedTuple):
    """A heat map; with counts and `by_row`, a confusion matrix.

    Attributes:
        rows, columns: their names.
        values: one list for each row; NaN is an empty cell.
        row_title, column_title: what rows and columns are, e.g. "truth", "answer".
        by_row: shade by the share of the row's sum instead of the largest value.
        caption: what it shows.
    """

    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float]]
    row_title: str = ""
    column_title: str = ""
    by_row: bool = False
    caption: str = ""

    def _shades(self) -> list[list[float]]:
        """Return how dark each cell is, 0..1."""
        finite = [[abs(v) if math.isfinite(v) else 0.0 for v in row] for row in self.values]
        most = max((v for row in finite for v in row), default=0.0)
        return [[v / (sum(row) if self.by_row else most) if v else 0.0 for v in row] for row in finite]

    def svg(self) -> Markup:
        """Return the figure."""
        left = min(170.0, 16 + LETTER * max((columns_of(n) for n in (*self.rows, self.row_title)), default=0))
        longest = LETTER * max((columns_of(n) for n in self.columns), default=0)
        wide = (WIDTH - left - 8) / max(1, len(self.columns))
        # Names that are wider than their column are turned, and the last one needs room on its right.
        turned = longest > wide - 6
        if turned:
            wide = (WIDTH - left - 0.6 * longest) / max(1, len(self.columns))
        top = 46 + (longest * 0.75 if turned else 0)
        tall = min(wide, 44.0)
        parts = [
            tag("text", self.column_title, class_="name", x=left, y=14),
            tag("text", self.row_title, class_="name", x=left - 8, y=top - 8, text_anchor="end"),
            *(_column(n, left + wide * (i + 0.5), top - 8, turned) for i, n in enumerate(self.columns)),
        ]
        for j, (name, shades) in enumerate(zip(self.rows, self._shades(), strict=True)):
            y = top + tall * j
            parts.append(tag("text", name, x=left - 8, y=y + tall / 2 + 4, text_anchor="end"))
            parts.extend(self._cell(j, i, shade, left + wide * i, y, wide, tall) for i, shade in enumerate(shades))
        return svg(top + tall * len(self.rows) + 8, self.caption or "Matrix", *parts)

    def _cell(self, j: int, i: int, shade: float, x: float, y: float, wide: float, tall: float) -> Markup:
        value = self.values[j][i]
        words = number(value) if math.isfinite(value) else ""
        said = tag("title", f"{self.rows[j]} / {self.columns[i]}: {words}")
        size = {"x": x + 1, "y": y + 1, "width": wide - 2, "height": tall - 2, "rx": 3}
        back = tag("rect", class_="cell", **size)
        front = tag("rect", said, class_="f0", fill_opacity=f"{0.92 * shade:.3f}", **size)
        fits = LETTER * len(words) < wide
        where = {"x": x + wide / 2, "y": y + tall / 2 + 4, "text_anchor": "middle"}
        return join(back, front, tag("text", words, class_="on" if shade > 0.5 else "off", **where) if fits else "")

    def html(self) -> Markup:
        """Return it as HTML."""
        return tag("figure", self.svg(), note(self.caption))

    def text(self, width: int) -> str:
        """Return it as terminal text."""
        corner = " \\ ".join(filter(None, (self.row_title, self.column_title)))
        rows = [[name, *row] for name, row in zip(self.rows, self.values, strict=True)]
        return Table([corner, *self.columns], rows, caption=self.caption).text(width)


def _column(name: str, x: float, y: float, turned: bool) -> Markup:
    if turned:
        return tag("text", name, x=x, y=y, transform=f"rotate(-45 {x:.1f} {y:.1f})")
    return tag("text", name, x=x, y=y, text_anchor="middle")


class Bin(NamedTuple):
    """Answers whose confidence lies between `low` and `high`: how many, how sure, how often right (each 0..1)."""

    low: float
    high: float
    answers: int
    confidence: float
    accuracy: float


class Reliability(NamedTuple):
    """A reliability diagram: how often answers of a stated confidence are right (Guo et al. 2017, arXiv:1706.04599).

    Bars below the dashed diagonal are overconfident. The marks beneath show how many answers each bin holds.
    """

    bins: Sequence[Bin]
    caption: str = ""

    def svg(self) -> Markup:
        """Return the figure."""
        unit = linear([], ".0%", 0.0, 1.0)
        box = frame(unit, unit)
        filled = [b for b in self.bins if b.answers]
        diagonal = tag("path", class_="front", d=box.path([(0, 0), (1, 1)]))
        parts = [grid(box, "confidence", "share that is right"), *(_bar(box, b) for b in filled), diagonal]
        most = max((b.answers for b in filled), default=1)
        top = box.top + box.height + 44
        parts.extend(_count(box, b, top, 40 * math.sqrt(b.answers / most)) for b in filled)
        parts.append(tag("text", "answers (root scale)", class_="name", x=box.left, y=top + 54))
        return svg(top + 62, self.caption or "Reliability diagram", *parts)

    def html(self) -> Markup:
        """Return it as HTML."""
        return tag("figure", self.svg(), note(self.caption))

    def text(self, width: int) -> str:
        """Return it as terminal text."""
        columns = ["confidence", "answers", "mean confidence", "right"]
        rows = [[f"{b.low:.0%} to {b.high:.0%}", b.answers, b.confidence, b.accuracy] for b in self.bins if b.answers]
        return Table(columns, rows, dict.fromkeys(columns[2:], ".1%"), self.caption).text(width)


def _bar(box: Frame, b: Bin) -> Markup:
    left, top = box.at(b.low, b.accuracy)
    right, bottom = box.at(b.high, 0)
    said = tag("title", f"{b.answers} answers, {b.confidence:.1%} sure, {b.accuracy:.1%} right")
    return tag("rect", said, class_="f0", x=left + 1, y=top, width=right - left - 2, height=bottom - top)


def _count(box: Frame, b: Bin, top: float, height: float) -> Markup:
    left, right = box.at(b.low, 0)[0], box.at(b.high, 0)[0]
    return tag("rect", class_="quiet", x=left + 1, y=top + 40 - height, width=right - left - 2, height=height)
