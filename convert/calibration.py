"""The photos that int8 takes its ranges from: few, seeded, balanced, none for testing, fitted as on the device."""

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.errors import CatdogError, InputError, printable
from edge.fit import FitRule, Image, fit
from edge.labelled import Labelled
from edge.photo import read_photo
from edge.record import file_digest

LEAST = 10  # photos below which ranges are guesswork
ENOUGH = 100  # photos from which on ranges are sure
MOST = 500  # photos from which on more change nothing but the time it takes


class Calibration(NamedTuple):
    """The calibration pictures."""

    pictures: Image  # uint8 (photos + 1, height, width, 3); the last one is half black and half white
    digests: dict[Path, str]  # each photo's path -> SHA-256 of its file, in hex
    skipped: tuple[CatdogError, ...]  # photos that could not be read


def choose(photos: Sequence[Labelled], rule: FitRule, count: int, seed: int) -> Calibration:
    """Choose `count` photos, the same number of each class where there are enough.

    Raises:
        InputError: `count` is none from ENOUGH to MOST, or there are fewer than LEAST readable photos. Fewer than
            `count` will do: small data sets exist.
    """
    if not ENOUGH <= count <= MOST:
        wrong = f"is not from {ENOUGH} to {MOST}: of fewer photos the ranges are guesswork, more only take time"
        raise InputError(f"--count {count}", wrong, "Leave it out to take 200")
    fitted: list[Image] = []
    digests: dict[Path, str] = {}
    skipped: list[CatdogError] = []
    for path in _in_turn(photos, seed):
        if len(fitted) == count:
            break
        try:
            picture, digests[path] = fit(read_photo(path), rule), file_digest(path)
            fitted.append(picture)
        except CatdogError as fault:
            skipped.append(fault)
    if len(fitted) < LEAST:
        raise InputError("--calibration", f"has {len(fitted)} readable training photos", f"Give {LEAST} or more")
    # Black and white: only data that span 0..255 make the input exactly uint8 with scale 1 and zero point 0.
    extremes = np.zeros((rule.height, rule.width, 3), np.uint8)
    extremes[: rule.height // 2] = 255
    return Calibration(np.stack([*fitted, extremes]), digests, tuple(skipped))


def _in_turn(photos: Sequence[Labelled], seed: int) -> Iterator[Path]:
    """Yield the training photos, those of each class in an order drawn by the seed, one of every class in turn."""
    shuffled: dict[str, list[Path]] = {}
    for photo in photos:
        if photo.split in (None, "train"):
            shuffled.setdefault(photo.label, []).append(photo.path)
    for label, paths in shuffled.items():
        random.Random(f"{seed} {label}").shuffle(paths)
    while any(shuffled.values()):
        yield from [shuffled[label].pop() for label in sorted(shuffled) if shuffled[label]]


def listing(digests: Mapping[Path, str], folders: Sequence[Path]) -> bytes:
    """Return the calibration photos as `sha256sum --check` reads them, by their paths from the DATA folder on."""
    return "".join(f"{digest}  {_from_data(path, folders)}\n" for path, digest in digests.items()).encode()


def _from_data(path: Path, folders: Sequence[Path]) -> str:
    folder = next(folder for folder in folders if folder in path.parents)
    return printable(Path(folder.resolve().name) / path.relative_to(folder))
