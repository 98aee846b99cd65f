"""Photos for the next training, in class folders that `python -m train FOLDER` takes as they are; private to this user.

    FOLDER/cat/0000042-20260501T123000Z-key.jpg          a person has said what it shows
    FOLDER/.unsure/0000007-20260501T123000Z-cat.jpg      nobody has yet; the model's guess stands in the name

What nobody has named lies in a hidden folder: to the trainer every other one would be a class. `catdog review FOLDER`
sorts it.
"""

import time
from functools import cached_property
from math import inf
from pathlib import Path

from edge.errors import InputError
from edge.fit import Image
from edge.labelled import SPLITS
from edge.shelf import Rules, Shelf, is_picture

KNOB = "--keep-mb"
_UNSURE = ".unsure"
_UNSURE_SHARE = 0.2  # of the bound, so that what the model keeps by itself never costs a photo that a person has named
_QUALITY = 95  # of JPEG: what training sees should be the camera's picture, not the encoder's
_LONGEST_BYTES = 100  # of a label: file systems take 255, and the trainer shows it in tables
_FORBIDDEN = set('/\\:*?"<>|')  # in a folder's name on one system or another: photos travel


class Keep:
    """A folder of photos for the next training; several threads may use it at once.

    Args:
        folder: made where it does not exist.
        bound_mb: megabytes (of 1,000,000 bytes) that all photos in it may take; the oldest go first. None goes unless
            it is given.

    Raises:
        CatdogError: nothing can be written there.
    """

    def __init__(self, folder: Path, bound_mb: float = inf) -> None:
        self.folder = folder
        rules = Rules(bound_mb * 1e6, KNOB, _QUALITY, private=True)
        named = rules._replace(bound_bytes=(1 - _UNSURE_SHARE) * rules.bound_bytes, below=True, durable=True)
        self._named = Shelf(folder, named)
        self._unsure_rules = rules._replace(bound_bytes=_UNSURE_SHARE * rules.bound_bytes)

    def keep(self, image: Image, label: str, why: str, time_s: float | None = None) -> Path:
        """Keep a photo as one of a class, any class, and return its path. It is on the disk then.

        Args:
            image: uint8 (height, width, 3), BGR.
            label: the class, in a person's words.
            why: a word for its name: who has said so, "page", "key", "api" ...
            time_s: when it was taken, in seconds since 1970; now, unless given.

        Raises:
            InputError: the label cannot name a class folder.
            CatdogError: it cannot be written.
        """
        return self._named.add(image, time.time() if time_s is None else time_s, why, class_name(label))

    def keep_unsure(self, image: Image, guess: str, time_s: float) -> Path:
        """Keep a photo that nobody has named yet, and return its path; `guess` is the model's."""
        return self._unnamed.add(image, time_s, guess)

    def unsure(self) -> list[Path]:
        """Return the photos that nobody has named yet, the oldest first."""
        return self._unnamed.pictures() if (self.folder / _UNSURE).is_dir() else []

    def named(self) -> list[Path]:
        """Return the photos that lie in class folders, the oldest first."""
        return self._named.pictures()

    def name(self, photo: Path, label: str) -> Path:
        """Move a kept photo to the class that a person says it shows, and return its new path.

        Raises:
            InputError: the label cannot name a class folder.
            CatdogError: it cannot be moved.
        """
        return self._named.adopt(photo, class_name(label))

    def unname(self, photo: Path) -> Path:
        """Move a kept photo back to those that nobody has named, and return its new path."""
        return self._unnamed.adopt(photo)

    def drop(self, photo: Path) -> None:
        """Delete a kept photo.

        Raises:
            CatdogError: it cannot be deleted.
        """
        self._named.remove(photo)

    @cached_property
    def _unnamed(self) -> Shelf:
        return Shelf(self.folder / _UNSURE, self._unsure_rules)


def class_name(label: str) -> str:
    """Return a label as its class folder is called.

    Raises:
        InputError: no folder can be called so, or the trainer would not take it for a class.
    """
    name = label.strip()
    if not name.isascii():
        from unicodedata import normalize

        name = normalize("NFC", name)  # one spelling of an accent, so one folder
    if wrong := _wrong_with(name):
        raise InputError(f"class {label[:_LONGEST_BYTES]!r}", wrong, "Give a plain name, such as cat or red-squirrel")
    return name


def is_kept(path: str) -> bool:
    """True for what may be the path of a kept photo, below the folder of all of them."""
    folder, _, name = path.partition("/")
    return is_picture(name) and (folder == _UNSURE or not _wrong_with(folder))


def _wrong_with(name: str) -> str:
    if not name:
        return "has no name"
    if not name.isprintable() or _FORBIDDEN & set(name) or name.startswith((".", "-")) or name.endswith("."):
        return "cannot be a folder's name"
    if len(name.encode("utf-8", "replace")) > _LONGEST_BYTES:
        return f"is longer than {_LONGEST_BYTES} bytes"
    if any(name.lower() in names for names in SPLITS.values()):
        return "is what a split of a data set is called"
    return ""
