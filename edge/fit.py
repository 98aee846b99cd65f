"""From a picture to the network's input: the one rule that training, calibration, benchmark and device share.

A model file states its `FitRule`; `fit` applies it. There is no second place that crops, resizes or orders colours.
"""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]

CROPS = ("none", "centre")
INTERPOLATIONS = ("linear", "mipmap", "area")
COLOURS = ("RGB", "BGR")


class FitRule(NamedTuple):
    """How a picture becomes the network's input.

    Attributes:
        height, width: the input's size in pixels.
        crop: "none" squashes the whole picture; "centre" first cuts the largest middle part of the input's shape.
        interpolation: "linear" (2 x 2 source pixels for a target pixel: fast, but a large picture is sampled with
            gaps); "area" (the mean of all of them: no gaps, 4 to 40 times the time); "mipmap" (halved by the mean of
            2 x 2 pixels while both sides are at least twice the target's, then linear: no gaps, 1.5 times the time).
        colour: order of the three channels in the input.
    """

    height: int
    width: int
    crop: str = "none"
    interpolation: str = "linear"
    colour: str = "RGB"

    def check(self) -> None:
        """Raise ValueError, naming the field, when this is no rule that `fit` can follow."""
        for name, allowed in (("crop", CROPS), ("interpolation", INTERPOLATIONS), ("colour", COLOURS)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}, not one of {', '.join(allowed)}")
        for name in ("height", "width"):
            side = getattr(self, name)
            if not (isinstance(side, int) and 1 <= side <= 4096):
                raise ValueError(f"{name} is {side!r}, not a number of pixels from 1 to 4096")


def crop_box(height: int, width: int, rule: FitRule) -> tuple[int, int, int, int]:
    """Return (top, left, height, width) in pixels of the part of a height x width picture that `rule` keeps."""
    if rule.crop == "none":
        return 0, 0, height, width
    kept_height = min(height, max(1, round(width * rule.height / rule.width)))
    kept_width = min(width, max(1, round(height * rule.width / rule.height)))
    return (height - kept_height) // 2, (width - kept_width) // 2, kept_height, kept_width


def fit(image: Image, rule: FitRule, out: Image | None = None, scratch: dict[str, Image] | None = None) -> Image:
    """Fit a picture to the network's input.

    Args:
        image: uint8 (height, width, 3), BGR, as OpenCV gives it.
        rule: what the model file states.
        out: uint8 (rule.height, rule.width, 3) to write into.
        scratch: what is needed in between is kept here, so that a live loop allocates nothing.

    Returns:
        uint8 (rule.height, rule.width, 3), channels in rule.colour; `out` where it was given.

    Raises:
        ValueError: image is not a colour picture of 8 bits a channel.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"a picture is uint8 (height, width, 3), not {image.dtype} {image.shape}")
    scratch = {} if scratch is None else scratch
    part = image
    if rule.crop != "none":
        top, left, height, width = crop_box(image.shape[0], image.shape[1], rule)
        part = image[top : top + height, left : left + width]
    if rule.interpolation == "mipmap":
        part = _halved(part, rule, scratch)
    if out is None:
        out = np.empty((rule.height, rule.width, 3), np.uint8)
    interpolation = cv2.INTER_AREA if rule.interpolation == "area" else cv2.INTER_LINEAR
    if rule.colour == "BGR":
        cv2.resize(part, (rule.width, rule.height), out, interpolation=interpolation)
        return out
    # Swapped after the resize, where there are fewer pixels, and by OpenCV: numpy's [..., ::-1] is 40 times slower.
    small = buffer(scratch, "small", rule.height, rule.width)
    cv2.resize(part, (rule.width, rule.height), small, interpolation=interpolation)
    cv2.cvtColor(small, cv2.COLOR_BGR2RGB, out)
    return out


def _halved(part: Image, rule: FitRule, scratch: dict[str, Image]) -> Image:
    """Halve a picture while it is at least twice the target (Williams, Pyramidal Parametrics, 1983).

    The last row or column of an odd size is left out: whole 2 x 2 squares are what OpenCV is fast at.
    """
    step = 0
    while part.shape[0] >= 2 * rule.height and part.shape[1] >= 2 * rule.width:
        height, width, step = part.shape[0] // 2, part.shape[1] // 2, step + 1
        half = buffer(scratch, f"half {step}", height, width)
        cv2.resize(part[: 2 * height, : 2 * width], (width, height), half, interpolation=cv2.INTER_AREA)
        part = half
    return part


def buffer(scratch: dict[str, Image], name: str, height: int, width: int) -> Image:
    """Return uint8 (height, width, 3), the same one as long as the size stays the same."""
    kept = scratch.get(name)
    if kept is None or kept.shape[:2] != (height, width):
        kept = scratch[name] = np.empty((height, width, 3), np.uint8)
    return kept
