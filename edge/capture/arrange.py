"""A source as the user wants to see it: turned, mirrored, cut out; looped, at its own pace."""

import time
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from edge.capture.source import Frame, Settings, Source, resemble
from edge.errors import SourceError
from edge.fit import Image, buffer

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_LEAST_SIDE = 8  # pixels of a region


def arranged(source: Source, settings: Settings) -> Source:
    """Return a source as the settings want it: itself, where they leave it as it is."""
    if not isinstance(source, _Around):  # which has wishes of its own: these come on top
        source.settings = settings
    if settings.rotate or settings.mirror or settings.region:
        source = View(source, settings)
    if settings.loop or settings.real_time:
        source = Paced(source, settings)
    return source


class _Around(Source):
    """A source around another one."""

    name = ""  # the other's

    def __init__(self, source: Source, settings: Settings) -> None:
        self._source, self.settings = source, settings
        self._follow()

    def _follow(self) -> None:
        resemble(self, self._source)

    @property
    def dropped(self) -> int:  # type: ignore[override]
        return self._source.dropped

    def open(self) -> None:
        self._source.say, self._source.room = self.say, self.room
        self._source.open()
        self._follow()

    def close(self) -> None:
        self._source.close()


class View(_Around):
    """A source turned, mirrored and cut out."""

    def open(self) -> None:
        """Open the other one, whose pictures go to memory that is used again: the turned ones are given out."""
        self._source.say, self._source.room = self.say, partial(buffer, {}, "untouched")
        self._source.open()
        self._follow()

    def read(self) -> Frame | None:
        frame = self._source.read()
        return None if frame is None else frame._replace(image=view(frame.image, self.settings, self.room, self.name))


def view(image: Image, settings: Settings, room: Callable[[int, int], Image], name: str = "picture") -> Image:
    """Return a picture uint8 (height, width, 3) turned, mirrored and cut out, in memory of `room`.

    What is cut off is not turned: the region is found in the picture as it was.

    Raises:
        SourceError: the region is smaller than 8 x 8 pixels.
    """
    height, width = image.shape[:2]
    turned = settings.rotate in (90, 270)
    top, bottom, left, right = _region(*((width, height) if turned else (height, width)), settings, name)
    if settings.mirror:
        left, right = (height if turned else width) - right, (height if turned else width) - left
    if settings.rotate == 90:
        part = image[height - right : height - left, top:bottom]
    elif settings.rotate == 180:
        part = image[height - bottom : height - top, width - right : width - left]
    elif settings.rotate == 270:
        part = image[left:right, width - bottom : width - top]
    else:
        part = image[top:bottom, left:right]
    out = room(bottom - top, right - left)
    if settings.rotate:
        cv2.rotate(part, _TURNS[settings.rotate], out)
    if settings.mirror:
        cv2.flip(out if settings.rotate else part, 1, out)
    elif not settings.rotate:
        np.copyto(out, part)
    return out


def _region(height: int, width: int, settings: Settings, name: str) -> tuple[int, int, int, int]:
    """Return top, bottom, left, right in pixels of the turned picture."""
    left, top, wide, high = settings.region or (0.0, 0.0, 1.0, 1.0)
    rows = round(top * height), round((top + high) * height)
    columns = round(left * width), round((left + wide) * width)
    if rows[1] - rows[0] < _LEAST_SIDE or columns[1] - columns[0] < _LEAST_SIDE:
        wrong = f"--region leaves {columns[1] - columns[0]} x {rows[1] - rows[0]} pixels of {width} x {height}"
        raise SourceError(name, wrong, "Choose a larger part")
    return *rows, *columns


class Paced(_Around):
    """A recording that begins again at its end, or gives its frames at the pace at which it was recorded."""

    def __init__(self, source: Source, settings: Settings) -> None:
        super().__init__(source, settings)
        self._number = self._first = 0
        self._began_s: float | None = None

    def _follow(self) -> None:
        super()._follow()
        # At its own pace it is like a camera: whoever is too slow for it sees the newest frame.
        self.live = self.live or self.settings.real_time
        self._recorded = not self._source.live

    def open(self) -> None:
        self._number, self._began_s = 0, None
        super().open()

    def read(self) -> Frame | None:
        frame = self._source.read()
        if frame is None and self.settings.loop and self._number > self._first:
            self._source.close()
            self._source.open()
            self._first, self._began_s = self._number, None
            frame = self._source.read()
        if frame is None:
            return None
        self._number += 1
        now_s = self._wait(frame) if self.settings.real_time and self._recorded else frame.captured_at
        return frame._replace(number=self._number, captured_at=now_s)

    def _wait(self, frame: Frame) -> float:
        position_s, now_s = frame.position_s or 0.0, time.monotonic()
        if self._began_s is None:
            self._began_s = now_s - position_s
        wait_s = self._began_s + position_s - now_s
        if wait_s < -1.0:  # the machine slept: go on from here, and do not race to catch up
            self._began_s = now_s - position_s
        time.sleep(max(0.0, wait_s))
        return time.monotonic()
