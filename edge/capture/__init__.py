"""Where frames come from: one file per kind of source, and the table by which a word on the command line finds it.

Start reading at `source.py`. `feed_of` gives a source to a run: read elsewhere, opened again when it is lost (feed.py).
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from edge.capture.source import PLAIN, Settings, Source, made
from edge.errors import SourceError

if TYPE_CHECKING:
    from edge.capture.feed import Feed
    from edge.capture.health import Limits


Word = str | int | Path  # what a source may be called: 0, "0", "rtsp://...", Path("clip.mp4")


def never(_text: str) -> bool:
    """Return False."""
    return False


class Kind(NamedTuple):
    """A row of the table of sources."""

    form: str  # how its word looks, for the help
    purpose: str  # what it is, for the help
    means: Callable[[str], bool]  # whether a word means this kind; the first row that says yes has it
    maker: str  # "module:Class" below edge.capture, imported when chosen; called with the word
    hangs: Callable[[str], bool] = never  # its native code may, so that it is read in a process; bool for always


def is_camera(text: str) -> bool:
    """True for a camera's number, the path of its device, or camera:NAME."""
    return (text.isascii() and text.isdigit()) or text.startswith(("/dev/", "camera:"))


def is_csi(text: str) -> bool:
    """True for a ribbon-cable camera: csi, csi:1."""
    return text == "csi" or text.startswith("csi:")


def is_url(text: str) -> bool:
    """True for anything with a scheme, so that an address with a password never passes for a file's name."""
    return "://" in text


def is_pattern(text: str) -> bool:
    """True for a pattern of names, such as 'clips/*.mp4', unless a file has this very name."""
    try:
        return any(letter in text for letter in "*?[") and not Path(text).exists()
    except OSError:
        return False


def is_photos(text: str) -> bool:
    """True for a folder, or a file that its name calls a photo."""
    from edge.photo import is_photo

    try:
        return text != "" and (is_photo(Path(text)) or Path(text).is_dir())
    except OSError:  # a name too long, a folder above that may not be entered: the file source says so
        return False


def has_devices(_text: str) -> bool:
    """True where there is any video device, so that `auto` has something to try."""
    return any(Path("/dev").glob("video*"))


KINDS = (
    Kind("auto", "the first camera that delivers frames, else the demo", "auto".__eq__, "auto:Auto", has_devices),
    Kind("demo", "a moving picture made from photos that come with the program", "demo".__eq__, "demo:Demo"),
    Kind("pattern", "a test pattern", "pattern".__eq__, "pattern:Pattern"),
    Kind("-", "motion JPEG on standard input", "-".__eq__, "stdin:Stdin"),
    Kind(
        "0, /dev/video2, camera:NAME",
        "a camera by number, path or part of its name (catdog cameras)",
        is_camera,
        "camera:Camera",
        hangs=bool,
    ),
    Kind("csi, csi:1", "a Raspberry Pi's ribbon-cable camera", is_csi, "csi:Csi", hangs=bool),
    Kind(
        "rtsp://USER:PASSWORD@HOST/PATH, http://HOST/PATH",
        "a network camera or stream: RTSP, MJPEG, HLS ...",
        is_url,
        "network:Network",
        hangs=bool,
    ),
    Kind("'clips/*.mp4'", "every file that fits, one after the other", is_pattern, "files:Files"),
    Kind("photo.jpg, photos/", "a photo, or every photo below a folder", is_photos, "photos:Photos"),
    Kind("clip.mp4", "a video file, at full speed", bool, "file:File"),
)


def kind_of(text: str) -> Kind:
    """Return the row of the table that a word on the command line means.

    Raises:
        SourceError: it means none.
    """
    for kind in KINDS:
        if kind.means(text):
            return kind
    raise SourceError("SOURCE", "is empty", "Leave it out, or see catdog run --help")


def choose(text: str) -> Source:
    """Return the source, not yet open, that a word on the command line means.

    Raises:
        SourceError: it means none, or names something that cannot be a source.
    """
    return made(f"edge.capture.{kind_of(text).maker}", text)


def open_source(word: Word, settings: Settings = PLAIN) -> Source:
    """Return a source to be read frame by frame; the `with` statement opens and closes it.

        with open_source("clip.mp4") as source:
            for frame in source:
                print(frame.number, frame.image.shape)

    Reading waits for each frame in this very thread, and what hangs, hangs; `edge.watch` does more for cameras.

    Args:
        word: what `catdog run` takes: a camera's number, a path, an address, "demo", "auto" ...
        settings: size, rotation, region ...

    Raises:
        SourceError: the word means no source. Opening it raises one where it cannot be read.
    """
    from edge.capture.arrange import arranged

    return arranged(choose(str(word)), settings)


def feed_of(source: Source | Word, settings: Settings, limits: "Limits") -> "Feed":
    """Return a source, or what a word means, as a run sees it: not begun, to be read in a process or a thread.

    Raises:
        SourceError: the word means none, or names something that cannot be a source.
    """
    from edge.capture.arrange import arranged
    from edge.capture.feed import Feed

    if not isinstance(source, str | int | Path):
        return _in_thread(source if settings == PLAIN else arranged(source, settings), limits)
    text = str(source)
    kind, found = kind_of(text), open_source(text, settings)
    can_kill = sys.platform == "linux" and hasattr(os, "memfd_create") and bool(sys.executable)
    if not (kind.hangs(text) and can_kill):
        return _in_thread(found, limits)
    from edge.capture.process import InProcess

    reader = InProcess(f"edge.capture.{kind.maker}", text, found.name, settings)
    return Feed(reader, found.live, found.again, limits)


def _in_thread(source: Source, limits: "Limits") -> "Feed":
    from edge.capture.feed import Feed
    from edge.capture.thread import InThread

    return Feed(InThread(source), source.live, source.again, limits)
