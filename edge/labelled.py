"""Folders of labelled photos: class folders, or splits of class folders. Read alike by trainer, converter and bench."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from edge.errors import InputError
from edge.photo import FORMATS, is_photo

SPLITS = {
    "train": ("train", "training", "training_set", "train_set"),
    "val": ("val", "valid", "validation", "validation_set", "val_set"),
    "test": ("test", "testing", "test_set"),
}
_SPLIT_OF = {name: split for split, names in SPLITS.items() for name in names}


class Labelled(NamedTuple):
    """A photo file and what its folders say of it."""

    path: Path  # where it lies
    label: str  # its class, by the name that people see
    split: str | None  # "train", "val" or "test"; None where the folders name no split


def list_photos(folders: Sequence[Path], renames: Mapping[str, str]) -> list[Labelled]:
    """Return every photo file below class folders, unread, sorted.

    Args:
        folders: the DATA folders.
        renames: class folder name -> label, where people should see another name.

    Raises:
        InputError: a folder is missing, has no class folders, or a class folder holds no photo.
    """
    return [row for folder in folders for row in _list_folder(folder, renames)]


def _list_folder(folder: Path, renames: Mapping[str, str]) -> Iterator[Labelled]:
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
) -> Iterator[Labelled]:
    if not folders:
        raise InputError(parent, "has no class folders", "Put the photos of each class into a folder of its own in it")
    for folder in folders:
        photos = sorted(path for path in folder.rglob("*") if is_photo(path) and path.is_file())
        if not photos:
            raise InputError(folder, "is a class folder without a photo", f"Put {FORMATS} files into it, or delete it")
        for path in photos:
            yield Labelled(path, renames.get(folder.name, folder.name), split)


def parse_renames(options: Sequence[str]) -> dict[str, str]:
    """Return {"cats": "cat"} for ["cats=cat"], as `--label cats=cat` gives it."""
    renames = {}
    for option in options:
        folder, equals, label = option.partition("=")
        if not (folder and equals and label.strip()):
            raise InputError(f"--label {option}", "is not FOLDER=LABEL", "Write for instance --label cats=cat")
        renames[folder] = label.strip()
    return renames
