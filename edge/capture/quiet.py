"""Keep the chatter of OpenCV, FFmpeg and libjpeg off the user's terminal.

`Corrupt JPEG data: ...` of a cheap webcam or `tag ... is not supported` of a codec would tear the live view apart, and
FFmpeg prints addresses with their passwords. Set OPENCV_LOG_LEVEL (e.g. to DEBUG) to see all of it.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

import cv2

from edge.quiet import quiet

_SILENT = 0  # LOG_LEVEL_SILENT


def hush() -> None:
    """Silence what can be silenced by settings: OpenCV's log and FFmpeg's."""
    if "OPENCV_LOG_LEVEL" not in os.environ:
        # OpenCV 4.11 has only the first of the two names, 4.14 and 5.0 only the second.
        set_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
        set_level(_SILENT)
        # Read by OpenCV when it first uses FFmpeg; -8 is AV_LOG_QUIET.
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


@contextmanager
def native_silence() -> Iterator[None]:
    """Send what native code writes to descriptor 2 nowhere; Python's own sys.stderr still reaches the user.

    libjpeg and parts of OpenCV write there directly, whatever the settings say.
    """
    hush()
    stream = sys.stderr
    if "OPENCV_LOG_LEVEL" in os.environ or not _is_descriptor_2(stream):
        yield
        return
    ours = os.fdopen(os.dup(2), "w", 1, encoding=stream.encoding, errors=stream.errors)
    try:
        with quiet(2):
            sys.stderr = ours
            yield
    finally:
        sys.stderr = stream
        with suppress(OSError):  # what it could not write, it cannot write now
            ours.close()


def _is_descriptor_2(stream: TextIO | None) -> bool:
    """True for an open sys.stderr that nobody has replaced."""
    try:
        return stream is not None and stream.fileno() == 2
    except (OSError, ValueError):  # a StringIO, or closed
        return False
