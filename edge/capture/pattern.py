"""A test pattern: colour bars with a moving block, to try a machine or an output without any camera."""

import time

import cv2
import numpy as np

from edge.capture.source import Frame, Source
from edge.fit import Image

_BARS = ((192, 192, 192), (0, 192, 192), (192, 192, 0), (0, 192, 0), (192, 0, 192), (0, 0, 192), (192, 0, 0))  # BGR
_SIZE, _RATE = (640, 480), 15.0


class Pattern(Source):
    """Seven colour bars, a white block that travels from left to right once in four seconds, and the frame's number."""

    live = True

    def __init__(self, text: str = "pattern") -> None:
        self.name = text
        self._bars: Image | None = None
        self._began_s = 0.0
        self._number = self._tick = 0

    def open(self) -> None:
        width, height = self.settings.size or _SIZE
        self.rate = self.settings.fps or _RATE
        colours = np.array(_BARS, np.uint8)[np.arange(width) * len(_BARS) // width]
        self._bars = np.broadcast_to(colours, (height, width, 3)).copy()
        self._began_s, self._number, self._tick = time.monotonic(), 0, 0

    def read(self) -> Frame | None:
        if self._bars is None:
            return None
        now_s = time.monotonic()
        self._tick = max(self._tick + 1, int((now_s - self._began_s) * self.rate))
        time.sleep(max(0.0, self._began_s + self._tick / self.rate - now_s))
        self._number += 1
        image = self.room(self._bars.shape[0], self._bars.shape[1])
        np.copyto(image, self._bars)
        height, width = image.shape[:2]
        side = max(height // 8, 1)
        left = int((self._tick / self.rate / 4 % 1) * (width - side))
        cv2.rectangle(image, (left, height // 2), (left + side, height // 2 + side), (255, 255, 255), -1)
        cv2.putText(image, str(self._tick), (8, height - 8), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
        return Frame(image, self._number, time.monotonic(), self.name)

    def close(self) -> None:
        self._bars = None
