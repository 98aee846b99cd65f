"""What is wrong with a picture itself: frozen, black or covered, badly dark; told from a small grey thumbnail of it."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.fit import Image

GOOD, FROZEN, BLACK, DARK = "good", "frozen", "black", "dark"
BLIND = frozenset({FROZEN, BLACK})  # no answer to such a picture says what is there
WORDS = {
    GOOD: "the picture is good again",
    FROZEN: "the picture is frozen: the camera repeats it. Plug the camera in again",
    BLACK: "the picture is black. Is the lens covered?",
    DARK: "the picture is too dark to trust the answers. Turn a light on",
}

Thumbnail = npt.NDArray[np.uint8]

ROWS, COLUMNS = 48, 64
_WEIGHTS = np.array((29, 150, 77), np.uint16)  # BGR to luma by ITU-R BT.601, times 256

# A covered sensor gives its black level (0..16) and noise; light that leaks past a hand adds a little of both.
_BLACK_MEAN, _BLACK_DEVIATION = 20.0, 8.0
# Badly dark: nearly all of it lies in the lowest fifth of the range, where 8 bits hold few steps and much noise.
_DARK_LEVEL, _DARK_SHARE = 48, 0.95
_LASTS_S = 1.0  # so long must it be black or dark: a cut or a flash is nothing to talk about
# No two frames of a sensor are equal in 3,000 points. Those of a compressed stream of a still scene can be until its
# next key frame, which cameras send every 1 to 5 s.
_FROZEN_S = 10.0


class Look(NamedTuple):
    """What was seen of the picture's quality."""

    thumbnail: Thumbnail  # the latest picture, small and grey
    same_since_s: float  # since when the picture has been this very one, to the bit
    light: str  # GOOD, BLACK or DARK: how the latest one looks
    light_since_s: float  # since when
    quality: str  # GOOD, FROZEN, BLACK or DARK, what is to be said


def thumbnail(image: Image) -> Thumbnail:
    """Return at most 48 x 64 pixels of a picture uint8 (height, width, 3), BGR, evenly spread, as grey levels: uint8.

    Points and not means: it costs a hundredth of a resize, and keeps the noise, by which a live picture is known.
    """
    down, right = max(1, -(-image.shape[0] // ROWS)), max(1, -(-image.shape[1] // COLUMNS))
    grey: Thumbnail = ((image[down // 2 :: down, right // 2 :: right] @ _WEIGHTS) >> 8).astype(np.uint8)
    return grey


def light_of(small: Thumbnail) -> str:
    """Return GOOD, BLACK (or covered) or DARK for a thumbnail."""
    if small.mean() < _BLACK_MEAN and small.std() < _BLACK_DEVIATION:
        return BLACK
    return DARK if (small < _DARK_LEVEL).mean() >= _DARK_SHARE else GOOD


def look(before: Look | None, small: Thumbnail, now_s: float, live: bool) -> Look:
    """Return what is known of the picture's quality after one more thumbnail; `before` is None at the start.

    A recording, which is not `live`, may hold a still picture by right.
    """
    light = light_of(small)
    if before is None or now_s < before.light_since_s or now_s < before.same_since_s:
        return Look(small, now_s, light, now_s, GOOD)
    same_since_s = before.same_since_s if np.array_equal(small, before.thumbnail) else now_s
    light_since_s = before.light_since_s if light == before.light else now_s
    # While one thing turns into another, what was said stays.
    quality = light if now_s - light_since_s >= _LASTS_S else before.quality
    if live and now_s - same_since_s >= _FROZEN_S and light != BLACK:
        quality = FROZEN
    elif quality == FROZEN:
        quality = GOOD
    return Look(small, same_since_s, light, light_since_s, quality)
