"""What the sources that read by OpenCV share: the next picture, written to where it is wanted."""

from collections.abc import Callable

import cv2

from edge.fit import Image


class Pictures:
    """The pictures of a cv2.VideoCapture.

    Args:
        video: open.
    """

    def __init__(self, video: cv2.VideoCapture) -> None:
        self._video = video
        self._shape = (0, 0)

    def retrieve(self, room: Callable[[int, int], Image]) -> Image | None:
        """Return the picture that was grabbed, uint8 (height, width, 3), BGR, in memory of `room` where it fits.

        A picture of another size than the one before gets memory of its own. None where it cannot be decoded.
        """
        if self._shape == (0, 0):
            decoded, image = self._video.retrieve()
        else:
            decoded, image = self._video.retrieve(room(*self._shape))
        if not decoded or image is None:
            return None
        self._shape = image.shape[0], image.shape[1]
        return image  # type: ignore[return-value]  # uint8, BGR: what CONVERT_RGB, the default, means
