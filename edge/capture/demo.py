"""The demo: a slow camera ride over the public-domain photos in edge/demo/, in real time, without end.

For machines without a camera, and for seeing that all works: each photo is panned and zoomed, then fades into the next.
"""

import time
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from edge.capture.source import Frame, Source
from edge.fit import Image
from edge.photo import find_photos, read_photo

FOLDER = Path(__file__).parents[1] / "demo"
WIDTH, HEIGHT = 480, 360
RATE = 15.0
SHOWN_S = 4.0  # from the beginning of one photo to the beginning of the next
FADE_S = 0.8  # at the end of it
_ZOOM = 0.80  # the closest view, as a share of the widest
# Where a ride starts and ends within the room that the view leaves: (left to right, top to bottom), 0..1.
_RIDES = (((0.9, 0.3), (0.4, 0.4)), ((0.8, 0.4), (0.4, 0.4)), ((0.5, 0.7), (0.5, 0.2)), ((0.3, 0.2), (0.6, 0.6)))


class Demo(Source):
    """The moving picture. The photos are decoded one by one, as they come."""

    live, rate = True, RATE

    def __init__(self, text: str = "demo") -> None:
        self.name = text
        self._photos: list[Path] = []
        self._photo = lru_cache(maxsize=2)(read_photo)  # the one shown, and the one that fades in
        self._started, self._number, self._tick = 0.0, 0, 0

    def open(self) -> None:
        self._photos = list(find_photos(FOLDER))
        self._started, self._number, self._tick = time.monotonic(), 0, 0

    def read(self) -> Frame:
        """Wait until the next frame is due, 15 a second, and return it."""
        now = time.monotonic()
        # A tick that has passed while nobody read is skipped, as a camera would.
        self._tick = max(self._tick + 1, int((now - self._started) * RATE))
        time.sleep(max(0.0, self._started + self._tick / RATE - now))
        self._number += 1
        image = self.render((self._tick - 1) / RATE)
        return Frame(image, self._number, time.monotonic(), self.name)

    def close(self) -> None:
        self._photo.cache_clear()

    def render(self, position_s: float) -> Image:
        """Return the picture at a time of the ride: uint8 (360, 480, 3), BGR. Equal times give equal pictures."""
        index, into_s = divmod(position_s, SHOWN_S)
        picture = self._view(int(index), into_s)
        fading = (into_s - (SHOWN_S - FADE_S)) / FADE_S
        if fading > 0:
            smooth = fading * fading * (3 - 2 * fading)
            following = self._view(int(index) + 1, into_s - SHOWN_S)
            cv2.addWeighted(picture, 1 - smooth, following, smooth, 0, picture)
        return picture

    def _view(self, index: int, into_s: float) -> Image:
        """Return the view on photo `index` (endless), `into_s` seconds from its beginning; negative while fading in."""
        photo = self._photo(self._photos[index % len(self._photos)])
        height, width = photo.shape[:2]
        done = (into_s + FADE_S) / (SHOWN_S + FADE_S)
        near = done if index % 2 else 1 - done  # in and out by turns
        scale = min(width / WIDTH, height / HEIGHT) * (1 - (1 - _ZOOM) * near)
        (x0, y0), (x1, y1) = _RIDES[index % len(_RIDES)]
        left = (width - WIDTH * scale) * (x0 + (x1 - x0) * done)
        top = (height - HEIGHT * scale) * (y0 + (y1 - y0) * done)
        # warpAffine and not a crop: it moves by parts of a pixel, which the eye needs for so slow a ride.
        where = np.array([[scale, 0, left], [0, scale, top]])
        view = cv2.warpAffine(photo, where, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        return view.astype(np.uint8, copy=False)
