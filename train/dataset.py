"""Folders of photos become a table: path, label, split, digest.

A DATA folder holds class folders (`cats/`, `dogs/`), or split folders of class folders (`training_set/cats/`,
`test_set/cats/`). Several DATA merge by class. The digest of a photo's bytes decides where it goes, so that adding
photos moves no old photo from one split to another.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from edge.errors import CatdogError, InputError
from edge.labelled import list_photos
from edge.record import file_digest

JUDGES = ("test", "val", "train")  # the splits: of two photos alike, the one whose split stands first stays


class Photo(NamedTuple):
    """One photo of a data set."""

    path: Path  # where it lies
    label: str  # its class, by the name that people see
    split: str  # "train", "val" or "test"
    digest: str  # SHA-256 of the file's bytes, in hex
    origin: int = 0  # number of the DATA folder that it lies in


class Dataset(NamedTuple):
    """The photos of a run."""

    labels: tuple[str, ...]  # the classes, sorted
    photos: tuple[Photo, ...]  # sorted by digest, so that neither path nor order of DATA changes a run
    skipped: tuple[CatdogError, ...]  # what could not be read, as one-line errors
    left_out: dict[str, int]  # how many photos were left out as copies of another one, by reason
    drawn: bool = True  # the validation photos were drawn from those to learn from

    def part(self, split: str) -> list[Photo]:
        return [photo for photo in self.photos if photo.split == split]

    def digest(self) -> str:
        """Return one SHA-256 over content, label and split of every photo."""
        lines = (f"{photo.digest} {photo.split} {photo.label}\n" for photo in self.photos)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def load(
    folders: Sequence[Path],
    renames: Mapping[str, str],
    *,
    seed: int = 1,
    validation: float = 0.1,
    excluded: Mapping[str, str] | None = None,
    judging: Sequence[Path] = (),
    classes: Sequence[str] = (),
) -> Dataset:
    """Read the table of photos.

    A DATA folder without splits is all training. Where there is no validation split, `validation` of the training
    photos become one, by a seeded hash of their content. A photo that appears twice is kept once: test before
    validation before training, so that no photo is both learned from and judged by.

    Args:
        folders, renames: the DATA folders, and class folder name -> label.
        seed: of the split.
        validation: share of the training photos to validate with, 0..1.
        excluded: digest -> reason, of photos to leave out.
        judging: further DATA folders, all of whose photos are test photos.
        classes: the labels to keep; all where none is given.

    Raises:
        InputError: a folder cannot be used, or fewer than two classes are left.
    """
    rows = _listed(folders, renames, judging, classes)
    has_validation = any(split == "val" for _, _, split, _ in rows)
    skipped: list[CatdogError] = []
    kept: dict[str, Photo] = {}
    left_out: Counter[str] = Counter()
    for path, label, split, origin in rows:
        try:
            digest = file_digest(path)
        except InputError as fault:
            skipped.append(fault)
            continue
        if excluded and digest in excluded:
            left_out["excluded"] += 1
            continue
        side = split or "train"
        if side == "train" and not has_validation and _share(seed, digest) < validation:
            side = "val"
        _keep(Photo(path, label, side, digest, origin), kept, left_out)
    labels = tuple(sorted({photo.label for photo in kept.values()}))
    if len(labels) < 2:
        found = f"only the class {labels[0]!r}" if labels else "no class"
        raise InputError(" ".join(map(str, folders)), f"holds {found}", "Give photos of two or more classes")
    photos = tuple(sorted(kept.values(), key=lambda photo: photo.digest))
    return Dataset(labels, photos, tuple(skipped), dict(left_out), not has_validation)


def _listed(
    folders: Sequence[Path], renames: Mapping[str, str], judging: Sequence[Path], classes: Sequence[str]
) -> list[tuple[Path, str, str | None, int]]:
    """Return path, label, split and number of the DATA folder of the photos of these classes; arguments as `load`'s."""
    rows = [(*row, origin) for origin, folder in enumerate(folders) for row in list_photos([folder], renames)]
    rows += [(path, label, "test", len(folders)) for path, label, _ in list_photos(judging, renames)]
    if renames and (unknown := set(renames) - {parent.name for path, *_ in rows for parent in path.parents}):
        raise InputError(", ".join(sorted(unknown)), "is no class folder, so it cannot be renamed", "Check --label")
    if missing := sorted(set(classes) - {label for _, label, *_ in rows}):
        raise InputError(f"class {missing[0]}", "has no folder", "Check --classes")
    return [row for row in rows if not classes or row[1] in classes]


def _share(seed: int, digest: str) -> float:
    """Return a number in 0..1 that is fixed by content and seed alone."""
    return int.from_bytes(hashlib.sha256(f"{seed} {digest}".encode()).digest()[:8], "big") / 2**64


def _keep(photo: Photo, kept: dict[str, Photo], left_out: Counter[str]) -> None:
    """Put a photo into `kept`; of two with the same content the one that judges stays."""
    twin = kept.get(photo.digest)
    if twin is not None:
        left_out["copy of another photo" if twin.label == photo.label else "same photo in two classes"] += 1
    if twin is None or JUDGES.index(photo.split) < JUDGES.index(twin.split):
        kept[photo.digest] = photo
