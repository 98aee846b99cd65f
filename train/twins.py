"""Near-duplicates stay on one side: no photo is learned from whose twin judges.

Twins are left out rather than moved, so that adding photos moves no old photo from one split to another.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.fit import FitRule
from train import cache, similar
from train.dataset import Dataset, Photo

# What `similar.fingerprint` makes of a photo, as a fit rule: so the cache of pictures keeps fingerprints, too.
FINGERPRINT = FitRule(similar.SIDE, similar.SIDE, "none", "area", "BGR")
_RANK = {"train": 0, "val": 1, "test": 2}


def separate(data: Dataset, cache_folder: Path) -> Dataset:
    """Return the data set without training photos that resemble a validation or test photo, and so on.

    Photos that cannot be read stay in: whoever reads them next reports them.
    """
    found = cache.pictures(data.photos, FINGERPRINT, cache_folder)
    groups = similar.groups(found.take(np.arange(len(found.photos))))
    dropped = {found.photos[position].digest for position in lesser(found.photos, groups)}
    if not dropped:
        return data
    kept = tuple(photo for photo in data.photos if photo.digest not in dropped)
    return data._replace(photos=kept, left_out={**data.left_out, "resembles a photo that judges": len(dropped)})


def lesser(photos: Sequence[Photo], groups: npt.NDArray[np.int64]) -> list[int]:
    """Return the positions of photos whose group has a member in a split that judges them.

    Args:
        photos: n photos.
        groups: int64 (n,), the number of each photo's group.
    """
    highest: dict[int, int] = {}
    for photo, group in zip(photos, groups.tolist(), strict=True):
        highest[group] = max(highest.get(group, 0), _RANK[photo.split])
    return [
        position
        for position, (photo, group) in enumerate(zip(photos, groups.tolist(), strict=True))
        if _RANK[photo.split] < highest[group]
    ]
