"""A video file of what was seen, with the answers drawn in.

It grows beside its target under a hidden name and takes the target's place when it is finished and proved playable:
an interrupted run leaves a whole video or none. It runs in real time: a live source's gaps are filled with the last
picture, of its surplus frames some are left out.
"""

import os
import re
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import cv2

from edge.board import RESERVE_BYTES, free_bytes
from edge.capture.quiet import hush
from edge.capture.source import DEFAULT_RATE, Source, opencv_can_name
from edge.errors import CatdogError, printable
from edge.files import beside, writing
from edge.fit import Image
from edge.outputs import EndedError, Moment, Output
from edge.outputs.aside import Aside, Wish
from edge.outputs.overlay import annotate

# What OpenCV's wheels can write without a hardware encoder, by the file's suffix.
CODECS = {".mp4": "mp4v", ".mov": "mp4v", ".avi": "MJPG", ".mkv": "mp4v", ".webm": "VP80"}
_CHECK_EVERY = 30  # frames between two looks at the free space
_WAITING = 4  # pictures: more would only use memory
_STALE_S = 60.0  # an unfinished one that has not grown for so long is nobody's
_PATIENCE_S = 30.0  # to finish a long one on a slow card
_LEAST_SIDE = 16  # smaller pictures are padded: encoders refuse them


def make(options: Namespace) -> Output:
    """Return the output of --record."""
    return Recordings(Path(options.record))


class Recordings(Output):
    """A video file for each source of the run: FILE.mp4, FILE-2.mp4 ...

    Each is written in a thread of its own: what one source's file waits for is nothing to the others.

    Raises:
        CatdogError: no video can be written there.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._first = path, Recording(path)
        self._each: list[Aside] = []  # by source
        self._going: list[Aside] = []

    def open(self, sources: Sequence[Source]) -> None:
        """Make one for each source.

        Raises:
            CatdogError: it would take the place of a video that is watched.
        """
        for source in sources:
            if os.path.realpath(self._path) == os.path.realpath(source.name):
                raise CatdogError(self._path, "is what is watched, and would be overwritten", "Choose another")
        others = [self._path.with_stem(f"{self._path.stem}-{number}") for number in range(2, len(sources) + 1)]
        recordings = {self._path: self._first} | {path: Recording(path) for path in others}
        for path, recording in recordings.items():
            name = f"--record {printable(path.name)}" if others else "--record"
            aside = Aside(recording, name, Wish.ALL, pictures=True, most=_WAITING, patience_s=_PATIENCE_S)
            aside.say = self.say
            aside.open(sources)
            self._each.append(aside)
        self._going = list(self._each)

    def write(self, moment: Moment) -> None:
        """Add a picture to its source's video, and say where one has ended before the others."""
        self._each[moment.stream].write(moment)
        over = [one for one in self._going if one.gone]
        self._going = [one for one in self._going if one not in over]
        self.gone = not self._going  # then it is said by who has all outputs together
        for one in [] if self.gone else over:
            self.say(one.lost())

    def finish(self) -> None:
        for one in self._each:
            one.finish()

    def close(self) -> None:
        for one in self._each:
            one.close()

    def lost(self) -> str:
        return "; ".join(filter(None, (one.lost() for one in self._each)))


class Recording(Output):
    """A video file, of the kind that its suffix says.

    Raises:
        CatdogError: no video can be written there.
    """

    def __init__(self, path: Path, free: Callable[[Path], int] = free_bytes) -> None:
        self._path, self._free = path, free
        self._target = Path(os.path.realpath(path))
        self._growing = beside(self._target)
        self._writer: cv2.VideoWriter | None = None
        self._sources: Sequence[Source] = ()
        self._rate, self._size = DEFAULT_RATE, (0, 0)  # frames a second; width, height
        self._frames = self._written = 0
        self._begin_s = 0.0
        self._check()

    def _check(self) -> None:
        if self._target.suffix.lower() not in CODECS:
            raise CatdogError(self._path, "has a suffix that is no video's", f"Use one of {', '.join(CODECS)}")
        folder = self._target.parent
        if not folder.is_dir():
            raise CatdogError(self._path, "cannot be written: its folder does not exist", f"mkdir -p {folder}")
        if not opencv_can_name(self._growing):
            raise CatdogError(self._path, "has a name that OpenCV cannot open", "Choose another")
        with self._at_work():
            if self._target.is_dir():
                raise CatdogError(self._path, "is a folder", "Give a file's name")
            self._growing.touch()  # access(2) does not know of every reason why not
            self._growing.unlink()
            self._tidy_up(folder)

    def _tidy_up(self, folder: Path) -> None:
        """Delete what power cuts have left of earlier ones: nothing plays it, and a service restarts often."""
        ours = re.compile(re.escape(f".{self._target.stem[:100]}.") + "[0-9a-f]{8}" + re.escape(self._target.suffix))
        for path in folder.iterdir():
            if ours.fullmatch(path.name) and time.time() - path.stat().st_mtime > _STALE_S:
                path.unlink()

    def _at_work(self) -> AbstractContextManager[None]:
        return writing(self._path, "cannot be written", "Check its folder, or choose another")

    def open(self, sources: Sequence[Source]) -> None:
        """Know the sources; the file is begun with the first picture, which states the size."""
        self._sources = sources

    def write(self, moment: Moment) -> None:
        """Add a picture, as often as its time asks for."""
        if not moment.fresh:  # there is no new one; what comes next fills the gap
            return
        frame = moment.frame
        now_s = frame.captured_at if frame.position_s is None else frame.position_s
        if self._writer is None:
            self._begin_s = now_s
            self._rate = self._sources[moment.stream].rate
            self._writer = self._begin(frame.image)
        if self._frames % _CHECK_EVERY == 0 and self._free(self._target.parent) < RESERVE_BYTES:
            raise EndedError(self._path, "ends here: the disk is full", "Free some space, or record elsewhere")
        self._frames += 1
        # At most a second's worth: a camera that was away for a night must not fill the disk with one picture.
        due = min(round((now_s - self._begin_s) * self._rate) + 1 - self._written, max(round(self._rate), 1))
        if due > 0:
            picture = _letterbox(annotate(frame.image, moment.verdict, moment.state), self._size)
            for _ in range(due):
                self._writer.write(picture)
            self._written += due
        if due < 0 or due >= max(round(self._rate), 1):  # time jumped: go on from here
            self._begin_s = now_s - (self._written - 1) / self._rate

    def _begin(self, image: Image) -> cv2.VideoWriter:
        hush()
        height, width = (max(_LEAST_SIDE, side - side % 2) for side in image.shape[:2])  # encoders want even sides
        self._size = width, height
        codec = cv2.VideoWriter.fourcc(*CODECS[self._target.suffix.lower()])
        writer = cv2.VideoWriter(str(self._growing), cv2.CAP_FFMPEG, codec, self._rate, self._size)
        if not writer.isOpened():
            self._discard()
            raise EndedError(self._path, "cannot be written", "Check its folder and free space, or use .avi")
        return writer

    def close(self) -> None:
        """Finish the file and give it its name."""
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        try:
            # OpenCV reports no failed write, so the proof is in reading.
            if not _playable(self._growing):
                raise CatdogError(self._path, "could not be finished, so it was removed", "Check the disk's free space")
            with self._at_work():
                self._growing.replace(self._target)
        finally:
            self._discard()

    def _discard(self) -> None:
        with suppress(OSError):
            self._growing.unlink()


def _playable(path: Path) -> bool:
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        return bool(video.isOpened() and video.grab())
    finally:
        video.release()


def _letterbox(image: Image, size: tuple[int, int]) -> Image:
    """Return a picture at the video's size (width, height): as it is, or scaled to fit between black bars."""
    height, width = image.shape[:2]
    if (width, height) == size:
        return image
    scale = min(size[0] / width, size[1] / height)
    inner = max(1, min(size[0], round(width * scale))), max(1, min(size[1], round(height * scale)))
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    fitted = cv2.resize(image, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    right, below = size[0] - inner[0] - left, size[1] - inner[1] - top
    boxed: Image = cv2.copyMakeBorder(fitted, top, below, left, right, cv2.BORDER_CONSTANT)  # type: ignore[assignment]
    return boxed
