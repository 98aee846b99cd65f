"""Photos decoded once: a file of fitted pictures, keyed by content, that survives kill -9 and a full disk.

One pack file per fit rule holds records of fixed size (digest, checksum, original size, pixels), only ever appended
to. A torn tail is cut off when the pack is opened, a record whose checksum is wrong is decoded again, and several
data sets share one pack. The pictures are mapped, not loaded: a data set may be larger than memory.
"""

import fcntl
import hashlib
import os
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import CatdogError, InputError
from edge.fit import FitRule, fit
from edge.photo import read_photo
from edge.quiet import quiet
from train.dataset import Photo

VERSION = 1  # raise it when decoding or fitting changes what a picture looks like
_CHUNK = 512  # photos decoded between two writes
_PART = 32  # photos that a thread takes at once: taking them singly costs a fifth of the time


class Pictures(NamedTuple):
    """The pictures of a list of photos.

    Attributes:
        pixels: uint8 (photos, height, width, 3), a read-only view into the pack file; see `rows`.
        rows: int64 (n,), where in `pixels` the picture of each photo lies.
        sizes: int32 (n, 2), height and width of each photo before it was fitted.
        photos: the photos that could be read, in the order given.
        skipped: the others, as one-line errors.
    """

    pixels: npt.NDArray[np.uint8]
    rows: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int32]
    photos: tuple[Photo, ...]
    skipped: tuple[CatdogError, ...]

    def take(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Return a copy, uint8 (len(positions), height, width, 3), of the pictures of these photos."""
        return self.pixels[self.rows[positions]]


def pictures(
    photos: Sequence[Photo],
    rule: FitRule,
    folder: Path,
    *,
    workers: int = os.cpu_count() or 1,
    progress: Callable[[int, int], None] | None = None,
) -> Pictures:
    """Return the fitted pictures of `photos`, decoding those that the cache in `folder` does not hold.

    Raises:
        CatdogError: the cache cannot be written (disk full, read-only).
    """
    record = np.dtype(
        [("digest", "V32"), ("check", "<u4"), ("size", "<u2", 2), ("pixels", "u1", (rule.height, rule.width, 3))]
    )
    pack = folder / f"{_key(rule)}.pack"
    skipped: list[CatdogError] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with pack.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # two runs at once must not write into each other's records
            os.ftruncate(file.fileno(), os.fstat(file.fileno()).st_size // record.itemsize * record.itemsize)
            rows = _index(pack, record)
            missing = [photo for photo in photos if bytes.fromhex(photo.digest) not in rows]
            end = os.fstat(file.fileno()).st_size // record.itemsize
            added = _append(file, missing, rule, record, skipped, workers, progress)
            rows |= {digest: end + number for number, digest in enumerate(added)}
    except OSError as fault:
        raise CatdogError(
            pack, f"cannot be written ({fault.strerror})", "Free some space, or choose another folder with --cache"
        ) from None
    kept = tuple(photo for photo in photos if bytes.fromhex(photo.digest) in rows)
    mapped = np.memmap(pack, record, "r") if rows else np.empty(0, record)
    where = np.array([rows[bytes.fromhex(photo.digest)] for photo in kept], np.int64)
    return Pictures(mapped["pixels"], where, mapped["size"][where].astype(np.int32), kept, tuple(skipped))


def _key(rule: FitRule) -> str:
    text = f"{VERSION} {rule!r}"
    return f"{rule.width}x{rule.height}-{rule.crop}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _index(pack: Path, record: np.dtype[Any]) -> dict[bytes, int]:
    """Return digest -> row of every sound record. A damaged one is not in it, so its photo is decoded anew."""
    if pack.stat().st_size == 0:
        return {}
    records = np.memmap(pack, record, "r")
    return {
        bytes(records["digest"][row]): row
        for row in range(len(records))
        if zlib.crc32(records["pixels"][row].data) == records["check"][row]
    }


def _append(
    file: Any,
    missing: Sequence[Photo],
    rule: FitRule,
    record: np.dtype[Any],
    skipped: list[CatdogError],
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> list[bytes]:
    """Decode `missing` in threads (OpenCV lets them run at once) and append their records, a chunk at a time.

    Returns:
        The digests of the appended records, in order.
    """
    added: list[bytes] = []

    def decode(part: Sequence[Photo]) -> tuple[npt.NDArray[Any], list[CatdogError]]:
        records = np.zeros(len(part), record)
        faults: list[CatdogError] = []
        filled = 0
        for photo in part:
            try:
                image = read_photo(photo.path, hush=False)
            except InputError as fault:
                faults.append(fault)
                continue
            pixels = fit(image, rule, records["pixels"][filled])
            size = (min(image.shape[0], 65535), min(image.shape[1], 65535))
            records["digest"][filled] = bytes.fromhex(photo.digest)
            records["check"][filled], records["size"][filled] = zlib.crc32(pixels.data), size
            filled += 1
        return records[:filled], faults

    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(missing), _CHUNK):
            chunk = missing[start : start + _CHUNK]
            parts = [chunk[i : i + _PART] for i in range(0, len(chunk), _PART)]
            with quiet(2):
                results = list(pool.map(decode, parts))
            _write_whole(file, b"".join(records.tobytes() for records, _ in results))
            added.extend(bytes(digest) for records, _ in results for digest in records["digest"])
            skipped.extend(fault for _, faults in results for fault in faults)
            if progress:
                progress(start + len(chunk), len(missing))
    return added


def _write_whole(file: Any, content: bytes) -> None:
    """Append `content` or nothing: a full disk must not leave half a record before later ones."""
    end = os.fstat(file.fileno()).st_size
    try:
        file.write(content)
        file.flush()
    except OSError:
        os.ftruncate(file.fileno(), end)
        raise
