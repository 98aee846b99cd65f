"""Blocks of a page: each is a picture uint8 (height, width, 3), BGR, on white; they are put beside and above others.

Needs OpenCV 5, whose text engine draws real letters (earlier ones drew strokes).
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from edge.fit import Image

Colour = tuple[int, int, int]

INK: Colour = (36, 31, 27)
QUIET: Colour = (112, 102, 93)
PALE: Colour = (246, 242, 240)
# The report's series colours (Okabe and Ito, 2008), which colour-blind readers tell apart; BGR.
SERIES: tuple[Colour, ...] = ((184, 111, 11), (0, 94, 213), (115, 158, 0), (148, 90, 182), (0, 135, 185))


class Type(NamedTuple):
    """Letters, whose size in pixels is about the height of capitals and descenders together; colours are BGR."""

    size: int
    weight: int = 400
    colour: Colour = INK


HEADING = Type(46, 700)
TITLE = Type(28, 650)
TEXT = Type(21, 400, QUIET)
SMALL = Type(16, 400, QUIET)
_LEADING = 1.36  # height of a line, in sizes
_GAP = 12  # pixels between the tiles of a grid


def blank(height: int, width: int, colour: Colour = (255, 255, 255)) -> Image:
    """Return a block of one colour."""
    return np.full((height, width, 3), colour, np.uint8)


def width_of(words: str, kind: Type) -> int:
    """Return the width in pixels of a line of text."""
    return int(cv2.getTextSize((0, 0), words, (0, 0), _font(), kind.size, kind.weight)[2])


def line(words: str, kind: Type, width: int) -> Image:
    """Return a block with one line of text, shortened with an ellipsis where it is wider than `width` pixels."""
    if width_of(words, kind) > width:
        while words and width_of(words + "…", kind) > width:
            words = words[:-1]
        words = words.rstrip() + "…"
    block = blank(round(kind.size * _LEADING), width)
    # The engine breaks lines at the picture's edge by its own rule: draw on a wider one.
    wide = cv2.copyMakeBorder(block, 0, 0, 0, kind.size * 2, cv2.BORDER_REPLICATE)
    cv2.putText(wide, words, (0, round(kind.size * 1.02)), kind.colour, _font(), kind.size, kind.weight)
    return wide[:, :width].astype(np.uint8)


def paragraph(words: str, kind: Type, width: int) -> Image:
    """Return a block with text in as many lines as it needs."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_of(longer, kind) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return above([line(words, kind, width) for words in lines])


def above(blocks: Sequence[Image], gap: int = 0) -> Image:
    """Return the blocks below one another, flush left."""
    width = max(block.shape[1] for block in blocks)
    padded = [_pad(block, block.shape[0] + (gap if i else 0), width, gap if i else 0) for i, block in enumerate(blocks)]
    return np.concatenate(padded, axis=0)


def beside(blocks: Sequence[Image], gap: int = 0) -> Image:
    """Return the blocks in a row, flush with the top."""
    height = max(block.shape[0] for block in blocks)
    spaced = [item for block in blocks for item in (blank(height, gap), _pad(block, height, block.shape[1]))]
    return np.concatenate(spaced[1:], axis=1)


def framed(block: Image, margin: int) -> Image:
    """Return a block with a white margin in pixels."""
    page = blank(block.shape[0] + 2 * margin, block.shape[1] + 2 * margin)
    page[margin:-margin, margin:-margin] = block
    return page


def enlarge(picture: Image, height: int, width: int) -> Image:
    """Resize a picture so that its pixels stay visible as squares of one size."""
    factor = max(-(-height // picture.shape[0]), -(-width // picture.shape[1]), 1)
    squares = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
    return cv2.resize(squares, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def grid(tiles: Sequence[Image], names: Sequence[str], width: int, height: int) -> Image:
    """Return tiles in rows, as large as a block of width x height pixels allows, each with its name below."""
    label = round(SMALL.size * _LEADING)
    sides = []
    for columns in range(1, len(tiles) + 1):
        rows = -(-len(tiles) // columns)
        sides.append((min((width + _GAP) // columns - _GAP, (height + _GAP) // rows - _GAP - label), columns))
    side, columns = max(sides)
    side = max(side, 4)
    cells = [
        above([enlarge(tile, side, side), line(name, SMALL, side)]) for tile, name in zip(tiles, names, strict=True)
    ]
    return above([beside(cells[i : i + columns], _GAP) for i in range(0, len(cells), columns)], _GAP)


def bars(names: Sequence[str], shares: npt.NDArray[np.float32], width: int) -> Image:
    """Return a horizontal bar for each share in 0..1, with its name before and its percentage behind it."""
    kind = Type(24, 500)
    before = min(max(width_of(name, kind) for name in names) + 20, width // 3)
    behind = width_of("100.0 %", kind) + 16
    room = width - before - behind
    rows = []
    for i, (name, share) in enumerate(zip(names, shares, strict=True)):
        bar = blank(34, room, PALE)
        bar[:, : max(2, round(room * float(share)))] = SERIES[i % len(SERIES)]
        rows.append(beside([line(name, kind, before), bar, blank(1, 16), line(f"{share:.1%}", kind, behind - 16)]))
    return above(rows, 16)


def _pad(block: Image, height: int, width: int, top: int = 0) -> Image:
    padded = blank(height, width)
    padded[top : top + block.shape[0], : block.shape[1]] = block
    return padded


def _font() -> "cv2.FontFace":
    return cv2.FontFace("sans")
