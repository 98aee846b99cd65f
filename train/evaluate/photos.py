"""Which photos are measured: of each folder the asked split, and a stratified sample for the corruptions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.errors import InputError
from edge.labelled import Labelled, list_photos

SPLITS = ("test", "val", "train", "all")


class Row(NamedTuple):
    """A photo to measure: where it lies, its label, and the DATA folder that it came from."""

    path: Path
    label: str
    folder: Path

    @property
    def name(self) -> str:
        """What people call it: its path from the DATA folder on."""
        return str(Path(self.folder.resolve().name) / self.path.relative_to(self.folder))


class Part(NamedTuple):
    """What is measured of a DATA folder: its `split` ("all" for every photo), and whether it is kept for judging."""

    folder: Path
    split: str
    rows: tuple[Row, ...]


def choose(
    folders: Sequence[Path], renames: Mapping[str, str], asked: Mapping[str, str], split: str | None
) -> list[Part]:
    """Return the photos to measure, folder by folder.

    Args:
        folders: the DATA folders; one that is named twice is taken once.
        renames: class folder name -> label, e.g. those of training.
        asked: the same from the command line; they go first, and must name folders that exist.
        split: one of SPLITS; None takes of each folder its test photos, or all where it has no such split.

    Raises:
        InputError: a folder cannot be used or has no photo of the split, or `asked` names no folder.
    """
    parts, classes = [], set()
    for folder in dict.fromkeys(folders):
        found = list_photos([folder], {**renames, **asked})
        classes |= {name for photo in found for name in photo.path.relative_to(folder).parts[:-1]}
        parts.append(_part(folder, found, split))
    if unknown := sorted(set(asked) - classes):
        raise InputError(f"--label {unknown[0]}", "is no class folder, so it cannot be renamed", "Check --label")
    return parts


def _part(folder: Path, found: Sequence[Labelled], split: str | None) -> Part:
    known = {photo.split for photo in found}
    chosen = split or ("test" if "test" in known else "all")
    if chosen != "all" and known == {None}:
        raise InputError(folder, "has no splits in it", "Leave --split out, or write --split all")
    rows = tuple(Row(photo.path, photo.label, folder) for photo in found if chosen in ("all", photo.split))
    if not rows:
        names = ", ".join(sorted(name for name in known if name))
        raise InputError(folder, f"has no {chosen} photos, only {names}", "Choose another --split")
    return Part(folder, chosen, rows)


def check_labels(rows: Sequence[Row], labels: Sequence[str]) -> None:
    """Raise InputError when a photo has a label that the model does not know."""
    unknown = sorted({row.label for row in rows} - set(labels))
    if unknown:
        raise InputError(
            f"class folder {unknown[0]}",
            f"is none of the classes that the model knows: {', '.join(labels)}",
            f"Name it as one of them: --label {unknown[0]}=LABEL",
        )


def sample(rows: Sequence[Row], most: int, seed: int) -> list[int]:
    """Return the sorted positions of at most `most` rows, drawn so that folders and classes keep their shares.

    Each stratum is shuffled and its photos are spread evenly over 0..1; those that come first are taken.
    """
    rng = np.random.default_rng(seed)
    strata: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        strata[str(row.folder), row.label].append(position)
    spread = [
        ((rank + 0.5) / len(stratum), int(position))
        for stratum in strata.values()
        for rank, position in enumerate(rng.permutation(stratum))
    ]
    return sorted(position for _, position in sorted(spread)[:most])
