"""Folders of photos become a table: path, label, split, digest.

A DATA folder holds class folders (`cats/`, `dogs/`), or split folders of class folders (`training_set/cats/`,
`test_set/cats/`). Several DATA merge by class. The digest of a photo's bytes decides where it goes, so that adding
photos moves no old photo from one split to another.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from edge.errors import CatdogError, InputError
from edge.photo import FORMATS, is_photo

SPLITS = {
    "train": ("train", "training", "training_set", "train_set"),
    "val": ("val", "valid", "validation", "validation_set", "val_set"),
    "test": ("test", "testing", "test_set"),
}
_SPLIT_OF = {name: split for split, names in SPLITS.items() for name in names}


class Photo(NamedTuple):
    """One photo of a data set.

    Attributes:
        path: where it lies.
        label: its class, by the name that people see.
        split: "train", "val" or "test".
        digest: SHA-256 of the file's bytes, in hex.
    """

    path: Path
    label: str
    split: str
    digest: str


class Dataset(NamedTuple):
    """The photos of a run.

    Attributes:
        labels: the classes, sorted.
        photos: sorted by digest, so that neither path nor order of DATA changes a run.
        skipped: what could not be read, as one-line errors.
        left_out: how many photos were left out as copies of another one, by reason.
    """

    labels: tuple[str, ...]
    photos: tuple[Photo, ...]
    skipped: tuple[CatdogError, ...]
    left_out: dict[str, int]

    def part(self, split: str) -> list[Photo]:
        """Return the photos of one split."""
        return [photo for photo in self.photos if photo.split == split]

    def digest(self) -> str:
        """Return one SHA-256 over content, label and split of every photo."""
        lines = (f"{photo.digest} {photo.split} {photo.label}\n" for photo in self.photos)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def list_photos(folders: Sequence[Path], renames: Mapping[str, str]) -> list[tuple[Path, str, str | None]]:
    """Return (path, label, split or None) of every photo file below class folders, unread, sorted.

    Args:
        folders: the DATA folders.
        renames: class folder name -> label, where people should see another name.

    Raises:
        InputError: a folder is missing, has no class folders, or a class folder holds no photo.
    """
    return [row for folder in folders for row in _list_folder(folder, renames)]


def _list_folder(folder: Path, renames: Mapping[str, str]) -> Iterator[tuple[Path, str, str | None]]:
    inner = _subfolders(folder)
    splits = [path for path in inner if path.name.lower() in _SPLIT_OF]
    if not splits:
        yield from _list_classes(folder, inner, None, renames)
    for path in splits:
        yield from _list_classes(path, _subfolders(path), _SPLIT_OF[path.name.lower()], renames)


def _subfolders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        wrong = "is a file, not a folder of class folders" if folder.exists() else "there is no such folder"
        raise InputError(folder, wrong, "Give a folder such as photos/ with photos/cat/ and photos/dog/ in it")
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as fault:
        raise InputError(folder, f"cannot be listed ({fault.strerror})", "Check its permissions") from None


def _list_classes(
    parent: Path, folders: Sequence[Path], split: str | None, renames: Mapping[str, str]
) -> Iterator[tuple[Path, str, str | None]]:
    if not folders:
        raise InputError(parent, "has no class folders", "Put the photos of each class into a folder of its own in it")
    for folder in folders:
        photos = sorted(path for path in folder.rglob("*") if is_photo(path) and path.is_file())
        if not photos:
            raise InputError(folder, "is a class folder without a photo", f"Put {FORMATS} files into it, or delete it")
        for path in photos:
            yield path, renames.get(folder.name, folder.name), split


def load(
    folders: Sequence[Path],
    renames: Mapping[str, str],
    *,
    seed: int = 1,
    validation: float = 0.1,
    excluded: Mapping[str, str] | None = None,
) -> Dataset:
    """Read the table of photos.

    A DATA folder without splits is all training. Where there is no validation split, `validation` of the training
    photos become one, by a seeded hash of their content. A photo that appears twice is kept once: test before
    validation before training, so that no photo is both learned from and judged by.

    Args:
        folders: the DATA folders.
        renames: class folder name -> label.
        seed: of the split.
        validation: share of the training photos to validate with, 0..1.
        excluded: digest -> reason, of photos to leave out.

    Raises:
        InputError: a folder cannot be used, or fewer than two classes are left.
    """
    rows = list_photos(folders, renames)
    unknown = set(renames) - {path.parent.name for path, _, _ in rows} - _folder_names(rows)
    if unknown:
        raise InputError(", ".join(sorted(unknown)), "is no class folder, so it cannot be renamed", "Check --label")
    has_validation = any(split == "val" for _, _, split in rows)
    skipped: list[CatdogError] = []
    kept: dict[str, Photo] = {}
    left_out: Counter[str] = Counter()
    for path, label, split in rows:
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as fault:
            skipped.append(InputError(path, f"cannot be read ({fault.strerror})", "Check its permissions"))
            continue
        if excluded and digest in excluded:
            left_out["excluded"] += 1
            continue
        side = split or "train"
        if side == "train" and not has_validation and _share(seed, digest) < validation:
            side = "val"
        _keep(Photo(path, label, side, digest), kept, left_out)
    labels = tuple(sorted({photo.label for photo in kept.values()}))
    if len(labels) < 2:
        found = f"only the class {labels[0]!r}" if labels else "no class"
        raise InputError(" ".join(map(str, folders)), f"holds {found}", "Give photos of two or more classes")
    photos = tuple(sorted(kept.values(), key=lambda photo: photo.digest))
    return Dataset(labels, photos, tuple(skipped), dict(left_out))


def _folder_names(rows: Sequence[tuple[Path, str, str | None]]) -> set[str]:
    return {parent.name for path, _, _ in rows for parent in path.parents}


def _share(seed: int, digest: str) -> float:
    """Return a number in 0..1 that is fixed by content and seed alone."""
    return int.from_bytes(hashlib.sha256(f"{seed} {digest}".encode()).digest()[:8], "big") / 2**64


def _keep(photo: Photo, kept: dict[str, Photo], left_out: Counter[str]) -> None:
    """Put a photo into `kept`; of two with the same content the one that judges stays."""
    twin = kept.get(photo.digest)
    if twin is None:
        kept[photo.digest] = photo
        return
    if twin.label != photo.label:
        left_out["same photo in two classes"] += 1
    else:
        left_out["copy of another photo"] += 1
    order = ("test", "val", "train")
    if order.index(photo.split) < order.index(twin.split):
        kept[photo.digest] = photo
