"""The first camera that really delivers frames, else the demo: what a beginner's first command shows."""

from collections.abc import Callable, Iterable

from edge.capture.camera import Camera
from edge.capture.demo import Demo
from edge.capture.devices import list_devices
from edge.capture.source import Frame, Source, resemble
from edge.errors import SourceError


def cameras() -> list[Source]:
    """Return the cameras of this machine that look usable, by number."""
    return [Camera(str(device.path)) for device in list_devices() if device.problem is None]


class Auto(Source):
    """Whatever works: the first of the candidates that delivers, else what `fallback` makes."""

    live = again = True

    def __init__(
        self,
        text: str = "auto",
        candidates: Callable[[], Iterable[Source]] = cameras,
        fallback: Callable[[], Source] = Demo,
    ) -> None:
        self.name = text
        self._candidates, self._fallback = candidates, fallback
        self._chosen: Source | None = None
        self._kept: Source | None = None  # a camera that has once delivered: when it is lost, it is waited for

    def open(self) -> None:
        """Open the first candidate that delivers; say which, or why none does."""
        self._chosen = self._kept = self._first_that_opens()
        if self._chosen is None:
            self._chosen = self._prepared(self._fallback())
            self._chosen.open()
            self.say(f"no camera delivers frames (see catdog cameras): showing the {self._chosen.name}")
        resemble(self, self._chosen)

    def _first_that_opens(self) -> Source | None:
        if self._kept is not None:
            self._prepared(self._kept).open()
            return self._kept
        for source in self._candidates():
            try:
                self._prepared(source).open()
            except SourceError as fault:
                self.say(f"passed over {fault}")
            else:
                return source
        return None

    def _prepared(self, source: Source) -> Source:
        source.say, source.room, source.settings = self.say, self.room, self.settings
        return source

    def read(self) -> Frame | None:
        return None if self._chosen is None else self._chosen.read()

    def close(self) -> None:
        if self._chosen is not None:
            self._chosen.close()
            self._chosen = None
