"""Pictures in a folder, named so that they sort by age, with a bound on the disk they use: the oldest go first.

Their names begin with a number: a clock that jumps must not turn old and new around.
"""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import NamedTuple

from edge.board import RESERVE_BYTES, free_bytes
from edge.errors import CatdogError
from edge.files import write_atomically, writing
from edge.fit import Image
from edge.photo import as_jpeg

_OURS = re.compile(r"(\d{7,})-\d{8}T\d{6}Z-[\w-]*\.jpg")  # what may be deleted; nothing else in the folder is touched
_HALF = ".[0-9]*-*T*Z-*.jpg"  # what a power cut leaves of one that was being written


class Rules(NamedTuple):
    """How pictures are kept."""

    bound_bytes: float  # that all of them together may take
    knob: str  # the option that sets the bound
    quality: int = 90  # of the JPEGs, 1..100. At 90, 640 x 480 take 60 to 120 kB
    private: bool = False  # only this user may read them
    durable: bool = False  # a power cut must not lose one that is said to be kept
    below: bool = False  # they lie in folders in the folder, not in itself; hidden folders are others'


class Shelf:
    """A folder of pictures, and of folders of pictures, made where it does not exist; threads may use it at once.

    Raises:
        CatdogError: nothing can be written there.
    """

    def __init__(self, folder: Path, rules: Rules, free: Callable[[Path], int] = free_bytes) -> None:
        self._folder, self._rules, self._free = folder, rules, free
        self._lock = threading.Lock()
        with self._at_work():
            self._make(folder)
            probe = folder / ".catdog"  # access(2) does not know of every reason why not
            probe.touch()
            probe.unlink()
            for place in self._places():
                for half in place.glob(_HALF):
                    half.unlink()

    def pictures(self) -> list[Path]:
        """Return what is kept, the oldest first.

        Raises:
            CatdogError: the folder cannot be listed.
        """
        with self._at_work():
            return [path for _, path in self._ours()]

    def add(self, image: Image, time_s: float, word: str, below: str = "") -> Path:
        """Keep a picture, and return its path.

        Args:
            image: uint8 (height, width, 3), BGR.
            time_s: when it was taken, in seconds since 1970.
            word: the last part of its name.
            below: folder in the folder.

        Raises:
            CatdogError: it cannot be written. Then no other has gone for it.
        """
        jpeg = as_jpeg(image, quality=self._rules.quality)
        with self._lock:
            number = self._make_room(len(jpeg))
            path = self._folder / below / f"{number:07}-{stamp(time_s)}-{plain(word)}.jpg"
            with self._at_work():
                self._make(path.parent)
            write_atomically(path, jpeg, self._rules.durable, 0o600 if self._rules.private else None)
        return path

    def adopt(self, picture: Path, below: str = "") -> Path:
        """Move a picture, of this shelf or another, to become the newest of this one, and return its path.

        Raises:
            CatdogError: it cannot be moved.
        """
        with self._lock, self._at_work():
            self._make(self._folder)
            ours = any(path == picture for _, path in self._ours())
            number = self._make_room(0 if ours else picture.stat().st_size)
            path = self._folder / below / f"{number:07}-{picture.name.partition('-')[2]}"
            self._make(path.parent)
            picture.rename(path)
            _tidy(picture.parent)
        return path

    def _make_room(self, needed: int) -> int:
        """Delete the oldest pictures until one of `needed` bytes fits; return the number of the next one."""
        if needed > self._rules.bound_bytes:
            raise CatdogError(self._rules.knob, f"is too little for one picture of {needed / 1e6:.1f} MB", "Give more")
        with self._at_work():
            self._make(self._folder)  # somebody may have taken it away meanwhile
            if self._free(self._folder) < needed + RESERVE_BYTES:
                raise CatdogError(self._folder, "takes nothing more: the disk is full", "Free some space")
            ours = self._ours()
            sizes = [path.stat().st_size for _, path in ours]
            excess = sum(sizes) + needed - self._rules.bound_bytes
            for (_, path), size in zip(ours, sizes, strict=True):
                if excess <= 0:
                    break
                self.remove(path)
                excess -= size
        return ours[-1][0] + 1 if ours else 1

    def remove(self, picture: Path) -> None:
        """Delete a picture.

        Raises:
            CatdogError: it cannot be deleted.
        """
        with self._at_work():
            picture.unlink()
            if picture.parent != self._folder:
                _tidy(picture.parent)

    def _ours(self) -> list[tuple[int, Path]]:
        """Return number and path of each picture, sorted."""
        paths = (path for place in self._places() for path in place.iterdir())
        return sorted((int(found[1]), path) for path in paths if (found := _OURS.fullmatch(path.name)))

    def _places(self) -> Iterator[Path]:
        """Yield the folders that pictures lie in."""
        if not self._rules.below:
            yield self._folder
            return
        with os.scandir(self._folder) as entries:
            yield from [Path(entry) for entry in entries if entry.is_dir() and not entry.name.startswith(".")]

    def _make(self, folder: Path) -> None:
        """Make a folder where it does not exist; parents are made with the user's own permissions."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(0o700 if self._rules.private else 0o777, exist_ok=True)

    def _at_work(self) -> AbstractContextManager[None]:
        return writing(self._folder, "cannot be written to", "Check its permissions and free space")


def is_picture(name: str) -> bool:
    """True for what a shelf calls its pictures."""
    return _OURS.fullmatch(name) is not None


def _tidy(folder: Path) -> None:
    """Delete a folder that has become empty: the trainer would take it for a class without a photo."""
    with suppress(OSError):  # it is not
        folder.rmdir()


def stamp(time_s: float) -> str:
    """Return seconds since 1970 as they stand in a file's name: 20260501T123000Z."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time_s))


def plain(label: str) -> str:
    """Return a label as it may stand in a file's name."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", label)[:40]
