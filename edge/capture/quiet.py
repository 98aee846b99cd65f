"""Keep the chatter of OpenCV, FFmpeg and libjpeg off the user's terminal.

`Corrupt JPEG data: ...` of a cheap webcam or `tag ... is not supported` of a codec would tear the live view apart, and
FFmpeg prints addresses with their passwords. Set OPENCV_LOG_LEVEL (e.g. to DEBUG) to see all of it.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import cv2


def hush() -> None:
    """Silence what can be silenced by settings: OpenCV's log and FFmpeg's."""
    if "OPENCV_LOG_LEVEL" not in os.environ:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        # Read by OpenCV when it first uses FFmpeg; -8 is AV_LOG_QUIET.
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


@contextmanager
def native_silence() -> Iterator[None]:
    """Send what native code writes to descriptor 2 nowhere; Python's own sys.stderr still reaches the user.

    libjpeg and parts of OpenCV write there directly, whatever the settings say.
    """
    hush()
    stream = sys.stderr
    try:
        kept = os.dup(2)
    except OSError:  # stderr is closed: nothing to keep quiet
        yield
        return
    if "OPENCV_LOG_LEVEL" in os.environ or stream is None or stream.fileno() != 2:
        os.close(kept)
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    stream.flush()
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = os.fdopen(kept, "w", 1, encoding=stream.encoding, errors=stream.errors, closefd=False)
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stderr = stream
        os.dup2(kept, 2)
        os.close(kept)
