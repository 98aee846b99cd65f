"""Sections of words and figures: headings, paragraphs, tiles with key figures, tables."""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from edge.errors import columns_of, printable
from edge.report.markup import Markup, join, number, pad, tag


class Heading(NamedTuple):
    """A heading; those of level 2 make up the table of contents."""

    title: str
    level: int = 2

    def html(self) -> Markup:
        return tag(f"h{self.level}", self.title, id=anchor(self.title) if self.level == 2 else None)

    def text(self, width: int) -> str:
        return f"{printable(self.title)}\n{('=' if self.level == 2 else '-') * min(width, columns_of(self.title))}"


def anchor(title: str) -> str:
    """Return the id of the heading `title`."""
    return "".join(c if c.isalnum() else "-" for c in title.lower())


class Paragraph(NamedTuple):
    """A paragraph; `tone`, "good", "warn" or "bad", sets it in a coloured box."""

    words: str
    tone: str = ""

    def html(self) -> Markup:
        return tag("p", self.words, class_=f"box {self.tone}" if self.tone else None)

    def text(self, width: int) -> str:
        return textwrap.fill(" ".join(printable(line) for line in self.words.split("\n")), width)


class Tiles(NamedTuple):
    """Key figures: (figure, what it is) or (figure, what it is, tone), each on a tile of its own."""

    figures: Sequence[tuple[str, ...]]

    def html(self) -> Markup:
        tiles = (
            tag("div", tag("b", figure), tag("span", name), class_=" ".join(("tile", *tone)))
            for figure, name, *tone in self.figures
        )
        return tag("div", *tiles, class_="tiles")

    def text(self, width: int) -> str:
        widest = max((columns_of(figure[0]) for figure in self.figures), default=0)
        return "\n".join(f"{pad(printable(f[0]), widest, right=True)}  {printable(f[1])}"[:width] for f in self.figures)


class Table(NamedTuple):
    """A table. Numbers stand right-aligned; a float is shown by its column's format specification.

    Attributes:
        columns: the headings.
        rows: one value per column: text, numbers or None for an empty cell.
        formats: column heading -> format specification of its numbers, e.g. {"accuracy": ".1%"}.
        caption: what the table shows.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    formats: dict[str, str] = {}  # noqa: RUF012 - a NamedTuple default that nothing changes
    caption: str = ""

    def _cells(self, row: Sequence[object]) -> list[str]:
        return [self._cell(name, value) for name, value in zip(self.columns, row, strict=True)]

    def _cell(self, column: str, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return printable(value)
        return number(value, self.formats.get(column, ""))

    def _numeric(self) -> list[bool]:
        """Return for each column whether it holds numbers alone."""
        return [
            any(row[i] is not None for row in self.rows)
            and all(isinstance(row[i], int | float) for row in self.rows if row[i] is not None)
            for i in range(len(self.columns))
        ]

    def html(self) -> Markup:
        classes = ["number" if numeric else None for numeric in self._numeric()]
        head = (tag("th", name, class_=kind, scope="col") for name, kind in zip(self.columns, classes, strict=True))
        body = (
            tag("tr", *(tag("td", cell, class_=kind) for cell, kind in zip(self._cells(row), classes, strict=True)))
            for row in self.rows
        )
        caption = tag("caption", self.caption) if self.caption else ""
        table = tag("table", caption, tag("thead", tag("tr", *head)), tag("tbody", *body))
        return tag("div", table, class_="wide")

    def text(self, width: int) -> str:  # noqa: ARG002 - a table that is cut says less than one that wraps
        rows = [[printable(name) for name in self.columns], *(self._cells(row) for row in self.rows)]
        widths = [max(columns_of(row[i]) for row in rows) for i in range(len(self.columns))]
        right = self._numeric()
        lines = ["  ".join(pad(*column) for column in zip(row, widths, right, strict=True)).rstrip() for row in rows]
        rule = "  ".join("-" * column for column in widths)
        return "\n".join([*([printable(self.caption)] if self.caption else []), lines[0], rule, *lines[1:]])


def note(words: str) -> Markup:
    """Return the small print under a figure, or nothing for no words."""
    return tag("figcaption", words) if words else join()
