"""From folders of photos to what a network is fed: the table, the pictures, and a word on what was skipped."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edge.commands import show_progress
from edge.errors import CatdogError, tell
from edge.fit import FitRule
from edge.labelled import parse_renames
from train import cache, dataset, twins
from train.exclusions import read_exclusions

if TYPE_CHECKING:
    from train.feed import Samples


def load_data(options: argparse.Namespace) -> dataset.Dataset:
    """Read the table of photos that the arguments name; no photo is decoded yet."""
    return dataset.load(
        options.data,
        parse_renames(options.label),
        seed=options.seed,
        validation=options.validation,
        excluded=read_exclusions(options.exclusions) if options.exclusions else None,
        judging=options.test,
        classes=options.classes,
    )


def separate(data: dataset.Dataset, rules: Mapping[str, FitRule], cache_folder: Path) -> dataset.Dataset:
    """Return the photos of which none is learned from that resembles one that judges; say what was left out.

    Every photo is decoded here, once: for this, and into the pictures that `samples_of` will ask for, which `rules`
    (split -> how its pictures will be fitted) foretells.
    """
    wanted = [(rule, data.part(split)) for split, rule in rules.items()]
    cache.prepare([(twins.FINGERPRINT, data.photos), *wanted], cache_folder, progress=show_progress("decoding"))
    data = twins.separate(data, cache_folder)
    report_skipped(data.skipped)
    for reason, number in data.left_out.items():
        tell(f"left out: {number} ({reason})")
    return data


def report_skipped(faults: Sequence[CatdogError]) -> None:
    """Say which photos were skipped: the first ten by name."""
    for fault in faults[:10]:
        tell(f"train: skipped {fault}")
    if len(faults) > 10:
        tell(f"train: skipped {len(faults) - 10} more")


def samples_of(data: dataset.Dataset, split: str, rule: FitRule, cache_folder: Path) -> tuple["Samples", list[str]]:
    """Return the fitted pictures of a split, and their labels."""
    from train.feed import Samples

    found = cache.pictures(data.part(split), rule, cache_folder)
    report_skipped(found.skipped)
    labels = [photo.label for photo in found.photos]
    targets = np.eye(len(data.labels), dtype=np.float32)[[data.labels.index(label) for label in labels]]
    origins = np.array([photo.origin for photo in found.photos], np.int64)
    return Samples(found.take, targets.reshape(-1, len(data.labels)), origins), labels
