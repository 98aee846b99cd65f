"""A photo in a terminal: two pixels a character, by the upper half of a block in one colour on another.

It serves who sits at a board by ssh, where no window opens.
"""

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from edge.errors import can_show
from edge.fit import Image

NONE, SOME, ALL = 0, 256, 1 << 24  # colours

_HALF = "▀"
_CUBE = 16  # where xterm's 6 x 6 x 6 colours begin; their levels are 0, 95, 135, 175, 215 and 255
_GREYS = 232  # ... and its 24 greys: 8, 18 ... 238
_COLOURED = 12  # between the channels, from which on it is no grey


def colours(environment: Mapping[str, str], encoding: str) -> int:
    """Return how many colours a terminal shows; NONE where it is better left without a picture."""
    plain = environment.get("NO_COLOR") or environment.get("TERM", "dumb") in ("dumb", "linux", "vt100")
    if plain or not can_show(_HALF, encoding):
        return NONE
    return ALL if environment.get("COLORTERM") in ("truecolor", "24bit") else SOME


def preview(image: Image, columns: int, rows: int, depth: int) -> list[str]:
    """Return a picture uint8 (height, width, 3), BGR, as lines, each at most `columns` wide, at most `rows`.

    There are none without colours (`depth`: SOME or ALL of them, or NONE) or room.
    """
    if depth == NONE or columns < 1 or rows < 1:
        return []
    height, width = image.shape[:2]
    scale = min(columns / width, 2 * rows / height)
    size = max(1, round(width * scale)), max(2, round(height * scale / 2) * 2)
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    words = _words(small, depth)
    return [_line(words[y], words[y + 1]) for y in range(0, size[1], 2)]


def _line(upper: list[str], lower: list[str]) -> str:
    line, last = "", ""
    for above, below in zip(upper, lower, strict=True):
        code = f"\x1b[38;{above};48;{below}m"
        line += (code if code != last else "") + _HALF
        last = code
    return f"{line}\x1b[0m"


def _words(image: Image, depth: int) -> list[list[str]]:
    """Return each pixel's colour as terminals take it."""
    if depth == ALL:
        return [[f"2;{r};{g};{b}" for b, g, r in row] for row in image.tolist()]
    return [[f"5;{code}" for code in row] for row in _nearest(image).tolist()]


def _nearest(image: Image) -> npt.NDArray[np.int64]:
    """Return the number of the xterm colour that is near each pixel: (height, width)."""
    wide = image.astype(np.int64)
    steps = np.where(wide < 48, 0, np.where(wide < 115, 1, (wide - 35) // 40))
    cube = _CUBE + 36 * steps[..., 2] + 6 * steps[..., 1] + steps[..., 0]
    grey = _GREYS + np.clip((wide.mean(axis=2).astype(np.int64) - 3) // 10, 0, 23)
    return np.asarray(np.where(np.ptp(wide, axis=2) < _COLOURED, grey, cube), np.int64)
