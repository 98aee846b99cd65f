"""The page around the sections: style sheet, table of contents, light and dark; and the same for a terminal."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from edge.errors import printable
from edge.files import write_atomically
from edge.report.markup import Markup, join, tag
from edge.report.style import STYLE
from edge.report.words import Heading, anchor

# The browser itself holds the promise that a report asks nobody for anything and runs no code.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


class Section(Protocol):
    """What every section can do."""

    def html(self) -> Markup:
        """Return it as HTML."""

    def text(self, width: int) -> str:
        """Return it as text for a terminal of `width` columns."""


class Figure(Protocol):
    """A section that is one SVG figure."""

    def svg(self) -> Markup:
        """Return the figure."""


class Details(NamedTuple):
    """Sections that the reader unfolds by a click; a terminal leaves them out and says so."""

    title: str
    sections: Sequence[Section]

    def html(self) -> Markup:
        return tag("details", tag("summary", self.title), *(section.html() for section in self.sections))

    def text(self, width: int) -> str:  # noqa: ARG002 - one line
        return f"{printable(self.title)}: see the HTML or JSON report"


def as_html(title: str, sections: Sequence[Section], subtitle: str = "") -> bytes:
    """Return one self-contained HTML page: no script, no request to anywhere.

    The subtitle is a line under the title: when, on what, by which command.
    """
    head = tag(
        "head",
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><meta name="color-scheme" '),
        Markup('content="light dark">'),
        tag("title", title),
        tag("style", Markup(STYLE)),
    )
    top = tag("header", tag("h1", title), tag("p", subtitle) if subtitle else "", _contents(sections))
    body = tag("body", tag("main", top, *(section.html() for section in sections)))
    return ("<!doctype html>\n" + tag("html", head, body, lang="en")).encode()


def _contents(sections: Sequence[Section]) -> Markup:
    """Return links to the headings of level 2, where there are enough to need them."""
    titles = [s.title for s in sections if isinstance(s, Heading) and s.level == 2]
    if len(titles) < 3:
        return join()
    return tag("nav", *(tag("a", title, href=f"#{anchor(title)}") for title in titles))


def as_text(title: str, sections: Sequence[Section], width: int = 80) -> str:
    """Return the report as text for a terminal of `width` columns, without a final newline."""
    return "\n\n".join(section.text(width) for section in (Heading(title), *sections))


def as_svg(figure: Figure) -> bytes:
    """Return one figure as an SVG file that carries its own colours, e.g. for a README."""
    drawing = figure.svg()
    style = tag("style", Markup(STYLE))
    return drawing.replace("<title>", f"{style}<title>", 1).encode()


def save(path: Path, title: str, sections: Sequence[Section], subtitle: str = "") -> None:
    """Write the HTML page to `path`; arguments are those of `as_html`.

    Raises:
        CatdogError: it cannot be written.
    """
    write_atomically(path, as_html(title, sections, subtitle))
