"""The sizes and rates that a camera offers, asked of the kernel (V4L2); numbers are those of <linux/videodev2.h>."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from edge.board import opened
from edge.capture.devices import NODE, Ioctl, system_ioctl

_ENUM_FORMATS, _FORMAT = 0xC0405602, struct.Struct("3I32s5I")
_ENUM_SIZES, _SIZE = 0xC02C564A, struct.Struct("11I")
_ENUM_INTERVALS, _INTERVAL = 0xC034564B, struct.Struct("13I")
_DISCRETE = 1
_MOST = 256  # of anything: a broken driver may count for ever


class Mode(NamedTuple):
    """What a camera can give: four letters such as MJPG, a size, and rates, the highest first, where it says."""

    format: str
    width: int
    height: int
    rates: tuple[float, ...]


def list_modes(path: Path, ioctl: Ioctl = system_ioctl) -> list[Mode]:
    """Return what a camera offers, the largest size first; nothing where it does not say."""
    try:
        with opened(path, NODE) as descriptor:
            modes = [
                Mode(name, width, height, tuple(sorted(_rates(descriptor, ioctl, pixels, width, height), reverse=True)))
                for pixels, name in _formats(descriptor, ioctl)
                for width, height in _sizes(descriptor, ioctl, pixels)
            ]
    except OSError:
        return []
    return sorted(set(modes), key=lambda mode: (-mode.width * mode.height, mode.format))


def _answers(
    descriptor: int, ioctl: Ioctl, request: int, layout: struct.Struct, *question: object
) -> Iterator[tuple[int, ...]]:
    """Yield the kernel's answers, one a number, which stands before the rest of the question, until it has no more."""
    for index in range(_MOST):
        argument = bytearray(layout.pack(index, *question))
        try:
            ioctl(descriptor, request, argument)
        except OSError:
            return
        yield layout.unpack(argument)


def _formats(descriptor: int, ioctl: Ioctl) -> Iterator[tuple[int, str]]:
    for answer in _answers(descriptor, ioctl, _ENUM_FORMATS, _FORMAT, 1, 0, b"", 0, 0, 0, 0, 0):
        letters = struct.pack("<I", answer[4]).decode("ascii", "replace")
        yield answer[4], "".join(letter for letter in letters if letter.isprintable()).strip()


def _sizes(descriptor: int, ioctl: Ioctl, pixels: int) -> Iterator[tuple[int, int]]:
    """Yield width and height; of a range its smallest and largest."""
    for answer in _answers(descriptor, ioctl, _ENUM_SIZES, _SIZE, pixels, *[0] * 9):
        _, _, kind, *numbers = answer
        if kind == _DISCRETE:
            yield numbers[0], numbers[1]
        else:  # min width, max width, step, min height, max height, step
            yield numbers[0], numbers[3]
            yield numbers[1], numbers[4]
            return


def _rates(descriptor: int, ioctl: Ioctl, pixels: int, width: int, height: int) -> Iterator[float]:
    for answer in _answers(descriptor, ioctl, _ENUM_INTERVALS, _INTERVAL, pixels, width, height, *[0] * 9):
        _, _, _, _, kind, *numbers = answer
        if numbers[0] and numbers[1]:
            yield round(numbers[1] / numbers[0], 2)
        if kind != _DISCRETE:
            return


def as_line(modes: list[Mode]) -> str:
    """Return modes as one line: each size with its highest rate, the largest first."""
    best: dict[tuple[int, int], float] = {}
    for mode in modes:
        size = mode.width, mode.height
        best[size] = max(best.get(size, 0.0), max(mode.rates, default=0.0))
    return ", ".join(f"{wide}x{high}" + (f" at {rate:g}/s" if rate else "") for (wide, high), rate in best.items())
