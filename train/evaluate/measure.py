"""The pass over the photos: each is decoded once, damaged where it is in the sample, fitted, and shown to the model."""

import os
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from edge.errors import CatdogError
from edge.evaluate.answers import check_read
from edge.fit import FitRule, Image, fit
from edge.judged import Row
from edge.photo import read_photo
from edge.quiet import quiet
from train.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from train.evaluate.model import Model, Probabilities

_CHUNK = 32  # photos decoded ahead: with 31 versions each of 224 x 224 pixels, 150 MB


class Answers(NamedTuple):
    """What the model said."""

    rows: tuple[Row, ...]  # the photos that could be read
    probabilities: Probabilities  # float64 (rows, labels)
    sampled: tuple[int, ...]  # positions in `rows` of the photos that were also damaged
    damaged: Probabilities  # float64 (sampled, corruptions, strengths, labels)
    skipped: tuple[CatdogError, ...]  # the photos that could not be read, as one-line errors


def measure(
    model: Model, rows: Sequence[Row], sampled: Collection[int], seed: int, progress: Callable[[int, int], None]
) -> Answers:
    """Show every photo to the model, and those at the positions `sampled` under every corruption too.

    Raises:
        InputError: not one photo could be read.
        ModelError: the model gives no probabilities.
    """
    rule, chosen = model.contract.fit, frozenset(sampled)
    kept: list[Row] = []
    answers: list[Probabilities] = []
    skipped: list[CatdogError] = []

    def prepare(position: int) -> Image | CatdogError:
        return _versions(rows[position], rule, seed if position in chosen else None)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(rows), _CHUNK):
            positions = range(start, min(start + _CHUNK, len(rows)))
            with quiet(2):  # what libpng and others print about damaged files
                prepared = list(pool.map(prepare, positions))
            pictures = {i: found for i, found in zip(positions, prepared, strict=True) if isinstance(found, np.ndarray)}
            skipped += [fault for fault in prepared if isinstance(fault, CatdogError)]
            kept += [rows[i] for i in pictures]
            answers += _ask(model, list(pictures.values()))
            progress(positions.stop, len(rows))
    check_read(rows, skipped)
    where = tuple(i for i, rows_of_one in enumerate(answers) if len(rows_of_one) > 1)
    shape = (len(where), len(CORRUPTIONS), len(STRENGTHS), len(model.contract.labels))
    damaged = np.array([answers[i][1:] for i in where]).reshape(shape)
    return Answers(tuple(kept), np.stack([rows_of_one[0] for rows_of_one in answers]), where, damaged, tuple(skipped))


def _ask(model: Model, pictures: Sequence[Image]) -> list[Probabilities]:
    """Return the probabilities (versions, labels) of each photo's versions, asked for all at once."""
    if not pictures:
        return []
    ends = np.cumsum([len(versions) for versions in pictures])
    return np.split(model.predict(np.concatenate(pictures)), ends[:-1])


def _versions(row: Row, rule: FitRule, seed: int | None) -> Image | CatdogError:
    """Return uint8 (1 or 1 + corruptions x strengths, height, width, 3): the photo as it is, then damaged."""
    try:
        image = read_photo(row.path, hush=False)
    except CatdogError as fault:
        return fault
    pictures = [image] if seed is None else [image, *damage(image, row, seed)]
    return np.stack([fit(picture, rule) for picture in pictures])


def damage(image: Image, row: Row, seed: int) -> Iterator[Image]:
    """Yield the photo under every corruption at every strength, the strengths of one corruption in a row.

    What is random hangs on the photo's name and not on its place in the list: adding photos changes no other one.
    """
    name = zlib.crc32(os.fsencode(row.name))
    for number, corruption in enumerate(CORRUPTIONS):
        for strength in STRENGTHS:
            yield corrupt(image, corruption, strength, (seed, name, number))
