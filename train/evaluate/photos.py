"""A stratified sample of photos, for the corruptions."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from edge.judged import Row


def sample(rows: Sequence[Row], most: int, seed: int) -> list[int]:
    """Return the sorted positions of at most `most` rows, drawn so that folders and classes keep their shares.

    Each stratum is shuffled and its photos are spread evenly over 0..1; those that come first are taken.
    """
    rng = np.random.default_rng(seed)
    strata: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        strata[str(row.folder), row.label].append(position)
    spread = [
        ((rank + 0.5) / len(stratum), int(position))
        for stratum in strata.values()
        for rank, position in enumerate(rng.permutation(stratum))
    ]
    return sorted(position for _, position in sorted(spread)[:most])
