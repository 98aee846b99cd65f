"""Moving pictures for tests: plain colours, and rides over the photos that come with the demo."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from edge.capture.demo import FOLDER
from edge.capture.source import Frame, Source
from edge.fit import Image
from edge.photo import find_photos, read_photo

RED, GREEN, BLUE = (0, 0, 255), (0, 255, 0), (255, 0, 0)  # BGR
CODECS = {".mp4": "mp4v", ".avi": "MJPG"}


def photos() -> list[Image]:
    """Return the demo's photos, uint8 (height, width, 3), BGR."""
    return [read_photo(path) for path in find_photos(FOLDER)]


def solid(colour: tuple[int, int, int], frames: int, size: tuple[int, int] = (64, 48)) -> Iterator[Image]:
    """Yield pictures of one BGR colour; size is (width, height)."""
    for _ in range(frames):
        yield np.full((size[1], size[0], 3), colour, np.uint8)


def pan(photo: Image, frames: int, size: tuple[int, int] = (320, 240)) -> Iterator[Image]:
    """Yield a window of `size` (width, height) that moves over a photo from its left edge to its right one."""
    scale = max(size[0] / photo.shape[1], size[1] / photo.shape[0]) * 1.3
    wide = cv2.resize(photo, None, fx=scale, fy=scale)
    top = (wide.shape[0] - size[1]) // 2
    for number in range(frames):
        left = (wide.shape[1] - size[0]) * number // max(frames - 1, 1)
        yield np.ascontiguousarray(wide[top : top + size[1], left : left + size[0]])


def cut(*clips: Iterable[Image]) -> Iterator[Image]:
    """Yield one clip after the other, without a fade."""
    for clip in clips:
        yield from clip


def noise(clip: Iterable[Image], sigma: float = 12.0, seed: int = 0) -> Iterator[Image]:
    """Yield a clip as a bad sensor sees it: with normal noise of `sigma` grey levels."""
    random = np.random.default_rng(seed)
    for image in clip:
        yield np.clip(image + random.normal(0, sigma, image.shape), 0, 255).astype(np.uint8)


def write_clip(path: Path, clip: Iterable[Image], rate: float = 15.0) -> Path:
    """Write a clip as a video file (.mp4 or .avi) and return its path."""
    writer = None
    for image in clip:
        if writer is None:
            codec = cv2.VideoWriter.fourcc(*CODECS[path.suffix])
            writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, codec, rate, image.shape[1::-1])
        assert writer.isOpened()
        writer.write(image)
    assert writer is not None
    writer.release()
    return path


def frames_of(source: Source) -> list[Frame]:
    with source:
        return list(source)


def jpeg(image: Image) -> bytes:
    encoded, buffer = cv2.imencode(".jpg", image)
    assert encoded
    return buffer.tobytes()
