"""Photo files: found, read, refused with one line where they cannot be read; and pictures made into one."""

import os
import stat
from collections.abc import Iterator
from math import inf
from pathlib import Path

import cv2
import numpy as np

from edge.errors import InputError, printable
from edge.fit import Image
from edge.quiet import quiet

# What OpenCV's wheels decode.
SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".gif"}
SUFFIXES |= {".tif", ".tiff", ".avif", ".jp2", ".ppm", ".pgm"}
_LARGEST_BYTES = 256_000_000  # what is read of a pipe or a device
FORMATS = "JPEG, PNG, WebP, BMP, GIF, TIFF or AVIF"


def is_photo(path: Path) -> bool:
    """True for a file that its name calls a photo; hidden files (and macOS' "._photo.jpg") are not."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def find_photos(path: Path) -> Iterator[Path]:
    """Yield `path` itself where it is a file, else every photo below it, sorted by path.

    Raises:
        InputError: path does not exist, cannot be listed, or is a folder without photos.
    """
    if not path.is_dir():
        if not path.exists():
            raise InputError(path, "there is no such file or folder", "Check the path")
        yield path
        return
    found = False
    for folder, folders, files in os.walk(path, onerror=_refuse_folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            photo = Path(folder, name)
            if is_photo(photo) and not _is_pipe(photo):
                found = True
                yield photo
    if not found:
        raise InputError(path, "holds no photo", f"Give a folder with {FORMATS} files")


def _is_pipe(path: Path) -> bool:
    """True for a pipe, which who searches a folder would wait for, maybe for ever."""
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError:  # said by who reads it
        return False


def _refuse_folder(fault: OSError) -> None:
    wrong = f"cannot be listed ({fault.strerror}), which ends the search"
    raise InputError(fault.filename, wrong, "Check its permissions")


def read_photo(path: Path | str, hush: bool = True) -> Image:
    """Read a photo upright (EXIF rotation applied), in colour, at 8 bits a channel.

    Greyscale, CMYK, palette and 16-bit pictures are converted, transparency is dropped, of an animation the first
    picture is taken: what OpenCV's IMREAD_COLOR means.

    Args:
        path: the file.
        hush: keep what libpng and others print about damaged files off standard error. That redirects the whole
            process's: threads that read at the same time pass False and wrap themselves in one `edge.quiet.quiet(2)`.

    Returns:
        uint8 (height, width, 3), BGR.

    Raises:
        InputError: the file is missing, unreadable, empty, cut off or no picture.
    """
    try:
        with Path(path).open("rb") as file:
            # A device such as /dev/zero has no end.
            endless = not stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            content = file.read(_LARGEST_BYTES + 1 if endless else -1)
    except OSError as fault:
        raise InputError(path, f"cannot be read ({fault.strerror})", "Check the path and its permissions") from None
    if endless and len(content) > _LARGEST_BYTES:
        raise InputError(path, "has no end", f"Give a {FORMATS} file")
    if hush:
        with quiet(2):
            return decode_photo(content, path)
    return decode_photo(content, path)


def decode_photo(content: bytes, name: object) -> Image:
    """Decode the bytes of a photo as `read_photo` does; `name` is what errors call it."""
    if not content:
        raise InputError(name, "is empty", "Delete it or copy it again")
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as fault:  # e.g. a header that claims more pixels than OpenCV allows
        raise InputError(name, f"cannot be decoded ({printable(fault.err)})", f"Use a {FORMATS} photo") from None
    if image is None:
        raise InputError(name, "is no photo, or one that was cut off", f"Use a complete {FORMATS} file")
    return image.astype(np.uint8, copy=False)


def as_jpeg(image: Image, largest: float = inf, quality: int = 80) -> bytes:
    """Return a picture as JPEG, made smaller where a side has more than `largest` pixels.

    Args:
        image: uint8 (height, width, 3), BGR.
        largest: in pixels.
        quality: of JPEG, 1..100. At 80, 640 x 480 take 30 to 60 kB.
    """
    scale = largest / max(image.shape[:2])
    if scale < 1:
        size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, quality))[1].tobytes()
