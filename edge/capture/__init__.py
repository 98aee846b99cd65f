"""Where frames come from: one file per kind of source, and the table by which a word on the command line finds it.

Start reading at `source.py`. `Feed` (feed.py) reads any source in a thread of its own.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from edge.capture.source import Source
from edge.errors import SourceError


class Kind(NamedTuple):
    """A row of the table of sources.

    Attributes:
        form: how its word looks, for the help.
        purpose: what it is, for the help.
        means: whether a word means this kind; the first row that says yes has it.
        maker: "module:Class" below edge.capture, imported when chosen; called with the word.
    """

    form: str
    purpose: str
    means: Callable[[str], bool]
    maker: str


def is_camera(text: str) -> bool:
    """True for a camera's number or the path of its device."""
    return (text.isascii() and text.isdigit()) or text.startswith("/dev/")


def is_url(text: str) -> bool:
    """True for anything with a scheme, so that an address with a password never passes for a file's name."""
    return "://" in text


def is_photos(text: str) -> bool:
    """True for a folder, or a file that its name calls a photo."""
    from edge.photo import is_photo

    try:
        return text != "" and (is_photo(Path(text)) or Path(text).is_dir())
    except OSError:  # a name too long, a folder above that may not be entered: the file source says so
        return False


KINDS = (
    Kind("auto", "the first camera that delivers frames, else the demo", "auto".__eq__, "auto:Auto"),
    Kind("demo", "a moving picture made from photos that come with the program", "demo".__eq__, "demo:Demo"),
    Kind("0, /dev/video2", "a camera, by number or path (catdog cameras lists them)", is_camera, "camera:Camera"),
    Kind("rtsp://USER:PASSWORD@HOST/PATH, http://HOST/PATH", "a network camera or stream", is_url, "network:Network"),
    Kind("photo.jpg, photos/", "a photo, or every photo below a folder", is_photos, "photos:Photos"),
    Kind("clip.mp4", "a video file, at full speed", bool, "file:File"),
)


def choose(text: str) -> Source:
    """Return the source, not yet open, that a word on the command line means.

    Raises:
        SourceError: it means none, or names something that cannot be a source.
    """
    for kind in KINDS:
        if kind.means(text):
            module, _, name = kind.maker.partition(":")
            source: Source = getattr(import_module(f"edge.capture.{module}"), name)(text)
            return source
    raise SourceError("SOURCE", "is empty", "Leave it out, or see catdog run --help")
