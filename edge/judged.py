"""The labelled photos that judge a model: of each DATA folder one split. Evaluation and certificate choose alike."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

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


def only(parts: Sequence[Part], labels: Sequence[str]) -> list[Part]:
    """Return the photos of these labels, and the folders that have any; all of them where no label is given."""
    kept = (part._replace(rows=tuple(row for row in part.rows if not labels or row.label in labels)) for part in parts)
    return [part for part in kept if part.rows]


def check_labels(rows: Sequence[Row | Labelled], labels: Sequence[str]) -> None:
    """Raise InputError when a photo has a label that the model does not know."""
    unknown = sorted({row.label for row in rows} - set(labels))
    if unknown:
        wrong = f"is none of the classes that the model knows: {', '.join(labels)}"
        raise InputError(f"class folder {unknown[0]}", wrong, f"Name it as one of them: --label {unknown[0]}=LABEL")
