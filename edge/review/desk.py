"""Photos on a desk, one after the other: named, skipped, deleted, and each of that taken back."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from edge.keep import Keep


class Photo(NamedTuple):
    """One photo: where it lies now, its class (None while nobody has named it), whether it is to be deleted."""

    path: Path
    label: str | None
    gone: bool = False


class Desk:
    """Photos that are worked through: those that nobody has named, then those of class folders.

    What is deleted goes at the end, by `close`: until then it can be taken back.

    Attributes:
        place: the number of the photo on top: 0, 1, 2 ...
    """

    def __init__(self, keep: Keep, unnamed: Sequence[Path], named: Sequence[Path] = ()) -> None:
        self._keep = keep
        self._photos = [Photo(path, None) for path in unnamed] + [Photo(path, path.parent.name) for path in named]
        self.place = 0
        self._before: list[tuple[int, Photo]] = []  # what was done: to which one, and how it was

    def __len__(self) -> int:
        return len(self._photos)

    @property
    def top(self) -> Photo | None:
        """The photo to decide on; None when there is no more."""
        return self._photos[self.place] if self.place < len(self._photos) else None

    def name(self, label: str) -> Path:
        """Put the photo on top into a class, and return its new path.

        Raises:
            InputError: the label cannot name a class folder.
            CatdogError: it cannot be moved. It stays on top.
        """
        photo = self._photos[self.place]
        path = photo.path if photo.label == label else self._keep.name(photo.path, label)
        self._next(Photo(path, path.parent.name))
        return path

    def drop(self) -> None:
        """Have the photo on top deleted."""
        self._next(self._photos[self.place]._replace(gone=True))

    def skip(self) -> None:
        """Leave the photo on top as it is."""
        self._next(self._photos[self.place])

    def undo(self) -> bool:
        """Take back what was done last, and return whether there was anything.

        Raises:
            CatdogError: the photo cannot be moved back.
        """
        if not self._before:
            return False
        at, before = self._before.pop()
        now = self._photos[at]
        if before.label is None and now.label is not None:
            before = before._replace(path=self._keep.unname(now.path))
        elif before.label is not None and before.label != now.label:
            before = before._replace(path=self._keep.name(now.path, before.label))
        self.place, self._photos[at] = at, before
        return True

    def close(self) -> int:
        """Delete what is to be deleted, and return how many photos that were.

        Raises:
            CatdogError: one cannot be deleted.
        """
        gone = [number for number, photo in enumerate(self._photos) if photo.gone]
        for number in gone:
            self._keep.drop(self._photos[number].path)
            self._photos[number] = self._photos[number]._replace(gone=False)
        return len(gone)

    def count(self) -> int:
        """Return how many photos were named here so far."""
        return sum(self._photos[at].label != before.label for at, before in self._before)

    def _next(self, now: Photo) -> None:
        self._before.append((self.place, self._photos[self.place]))
        self._photos[self.place] = now
        self.place += 1
