"""A pack: the fitted pictures of one fit rule in one file, which survives kill -9 and a full disk.

Records of fixed size (digest, checksum, original size, pixels), only ever appended to. A torn tail is cut off when the
pack is opened; a record whose checksum is wrong counts as missing, and so is decoded and appended again.
"""

import fcntl
import hashlib
import os
import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.files import writing
from edge.fit import FitRule, Image, fit

VERSION = 1  # raise it when decoding or fitting changes what a picture looks like


class Pack:
    """The pack of `rule` in `folder`, locked while it is open: two runs must not write into each other's records."""

    def __init__(self, folder: Path, rule: FitRule) -> None:
        key = hashlib.sha256(f"{VERSION} {rule!r}".encode()).hexdigest()[:8]
        self.rule, self.path = rule, folder / f"{rule.width}x{rule.height}-{rule.crop}-{key}.pack"
        pixels = ("pixels", "u1", (rule.height, rule.width, 3))
        self._record = np.dtype([("digest", "V32"), ("check", "<u4"), ("size", "<u2", 2), pixels])
        self._rows: dict[bytes, int] = {}

    def __enter__(self) -> "Pack":
        with self._at_work():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+b", buffering=0)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX)
                self._count = os.fstat(self._file.fileno()).st_size // self._record.itemsize
                self._file.truncate(self._count * self._record.itemsize)
                self._rows = self._index()
            except BaseException:
                self._file.close()
                raise
        return self

    def __exit__(self, *fault: object) -> None:
        self._file.close()

    def __contains__(self, digest: str) -> bool:
        return bytes.fromhex(digest) in self._rows

    def empty(self, count: int) -> npt.NDArray[Any]:
        """Return `count` records to put pictures into."""
        return np.zeros(count, self._record)

    def put(self, records: npt.NDArray[Any], row: int, digest: str, image: Image) -> None:
        """Fit a photo, uint8 (height, width, 3), BGR, into one of `records`."""
        pixels = fit(image, self.rule, records["pixels"][row])
        records["digest"][row] = bytes.fromhex(digest)
        records["check"][row] = zlib.crc32(pixels.data)
        records["size"][row] = np.minimum(image.shape[:2], 65535)

    def append(self, records: npt.NDArray[Any]) -> None:
        """Append those of `records` that hold a picture.

        Raises:
            CatdogError: the disk is full or the like; the pack is as it was.
        """
        filled = records["size"][:, 0] > 0
        records = records if filled.all() else records[filled]
        with self._at_work():
            try:
                self._write(records.view(np.uint8).data)
            except OSError:  # half a record must not stand before later ones
                self._file.truncate(self._count * self._record.itemsize)
                raise
        self._rows |= {bytes(digest): self._count + row for row, digest in enumerate(records["digest"])}
        self._count += len(records)

    def rows(self, digests: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return int64 (digests,), the rows of photos that are all in the pack."""
        return np.array([self._rows[bytes.fromhex(digest)] for digest in digests], np.int64)

    def records(self) -> npt.NDArray[Any]:
        """Return every record, mapped, not loaded; readable after the pack was closed, too."""
        return np.memmap(self.path, self._record, "r") if self._count else np.empty(0, self._record)

    def _index(self) -> dict[bytes, int]:
        """Return digest -> row of every sound record."""
        records = self.records()
        digests, checks, pixels = records["digest"], records["check"], records["pixels"]
        return {bytes(digests[row]): row for row in range(len(records)) if zlib.crc32(pixels[row].data) == checks[row]}

    def _write(self, content: memoryview) -> None:
        while content:
            content = content[self._file.write(content) :]

    def _at_work(self) -> AbstractContextManager[None]:
        return writing(self.path, "cannot be written", "Free some space, or choose another folder with --cache")
