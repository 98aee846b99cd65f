"""What pixels alone say against a photo: drawn instead of taken, blurred, blank. No network is needed."""

from typing import NamedTuple

import cv2
import numpy as np

from edge.fit import Image

SIDE = 176  # pixels of the longer side at which all pictures are judged alike
_SHARP = 100  # levels between neighbours: lenses and JPEG leave such edges to letters and outlines


class Looks(NamedTuple):
    """How a picture looks."""

    drawn: float  # 0 for a photo to about 0.5 for a drawing, a placard or a logo: few colours with hard edges between
    sharpness: float  # variance of the Laplacian over that of the picture, at 128 x 128; a photo has about 0.2
    contrast: float  # standard deviation of its grey levels; a blank picture has less than 3


def look(image: Image) -> Looks:
    """Judge a picture uint8 (height, width, 3), BGR."""
    scale = SIDE / max(image.shape[:2])
    if scale < 1:
        size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    square = cv2.resize(grey, (128, 128), interpolation=cv2.INTER_AREA).astype(np.float32)
    contrast = float(square.std())
    sharpness = float(cv2.Laplacian(square, cv2.CV_32F).var()) / max(contrast, 1.0) ** 2
    # The root, because outlines are thin: a placard in two letters has few edge pixels, yet more than a photo.
    return Looks(round(_few_colours(image) * _hard_edges(grey) ** 0.5, 4), round(sharpness, 4), round(contrast, 2))


def _few_colours(image: Image) -> float:
    """Return the share of the four commonest of 4,096 colours, 0..1: near 1 in print, near 0.2 in a photo."""
    bins = image.astype(np.int32) >> 4
    colours = bins[..., 0] * 256 + bins[..., 1] * 16 + bins[..., 2]
    counts = np.sort(np.bincount(colours.ravel(), minlength=4096))
    return float(counts[-4:].sum() / colours.size)


def _hard_edges(grey: Image) -> float:
    """Return the share of pixels with black beside white, 0..1."""
    around = np.ones((3, 3), np.uint8)
    spans = cv2.subtract(cv2.dilate(grey, around), cv2.erode(grey, around))
    return float(np.mean(np.asarray(spans) >= _SHARP))
