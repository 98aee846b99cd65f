"""Photos: each once, sorted by path; what cannot be read is said and skipped."""

import time
from collections.abc import Iterator
from pathlib import Path

from edge.capture.source import Frame, Source
from edge.errors import InputError, printable
from edge.photo import find_photos, read_photo


class Photos(Source):
    """A photo, or every photo below a folder; its frames are a second apart, so that a recording can be watched."""

    def __init__(self, text: str) -> None:
        self.path = Path(text)
        self.name = printable(text)
        self._left: Iterator[Path] = iter(())
        self._number = 0

    def open(self) -> None:
        self._left, self._number, self.dropped = find_photos(self.path), 0, 0

    def read(self) -> Frame | None:
        """Return the next photo that can be read, named by its own path; None after the last."""
        for path in self._left:
            try:
                image = read_photo(path)
            except InputError as fault:
                self.dropped += 1
                self.say(f"skipped {fault}")
                continue
            self._number += 1
            return Frame(image, self._number, time.monotonic(), printable(path), self._number - 1.0)
        return None

    def close(self) -> None:
        self._left = iter(())
