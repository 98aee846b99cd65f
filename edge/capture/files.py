"""A pattern of names such as 'clips/*.mp4': every file that fits, one after the other, sorted by name."""

from glob import glob
from pathlib import Path

from edge.capture.file import File
from edge.capture.photos import Photos
from edge.capture.source import Frame, Source
from edge.errors import CatdogError, SourceError, printable
from edge.photo import is_photo


class Files(Source):
    """Videos, photos and folders whose names fit a pattern; what cannot be read is said and skipped.

    The pattern is one as shells know it; ** stands for any number of folders.
    """

    def __init__(self, text: str) -> None:
        self.name, self._text = printable(text), text
        self._left: list[str] = []
        self._one: Source | None = None
        self._number = self._skipped = 0

    def open(self) -> None:
        self._left = sorted(glob(self._text, recursive=True))  # noqa: PTH207 - a Path's glob takes no absolute pattern
        self._number = self._skipped = 0
        if not self._left:
            raise SourceError(self.name, "fits no file", "Check the pattern")

    @property
    def dropped(self) -> int:  # type: ignore[override]
        """Files that could not be read."""
        return self._skipped + (self._one.dropped if self._one else 0)

    def read(self) -> Frame | None:
        """Return the next frame of the file at hand, or the first one of the next."""
        while self._one is not None or self._left:
            try:
                frame = (self._one or self._begin(self._left.pop(0))).read()
            except CatdogError as fault:
                self.say(f"skipped {fault}")
                self._skipped += 1
                frame = None
            if frame is not None:
                self._number += 1
                return frame._replace(number=self._number)
            self._finish()
        return None

    def _begin(self, text: str) -> Source:
        path = Path(text)
        one: Source = Photos(text) if path.is_dir() or is_photo(path) else File(text)
        one.say, one.room, one.settings = self.say, self.room, self.settings
        one.open()
        self._one = one
        return one

    def _finish(self) -> None:
        if self._one is not None:
            self._skipped += self._one.dropped
            self._one.close()
            self._one = None

    def close(self) -> None:
        self._finish()
        self._left = []
