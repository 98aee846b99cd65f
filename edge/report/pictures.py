"""Sections with photos: one large picture, or a gallery of thumbnails. They are embedded as JPEG in base64."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from edge.errors import CatdogError, printable
from edge.fit import Image
from edge.photo import as_jpeg, read_photo
from edge.report.markup import Markup, escape, join, tag
from edge.report.words import note

_LISTED = 10  # of a gallery, in a terminal


def thumbnail(image: Image, side: int = 160) -> bytes:
    """Return a picture uint8 (height, width, 3), BGR, as a JPEG no larger than `side` pixels either way: some 6 kB."""
    return as_jpeg(image, side)


class Picture(NamedTuple):
    """One picture: a JPEG or a photo's file, a caption, further lines in small print, a word in a coloured corner."""

    photo: bytes | Path
    caption: str
    details: Sequence[str] = ()
    badge: str = ""

    def html(self) -> Markup:
        jpeg = _thumbnail_of(self.photo) if isinstance(self.photo, Path) else self.photo
        source = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
        image = Markup(f'<img alt="{escape(self.caption)}" loading="lazy" src="{source}">')
        # An empty picture (a file that cannot be decoded) keeps its place and its words.
        shown = image if jpeg else tag("div", class_="missing")
        small = (tag("small", line) for line in self.details)
        corner = tag("span", self.badge, class_="badge") if self.badge else ""
        return tag("figure", shown, corner, tag("figcaption", tag("b", self.caption), *small))

    def text(self, width: int) -> str:  # noqa: ARG002 - a line that is cut loses the path
        badge = f"[{self.badge}] " if self.badge else ""
        return "  ".join(printable(line) for line in (badge + self.caption, *self.details))


def _thumbnail_of(path: Path) -> bytes:
    try:
        return thumbnail(read_photo(path))
    except CatdogError:  # it cannot be decoded, or has gone in the meantime
        return b""


class Gallery(NamedTuple):
    """Thumbnails side by side; `caption` says what they have in common."""

    pictures: Sequence[Picture]
    caption: str = ""

    def html(self) -> Markup:
        return join(note(self.caption), tag("div", *(p.html() for p in self.pictures), class_="gallery"))

    def text(self, width: int) -> str:
        lines = [f"  {picture.text(width)}" for picture in self.pictures[:_LISTED]]
        rest = len(self.pictures) - len(lines)
        more = [f"  ... and {rest} more"] if rest > 0 else []
        return "\n".join([*([printable(self.caption)] if self.caption else []), *lines, *more])
