"""Near-duplicates: the same shot again, rescaled, squashed, compressed anew, cropped a little, stamped or mirrored.

A photo's fingerprint is a thumbnail of 32 x 32 pixels. Two photos are compared twice:

1. by a key, the low frequencies of the thumbnail's cosine transform as in pHash (Zauner 2010, "Implementation and
   benchmarking of perceptual image hash functions"), but kept as numbers instead of bits and weighted by frequency:
   a photo's spectrum falls as 1/f (Field 1987), so unweighted keys agree on the coarse light alone. Keys of different
   photos then correlate like noise. All pairs are compared by matrix products: 30,000 photos in a few seconds.
2. by the thumbnails themselves, for the few pairs whose keys agree: the middle of one is searched for in the other at
   several scales, without the coarse light. Picture frames and studio backdrops, where different photos agree, fall
   out here; small crops and watermarks stay in.

The result depends on the fingerprints and their order alone.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from edge.fit import Image

SIDE = 32  # pixels of a fingerprint
VERSION = 1  # raise it when fingerprints change, so that caches are filled anew
LIKENESS = 0.82  # least correlation of details; docs/doctor.md says what was found above and below
MIRRORED_LIKENESS = 0.9  # mirrored copies are rare, so chance makes a larger part of them
_FREQUENCIES = 10  # the key's cosine frequencies each way; those above hold mostly compression
_KEY_LIKENESS = 0.7  # least correlation of keys; 92 of 100 photos keep it when 5 % are cut off on each side
_FLAT = 200.0  # a key shorter than this is of a nearly blank picture; 15,000 photos have 700 and more
_BLOCK = 1024  # photos compared with all others at once: 30,000 take 120 MB
_NEIGHBOURS = 40  # candidates a photo at most, so that frames of one video do not make millions
_MARGIN = 6  # pixels of the thumbnail around the middle that is searched for
_BLANK = 1.0  # a middle that varies less, as a placard's may, cannot be searched for: then the whole is compared
_SCALES = (32, 33, 34, 35, 36)  # the sides at which the other thumbnail is searched: crops of up to 6 % each side

Fingerprints = npt.NDArray[np.uint8]


class Pair(NamedTuple):
    """Two photos of one shot at positions first < second; likeness: the correlation of their details, up to 1."""

    first: int
    second: int
    likeness: float
    mirrored: bool


def fingerprint(image: Image) -> Fingerprints:
    """Return the fingerprint uint8 (32, 32, 3) of a picture uint8 (height, width, 3), BGR.

    The picture is squashed to a square, so that its squashed copy has the same one.
    """
    return cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def groups(fingerprints: Fingerprints) -> npt.NDArray[np.int64]:
    """Return int64 (photos,): for each photo the position of the first one of its group, its own where it is alone."""
    return join(len(fingerprints), pairs(fingerprints))


def join(count: int, found: Iterable[Pair]) -> npt.NDArray[np.int64]:
    """Return the groups, as `groups` does, that pairs among `count` photos make."""
    parents = np.arange(count)
    for pair in found:
        first, second = sorted((_root(parents, pair.first), _root(parents, pair.second)))
        parents[second] = first
    return np.array([_root(parents, i) for i in range(count)], np.int64)


def _root(parents: npt.NDArray[np.int64], i: int) -> int:
    while parents[i] != i:
        parents[i] = parents[parents[i]]
        i = parents[i]
    return int(i)


def pairs(fingerprints: Fingerprints, progress: Callable[[int, int], None] | None = None) -> list[Pair]:
    """Return the near-duplicates among photos, sorted by position.

    Args:
        fingerprints: uint8 (photos, 32, 32, 3).
        progress: called with (photos compared, photos).
    """
    keys = _keys(fingerprints)
    # Mirroring a picture changes the sign of its odd horizontal frequencies.
    signs = np.tile((-1.0) ** np.arange(_FREQUENCIES), _FREQUENCIES)[1:].astype(np.float32)
    found: dict[tuple[int, int], Pair] = {}
    for start in range(0, len(keys), _BLOCK):
        block = keys[start : start + _BLOCK]
        for mirrored, turned in ((False, block), (True, block * signs)):
            for first, second in _candidates(np.asarray(turned @ keys[start:].T, np.float32), start):
                other = fingerprints[second][:, ::-1] if mirrored else fingerprints[second]
                alike = likeness(fingerprints[first], np.ascontiguousarray(other))
                pair = Pair(first, second, alike, mirrored)
                if pair.likeness >= (MIRRORED_LIKENESS if mirrored else LIKENESS):
                    found.setdefault((first, second), pair)
        if progress:
            progress(min(start + _BLOCK, len(keys)), len(keys))
    return [found[where] for where in sorted(found)]


def _candidates(scores: npt.NDArray[np.float32], start: int) -> Iterator[tuple[int, int]]:
    """Yield (photo, later photo) of the pairs whose keys agree; scores[i, j] is of the photos start + i, start + j."""
    rows, columns = np.divmod(np.flatnonzero(scores >= _KEY_LIKENESS), scores.shape[1])
    rows, columns = rows[columns > rows], columns[columns > rows]
    order = np.lexsort((columns, -scores[rows, columns], rows))
    rank = np.arange(len(order)) - np.searchsorted(rows[order], rows[order])
    for i in order[rank < _NEIGHBOURS]:
        yield int(rows[i]) + start, int(columns[i]) + start


def _keys(fingerprints: Fingerprints) -> npt.NDArray[np.float32]:
    """Return float32 (photos, 99) of length 1: weighted cosine frequencies of the grey thumbnails; 0 for blank ones."""
    k = np.arange(SIDE)
    cosine = np.cos(np.pi * (2 * k + 1) * k[:_FREQUENCIES, None] / (2 * SIDE)) * np.sqrt(2 / SIDE)
    cosine[0] /= np.sqrt(2)
    cosine = cosine.astype(np.float32)
    weights = np.hypot(k[:_FREQUENCIES, None], k[:_FREQUENCIES]).astype(np.float32)
    keys = np.empty((len(fingerprints), _FREQUENCIES**2 - 1), np.float32)
    for start in range(0, len(keys), _BLOCK):  # in blocks, so that the float copy of the thumbnails stays small
        grey = fingerprints[start : start + _BLOCK] @ np.array([0.114, 0.587, 0.299], np.float32)
        weighted = (cosine @ grey @ cosine.T) * weights
        keys[start : start + _BLOCK] = weighted.reshape(len(grey), -1)[:, 1:]
    lengths = np.linalg.norm(keys, axis=1, keepdims=True)
    return np.where(lengths > _FLAT, keys / np.maximum(lengths, _FLAT), 0).astype(np.float32)


def likeness(one: Fingerprints, other: Fingerprints) -> float:
    """Return how alike the details of two fingerprints are, up to 1, allowing for a small crop of either."""
    first, second = _details(one), _details(other)
    if min(float(_middle(first).std()), float(_middle(second).std())) < _BLANK:
        return float(cv2.matchTemplate(first, second, cv2.TM_CCOEFF_NORMED)[0, 0])
    return max(_search(one, second), _search(other, first))


def _middle(details: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return details[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]


def _search(whole: Fingerprints, part: npt.NDArray[np.float32]) -> float:
    """Return the best correlation of the middle of `part` with any place of `whole` that a small crop moves it to."""
    best = -1.0
    for side in _SCALES:
        scores = cv2.matchTemplate(_details(whole, side), _middle(part), cv2.TM_CCOEFF_NORMED)
        near = int(_MARGIN + (side - SIDE) / 2 - 3)  # a crop moves the middle by no more than 3 pixels
        best = max(best, float(scores[near : near + 7, near : near + 7].max()))
    return best


def _details(thumbnail: Fingerprints, side: int = SIDE) -> npt.NDArray[np.float32]:
    """Return float32 (side, side): the grey thumbnail without its coarse light."""
    grey = cv2.cvtColor(thumbnail, cv2.COLOR_BGR2GRAY).astype(np.float32)
    if side != SIDE:
        grey = cv2.resize(grey, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)
    return np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), 2.5), np.float32)
