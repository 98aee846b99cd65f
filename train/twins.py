"""Near-duplicates stay on one side: no photo is learned from whose twin judges.

Twins are left out rather than moved, so that adding photos moves no old photo from one split to another. Of a group
those stay that judge most: test photos, then those that somebody chose to validate with. Validation photos that were
drawn by chance give way to what is learned, while any are left: of a camera that never moves, every frame resembles
one.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.fit import FitRule
from train import cache, similar
from train.dataset import JUDGES, Dataset, Photo

# What `similar.fingerprint` makes of a photo, as a fit rule: so the cache of pictures keeps fingerprints, too.
FINGERPRINT = FitRule(similar.SIDE, similar.SIDE, "none", "area", "BGR")
_CHOSEN = JUDGES[::-1]
_DRAWN = ("val", "train", "test")
_REASONS = {"train": "resembles a photo that judges", "val": "validates, and resembles another photo"}


def separate(data: Dataset, cache_folder: Path) -> Dataset:
    """Return the data set without photos to learn from or validate with whose twin in another split goes first.

    Photos that cannot be read stay in: whoever reads them next reports them.
    """
    found = cache.pictures(data.photos, FINGERPRINT, cache_folder)
    groups = similar.groups(found.take(np.arange(len(found.photos))))
    for order in (_DRAWN, _CHOSEN) if data.drawn else (_CHOSEN,):
        apart = _without(data, [found.photos[n] for n in lesser(found.photos, groups, order)])
        if apart.part("val"):
            break
    return apart


def _without(data: Dataset, dropped: Sequence[Photo]) -> Dataset:
    gone = {photo.digest for photo in dropped}
    reasons = Counter(_REASONS[photo.split] for photo in dropped)
    kept = tuple(photo for photo in data.photos if photo.digest not in gone)
    return data._replace(photos=kept, left_out={**data.left_out, **reasons})


def lesser(photos: Sequence[Photo], groups: npt.NDArray[np.int64], order: Sequence[str]) -> list[int]:
    """Return the positions of photos whose group has a member in a split that goes before theirs.

    `groups` is int64 (photos,), the number of each photo's group; in `order` the split that goes before all is last.
    """
    highest: dict[int, int] = {}
    ranks = [order.index(photo.split) for photo in photos]
    for rank, group in zip(ranks, groups.tolist(), strict=True):
        highest[group] = max(highest.get(group, 0), rank)
    return [n for n, (rank, group) in enumerate(zip(ranks, groups.tolist(), strict=True)) if rank < highest[group]]
