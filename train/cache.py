"""Photos decoded once: the pictures that fit rules make of them, keyed by content, kept in one pack a rule.

Several data sets share a pack. The pictures are mapped, not loaded: a data set may be larger than memory.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import CatdogError, InputError
from edge.fit import FitRule
from edge.photo import read_photo
from edge.quiet import quiet
from train.dataset import Photo
from train.pack import Pack

_CHUNK = 512  # photos decoded between two writes
_PART = 32  # photos that a thread takes at once: taking them singly costs a fifth of the time

Progress = Callable[[int, int], None]  # called with (photos decoded, photos to decode)


class Pictures(NamedTuple):
    """The pictures of a list of photos."""

    pixels: npt.NDArray[np.uint8]  # uint8 (photos, height, width, 3), a read-only view into the pack file; see `rows`
    rows: npt.NDArray[np.int64]  # int64 (n,), where in `pixels` the picture of each photo lies
    photos: tuple[Photo, ...]  # the photos that could be read, in the order given
    skipped: tuple[CatdogError, ...]  # the others, as one-line errors

    def take(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Return a copy, uint8 (len(positions), height, width, 3), of the pictures of these photos."""
        return self.pixels[self.rows[positions]]


def pictures(photos: Sequence[Photo], rule: FitRule, folder: Path) -> Pictures:
    """Return the fitted pictures of `photos`, decoding those that the cache in `folder` does not hold.

    Raises:
        CatdogError: the cache cannot be written (disk full, read-only).
    """
    with Pack(folder, rule) as pack:
        skipped = _fill([(pack, photos)])
        kept = tuple(photo for photo in photos if photo.digest in pack)
        pixels, rows = pack.records()["pixels"], pack.rows([photo.digest for photo in kept])
    return Pictures(pixels, rows, kept, tuple(skipped))


def prepare(wanted: Iterable[tuple[FitRule, Sequence[Photo]]], folder: Path, progress: Progress | None = None) -> None:
    """Put the pictures that several rules make of photos into the cache, decoding each photo once for all of them.

    Photos that cannot be read are passed over: `pictures` reports them. Raises what `pictures` raises.
    """
    by_rule: dict[FitRule, list[Photo]] = {}
    for rule, photos in wanted:
        by_rule.setdefault(rule, []).extend(photos)
    with ExitStack() as stack:
        # In a fixed order, so that two runs that want the same packs cannot wait for each other for ever.
        packs = [(stack.enter_context(Pack(folder, rule)), by_rule[rule]) for rule in sorted(by_rule)]
        _fill(packs, progress)


class _Task(NamedTuple):
    """A photo to decode, and the packs that lack it."""

    photo: Photo
    packs: list[Pack]


def _fill(wanted: Iterable[tuple[Pack, Sequence[Photo]]], progress: Progress | None = None) -> list[CatdogError]:
    """Decode what packs lack, a chunk at a time; return the photos that cannot be read, as one-line errors."""
    missing: dict[str, _Task] = {}
    for pack, photos in wanted:
        for photo in photos:
            if photo.digest not in pack:
                missing.setdefault(photo.digest, _Task(photo, [])).packs.append(pack)
    tasks, skipped = list(missing.values()), []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(tasks), _CHUNK):
            chunk = tasks[start : start + _CHUNK]
            skipped += _decode(chunk, pool)
            if progress:
                progress(start + len(chunk), len(tasks))
    return skipped


def _decode(tasks: Sequence[_Task], pool: ThreadPoolExecutor) -> list[CatdogError]:
    """Decode a chunk in threads (OpenCV lets them run at once), append it to the packs, return what went wrong."""
    packs = {id(pack): pack for task in tasks for pack in task.packs}
    records = {name: pack.empty(len(tasks)) for name, pack in packs.items()}

    def decode(start: int) -> list[CatdogError]:
        faults: list[CatdogError] = []
        for row in range(start, min(start + _PART, len(tasks))):
            photo, lacking = tasks[row]
            try:
                image = read_photo(photo.path, hush=False)
            except InputError as fault:
                faults.append(fault)
                continue
            for pack in lacking:
                pack.put(records[id(pack)], row, photo.digest, image)
        return faults

    with quiet(2):
        done = list(pool.map(decode, range(0, len(tasks), _PART)))
    for name, pack in packs.items():
        pack.append(records[name])
    return [fault for faults in done for fault in faults]
