"""What the sources that read by OpenCV share: a first picture that proves it works, then the next ones."""

import cv2

from edge.capture.source import DEFAULT_RATE, Source
from edge.fit import Image


class Captured(Source):
    """The pictures of a cv2.VideoCapture."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._video: cv2.VideoCapture | None = None
        self._number = 0
        self._shape = (0, 0)

    def _begin(self, video: cv2.VideoCapture) -> bool:
        """Take what was opened; return whether it has a picture, which will be the first to be given out."""
        self._video, self._number, self._shape = video, 0, (0, 0)
        if video.isOpened() and video.grab():
            return True
        self.close()
        return False

    def _next(self) -> Image | None:
        """Return the next picture, uint8 (height, width, 3), BGR, in memory of `room` where it fits.

        A picture of another size than the one before gets memory of its own. None at the end, and where it cannot be
        decoded.
        """
        if self._video is None or not (self._number == 0 or self._video.grab()):
            return None
        into = None if self._shape == (0, 0) else self.room(*self._shape)
        decoded, image = self._video.retrieve() if into is None else self._video.retrieve(into)
        if not decoded or image is None:
            return None
        self._number, self._shape = self._number + 1, (image.shape[0], image.shape[1])
        return image  # type: ignore[return-value]  # uint8, BGR: what CONVERT_RGB, the default, means

    def _stated(self, what: int) -> float:
        assert self._video is not None
        return self._video.get(what)

    def _live_rate(self) -> float:
        """Return the frames a second that it states, where a camera may mean it."""
        rate = self._stated(cv2.CAP_PROP_FPS)
        return rate if 1 <= rate <= 240 else DEFAULT_RATE

    def _position_s(self) -> float:
        return max(0.0, self._stated(cv2.CAP_PROP_POS_MSEC) / 1000)

    def close(self) -> None:
        if self._video is not None:
            self._video.release()
            self._video = None
