"""Draw an answer onto its picture: what window and recording share."""

import cv2
import numpy as np

from edge.classifier import Answer
from edge.errors import printable
from edge.fit import Image
from edge.live.steady import Verdict
from edge.outputs import LIVE

_FONT = cv2.FONT_HERSHEY_DUPLEX
_WHITE = (255, 255, 255)
# By the label's place in the model, as in the terminal: cyan, yellow, magenta, green, blue, red; BGR.
_COLOURS = ((235, 206, 80), (60, 200, 250), (220, 120, 230), (110, 210, 90), (250, 150, 90), (90, 90, 240))
_SHADE = 0.35  # how much of the picture is left below the writing


def annotate(image: Image, answer: Answer | Verdict, state: str = LIVE) -> Image:
    """Return a copy of a picture with the answer on it: label, probability and a bar.

    Args:
        image: uint8 (height, width, 3), BGR; any size, even too small to write on.
        answer: what it shows, or the verdict.
        state: anything but LIVE is said, as the answer then is none of now.
    """
    drawn = image.copy()
    height, width = drawn.shape[:2]
    band = min(max(height // 9, 22), height)
    below = drawn[height - band :]
    np.multiply(below, _SHADE, out=below, casting="unsafe")
    labels = list(answer.probabilities)
    current = state == LIVE and answer.label in labels
    colour = _COLOURS[labels.index(answer.label) % len(_COLOURS)] if current else _WHITE
    text = f"{printable(answer.label)} {answer.probability:.0%}"
    text = text if state == LIVE else f"{state}: {text}"
    margin, baseline = band // 4, height - round(band * 0.38)
    scale = _scale(text, round(band * 0.42), width - 2 * margin)
    cv2.putText(drawn, text, (margin, baseline), _FONT, scale, _WHITE, 1, cv2.LINE_AA)
    top, end = height - max(band // 6, 3), round(width * min(max(answer.probability, 0.0), 1.0))
    cv2.rectangle(drawn, (0, top), (max(end - 1, 0), height - 1), colour, cv2.FILLED)
    return drawn


def veil(drawn: Image, text: str) -> Image:
    """Return a dark copy of a picture that was drawn before, so that nobody takes it for one of now, and why it is."""
    dark: Image = np.multiply(drawn, _SHADE).astype(np.uint8)
    height, width = dark.shape[:2]
    scale = _scale(text, max(height // 16, 8), round(width * 0.9))
    cv2.putText(dark, text, (width // 20, height // 2), _FONT, scale, _WHITE, 1, cv2.LINE_AA)
    return dark


def _scale(text: str, height: int, room: int) -> float:
    """Return the font's scale at which capitals are `height` high and the text fits into `room` pixels."""
    (wide, high), _ = cv2.getTextSize(text, _FONT, 1.0, 1)
    return min(height / max(high, 1), max(room, 1) / max(wide, 1))
