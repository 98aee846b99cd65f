"""What light, lenses, cables and hands do to a photo, at three strengths each: one row of CORRUPTIONS per kind.

Each is a pure function of a photo uint8 (height, width, 3) BGR, a strength and a random generator, applied to the
whole photo before it is fitted to a network. In the spirit of Hendrycks and Dietterich 2019 (arXiv:1903.12261), with
what a camera in a living room meets.
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from edge.fit import Image

STRENGTHS = ("mild", "moderate", "strong")

Change = Callable[[Image, float, np.random.Generator], Image]


class Corruption(NamedTuple):
    """One kind of damage; its `strengths`, numbers of `measure`, are those for STRENGTHS."""

    name: str
    measure: str
    change: Change
    strengths: tuple[float, float, float]


def corrupt(image: Image, corruption: Corruption, strength: str, seed: tuple[int, ...]) -> Image:
    """Return the photo under `corruption`; the same seed gives the same one.

    The three strengths of one seed share their random choices (side of a turn, place in the frame), so that they
    differ in strength alone.
    """
    value = corruption.strengths[STRENGTHS.index(strength)]
    return corruption.change(image, value, np.random.default_rng(seed))


def darken(image: Image, stops: float, rng: np.random.Generator) -> Image:  # noqa: ARG001 - one signature for all
    """Take away light: `stops` halvings of it, as a shorter exposure does."""
    return _expose(image, (-stops,) * 3)


def brighten(image: Image, stops: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    """Add light: `stops` doublings of it; what is brighter than white is lost."""
    return _expose(image, (stops,) * 3)


def tint(image: Image, stops: float, rng: np.random.Generator) -> Image:
    """Cast a colour: red gains `stops` of light and blue loses as many (a lamp), or the other way round (shade)."""
    way = rng.choice((-1.0, 1.0))
    return _expose(image, (-way * stops, 0.0, way * stops))


def _expose(image: Image, stops: tuple[float, float, float]) -> Image:
    """Change the light of the channels B, G, R; pixel values are its 1 / 2.2 power (close to sRGB)."""
    gain = np.array([2.0 ** (value / 2.2) for value in stops])
    table = np.clip(np.rint(np.arange(256)[:, None] * gain), 0, 255).astype(np.uint8)
    return _pixels(cv2.LUT(image, np.ascontiguousarray(table[None])))


def blur(image: Image, percent: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    """Put it out of focus: a Gaussian whose standard deviation is `percent` of the shorter side."""
    return _pixels(cv2.GaussianBlur(image, (0, 0), max(0.1, percent / 100 * min(image.shape[:2]))))


def add_noise(image: Image, deviation: float, rng: np.random.Generator) -> Image:
    """Add Gaussian noise of a standard deviation of `deviation` pixel values, each channel on its own."""
    noise = rng.standard_normal(image.shape, np.float32) * np.float32(deviation)
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


def compress(image: Image, quality: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    """Save it as a JPEG of `quality` (1..100) and read it again."""
    content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])[1]
    return _pixels(cv2.imdecode(content, cv2.IMREAD_COLOR))


def rotate(image: Image, degrees: float, rng: np.random.Generator) -> Image:
    """Turn it about its middle to a random side; the corners fill with mirrored photo."""
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), degrees * rng.choice((-1.0, 1.0)), 1.0)
    return _pixels(cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REFLECT_101))


def shrink(image: Image, percent: float, rng: np.random.Generator) -> Image:
    """Show it at `percent` of the frame's sides, near the middle; around it lie its own colours, without any shape."""
    height, width = image.shape[:2]
    small = cv2.resize(image, _size(width * percent / 100, height * percent / 100), interpolation=cv2.INTER_AREA)
    # A photo of 4 x 4 pixels, enlarged: the light and colours of the scene, but nothing to recognise.
    colours = cv2.resize(image, (4, 4), interpolation=cv2.INTER_AREA)
    frame = _pixels(cv2.resize(colours, (width, height), interpolation=cv2.INTER_LINEAR))
    # At most half way to the edge, so that a rule that crops to the centre still sees it.
    shift = rng.uniform(0.25, 0.75, 2)
    top, left = (int((room - side) * s) for room, side, s in zip(frame.shape, small.shape, shift, strict=False))
    frame[top : top + small.shape[0], left : left + small.shape[1]] = small
    return frame


def squash(image: Image, ratio: float, rng: np.random.Generator) -> Image:
    """Make it `ratio` times wider for its height, or higher for its width; its area stays."""
    height, width = image.shape[:2]
    stretch = ratio ** (0.5 * rng.choice((-1.0, 1.0)))
    return _pixels(cv2.resize(image, _size(width * stretch, height / stretch), interpolation=cv2.INTER_LINEAR))


def fade(image: Image, percent: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    """Take away `percent` of the colour; at 100 it is a grey picture (a night camera)."""
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return _pixels(cv2.addWeighted(grey, percent / 100, image, 1 - percent / 100, 0))


def _size(width: float, height: float) -> tuple[int, int]:
    return max(1, round(width)), max(1, round(height))


def _pixels(image: object) -> Image:
    return np.asarray(image, np.uint8)


CORRUPTIONS = (
    # name, what its strengths are numbers of, function, (mild, moderate, strong)
    Corruption("dark", "stops", darken, (1.0, 2.5, 4.0)),
    Corruption("bright", "stops", brighten, (0.5, 1.0, 2.0)),
    Corruption("blur", "% of side", blur, (0.5, 1.0, 2.0)),
    Corruption("noise", "deviation", add_noise, (10.0, 20.0, 40.0)),
    Corruption("JPEG", "quality", compress, (40.0, 20.0, 10.0)),
    Corruption("rotation", "degrees", rotate, (10.0, 20.0, 40.0)),
    Corruption("small in the frame", "% of frame", shrink, (70.0, 50.0, 35.0)),
    Corruption("squashed", "times", squash, (1.25, 1.5, 2.0)),
    Corruption("grey", "% grey", fade, (50.0, 80.0, 100.0)),
    Corruption("colour cast", "stops", tint, (0.3, 0.6, 1.0)),
)
