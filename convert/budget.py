"""What a variant may lose against Keras: a budget in points of accuracy and one of agreement, in whole photos."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from convert.certify import Measured


class Budget(NamedTuple):
    """What a variant may lose.

    Both are rounded up to whole photos: on a set where one photo is more than the budget, one photo may be lost, for
    less cannot be measured there; with a budget of 0 points or 100 percent none may.
    """

    max_drop_points: float = 0.2  # of accuracy, in percentage points
    min_agreement_percent: float = 99.0  # of the photos that must get Keras' answer

    def misses(self, rows: Sequence[Measured]) -> list[str]:
        """Return one line for each budget that a variant misses."""
        return [line for row in rows for line in (self._drop(row), self._flips(row)) if line]

    def _drop(self, row: Measured) -> str:
        drop, allowed = row.lost - row.won, _photos(self.max_drop_points, row.photos)
        if drop <= allowed:
            return ""
        points = drop / row.photos * 100
        return (
            f"{row.variant} loses {points:.2f} points of accuracy ({drop:,} of {row.photos:,} photos); the budget is "
            f"{self.max_drop_points:g} points ({_counted(allowed)}, --max-drop)"
        )

    def _flips(self, row: Measured) -> str:
        flips, allowed = row.photos - row.agreeing, _photos(100 - self.min_agreement_percent, row.photos)
        if flips <= allowed:
            return ""
        return (
            f"{row.variant} agrees with Keras on {row.agreement:.2%} ({flips:,} of {row.photos:,} photos flipped); the "
            f"budget is {self.min_agreement_percent:g} % ({_counted(allowed)}, --min-agreement)"
        )


def _photos(percent: float, photos: int) -> int:
    """Return so many percent of `photos`, rounded up; what binary fractions add to a whole number is not counted."""
    return math.ceil(percent / 100 * photos - 1e-6)


def _counted(photos: int) -> str:
    return f"{photos:,} photo" if photos == 1 else f"{photos:,} photos"
