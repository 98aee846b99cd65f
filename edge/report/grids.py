"""Sections on a grid: confusion matrices, reliability diagrams."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from edge.errors import columns_of
from edge.report.axes import LETTER, WIDTH, Axis, Frame, frame, grid, svg
from edge.report.markup import Markup, join, number, tag
from edge.report.words import Table, note

_TRUTH, _ANSWER = "truth", "answer"


class Matrix(NamedTuple):
    """A confusion matrix, counts[truth][answer], shaded by the share of each row's sum."""

    labels: Sequence[str]
    counts: Sequence[Sequence[int]]
    caption: str = ""

    def svg(self) -> Markup:
        longest = LETTER * max((columns_of(name) for name in self.labels), default=0)
        left = min(170.0, 16 + max(longest, LETTER * len(_TRUTH)))
        wide = (WIDTH - left - 8) / max(1, len(self.labels))
        # Names that are wider than their column are turned, and the last one needs room on its right.
        turned = longest > wide - 6
        if turned:
            wide = (WIDTH - left - 0.6 * longest) / max(1, len(self.labels))
        top = 46 + (longest * 0.75 if turned else 0)
        tall = min(wide, 44.0)
        parts = [
            tag("text", _ANSWER, class_="name", x=left, y=14),
            tag("text", _TRUTH, class_="name", x=left - 8, y=top - 8, text_anchor="end"),
        ]
        for i, name in enumerate(self.labels):
            x = left + wide * (i + 0.5)
            turn = {"transform": f"rotate(-45 {x:.1f} {top - 8:.1f})"} if turned else {"text_anchor": "middle"}
            parts.append(tag("text", name, x=x, y=top - 8, **turn))
        for j, name in enumerate(self.labels):
            y = top + tall * j
            parts.append(tag("text", name, x=left - 8, y=y + tall / 2 + 4, text_anchor="end"))
            parts.extend(self._cell(j, i, left + wide * i, y, wide, tall) for i in range(len(self.labels)))
        return svg(top + tall * len(self.labels) + 8, self.caption or "Matrix", *parts)

    def _cell(self, j: int, i: int, x: float, y: float, wide: float, tall: float) -> Markup:
        count, words = self.counts[j][i], number(self.counts[j][i])
        shade = count / sum(self.counts[j]) if count else 0.0
        said = tag("title", f"{self.labels[j]} / {self.labels[i]}: {words}")
        size = {"x": x + 1, "y": y + 1, "width": wide - 2, "height": tall - 2, "rx": 3}
        back = tag("rect", class_="cell", **size)
        front = tag("rect", said, class_="f0", fill_opacity=f"{0.92 * shade:.3f}", **size)
        fits = LETTER * len(words) < wide
        where = {"x": x + wide / 2, "y": y + tall / 2 + 4, "text_anchor": "middle"}
        return join(back, front, tag("text", words, class_="on" if shade > 0.5 else "off", **where) if fits else "")

    def html(self) -> Markup:
        return tag("figure", self.svg(), note(self.caption))

    def text(self, width: int) -> str:
        rows = [[name, *row] for name, row in zip(self.labels, self.counts, strict=True)]
        return Table([f"{_TRUTH} \\ {_ANSWER}", *self.labels], rows, caption=self.caption).text(width)


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
        unit = Axis(0.0, 1.0, tuple(i / 5 for i in range(6)), ".0%")
        box = frame(unit, unit)
        diagonal = tag("path", class_="front", d=box.path([(0, 0), (1, 1)]))
        parts = [grid(box, "confidence", "share that is right"), *(_bar(box, b) for b in self.bins), diagonal]
        most = max((b.answers for b in self.bins), default=1)
        top = box.top + box.height + 44
        parts.extend(_count(box, b, top, 40 * math.sqrt(b.answers / most)) for b in self.bins)
        parts.append(tag("text", "answers (root scale)", class_="name", x=box.left, y=top + 54))
        return svg(top + 62, self.caption or "Reliability diagram", *parts)

    def html(self) -> Markup:
        return tag("figure", self.svg(), note(self.caption))

    def text(self, width: int) -> str:
        columns = ["confidence", "answers", "mean confidence", "right"]
        rows = [[f"{b.low:.0%} to {b.high:.0%}", b.answers, b.confidence, b.accuracy] for b in self.bins]
        return Table(columns, rows, dict.fromkeys(columns[2:], ".1%"), self.caption).text(width)


def _bar(box: Frame, b: Bin) -> Markup:
    left, top = box.at(b.low, b.accuracy)
    right, bottom = box.at(b.high, 0)
    said = tag("title", f"{b.answers} answers, {b.confidence:.1%} sure, {b.accuracy:.1%} right")
    return tag("rect", said, class_="f0", x=left + 1, y=top, width=right - left - 2, height=bottom - top)


def _count(box: Frame, b: Bin, top: float, height: float) -> Markup:
    left, right = box.at(b.low, 0)[0], box.at(b.high, 0)[0]
    return tag("rect", class_="quiet", x=left + 1, y=top + 40 - height, width=right - left - 2, height=height)
