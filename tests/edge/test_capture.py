"""Sources: what a word means, what each kind gives, and one line for everything that gives no frames."""

import os
import re
import sys
import time
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import pytest

from edge.capture import choose
from edge.capture.auto import Auto
from edge.capture.camera import Camera
from edge.capture.demo import FADE_S, FOLDER, RATE, SHOWN_S, Demo
from edge.capture.devices import Device, Verdict
from edge.capture.file import File
from edge.capture.photos import Photos
from edge.capture.source import Frame, Source
from edge.errors import SourceError
from edge.testing import ScriptedCamera
from tests.clips import BLUE, RED, cut, frames_of, noise, photos, solid, write_clip


def overheard(source: Source) -> tuple[Source, list[str]]:
    """Return a source, and the list that what it says will be in."""
    said: list[str] = []
    source.say = said.append
    return source, said


def main_colour(frame: Frame) -> int:
    """Return the strongest channel of a frame: 0 blue, 1 green, 2 red."""
    return int(frame.image.mean(axis=(0, 1)).argmax())


# What a word means


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("auto", "Auto"),
        ("pattern", "Pattern"),
        ("-", "Stdin"),
        ("csi:1", "Csi"),
        ("camera:HD Cam", "Camera"),
        ("clips/*.mp4", "Files"),
        ("demo", "Demo"),
        ("0", "Camera"),
        ("12", "Camera"),
        ("/dev/video0", "Camera"),
        ("/dev/v4l/by-id/usb-cam-index0", "Camera"),
        ("http://host/x.mjpg", "Network"),
        ("RTSP://host/x", "Network"),
        ("cat.JPG", "Photos"),
        ("tests", "Photos"),
        ("clip.mp4", "File"),
        ("demo.mp4", "File"),
        ("x" * 5000, "File"),
    ],
)
def test_a_word_means_a_kind_of_source(word: str, kind: str) -> None:
    assert type(choose(word)).__name__ == kind


@pytest.mark.parametrize("word", ["demo", "0", "http://host/x", "tests", "clip.mp4", "auto"])
def test_any_source_may_be_closed_twice_and_before_it_is_open(word: str) -> None:
    source = choose(word)
    source.close()
    source.close()


# Files


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_file_gives_every_frame_in_order(tmp_path: Path, suffix: str) -> None:
    path = write_clip(tmp_path / f"clip{suffix}", cut(solid(RED, 7), solid(BLUE, 5)), rate=10)
    source = File(str(path))
    frames = frames_of(source)
    assert [main_colour(frame) for frame in frames] == [2] * 7 + [0] * 5
    assert [frame.number for frame in frames] == list(range(1, 13))
    assert [frame.position_s for frame in frames] == pytest.approx([n / 10 for n in range(12)], abs=1e-3)
    assert frames[0].image.shape == (48, 64, 3)
    assert frames[0].image.dtype == np.uint8
    assert (source.rate, source.live, source.dropped) == (10, False, 0)
    assert frames[0].source == str(path)


# The second is how macOS names its screen recordings, with U+202F before "AM".
@pytest.mark.parametrize("name", ["http:cat@home%d.avi", "9.41.00\u202fAM.avi"])
def test_a_file_of_any_name_can_be_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write_clip(tmp_path / name, solid(RED, 3))
    monkeypatch.chdir(tmp_path)
    source = File(name)
    assert len(frames_of(source)) == len(frames_of(source)) == 3


def broken(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def refusal(path: object) -> str:
    with pytest.raises(SourceError) as fault:
        File(str(path)).open()
    return str(fault.value)


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [
        ("text.mp4", b"<html>no video</html>" * 50, "is no video"),
        ("notes.txt", b"hello\n" * 100, "is text, not a video"),
        ("noise.avi", np.random.default_rng(1).bytes(5000), "is no video"),
        ("head.avi", b"RIFF\x00\x10\x00\x00AVI LIST", "is no video"),
        ("\udcff.mp4", b"x", "name that OpenCV cannot open"),  # it is not UTF-8
    ],
)
def test_what_is_no_video_is_refused(tmp_path: Path, name: str, content: bytes, wrong: str) -> None:
    assert wrong in refusal(broken(tmp_path, name, content))


def test_half_an_mp4_is_refused(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.mp4", noise(solid(RED, 20))).read_bytes()
    assert "is no video" in refusal(broken(tmp_path, "half.mp4", whole[:-2000]))


@pytest.mark.parametrize("name", ["not there.mp4", "x" * 5000, "no/such/folder/x.mp4"])
def test_a_file_that_is_not_there_is_refused(name: str) -> None:
    assert re.search("there is no such file|cannot be read", refusal(name))


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    assert "neither a file nor a folder" in refusal(tmp_path / "pipe.mp4")


# Photos


def test_photos_come_once_each_sorted_and_a_bad_one_is_said_and_skipped(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    for name in ("c.jpg", "below/a.png"):
        assert cv2.imwrite(str(tmp_path / name), next(solid(RED, 1)))
    bad = broken(tmp_path, "b.jpg", b"no photo")
    source, said = overheard(Photos(str(tmp_path)))
    found = [(frame.source, frame.number) for frame in frames_of(source)]
    assert found == [(str(tmp_path / "c.jpg"), 1), (str(tmp_path / "below/a.png"), 2)]
    assert source.dropped == len(said) == 1
    assert str(bad) in said[0]


# The demo


PHOTOS = list(FOLDER.glob("*.jpg"))


@pytest.fixture
def demo() -> Demo:
    demo = Demo()
    demo.open()
    return demo


def test_the_demo_is_calm_in_between_and_fades_from_photo_to_photo(demo: Demo) -> None:
    rides = [demo.render(SHOWN_S * index + 0.5) for index in range(len(PHOTOS))]
    assert all(image.shape == (360, 480, 3) and image.dtype == np.uint8 for image in rides)
    # A view on each photo, all different; the next frame is nearly the same; after the last comes the first again.
    apart = [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(rides, rides[1:] + rides[:1], strict=True)]
    assert min(apart) > 20
    step = demo.render(0.5 + 1 / RATE).astype(int) - demo.render(0.5)
    assert 0 < np.abs(step).mean() < 12
    middle = demo.render(SHOWN_S - FADE_S / 2).astype(int)
    both = (demo.render(SHOWN_S - FADE_S - 1e-6).astype(int) + demo.render(SHOWN_S)) / 2
    assert np.abs(middle - both).mean() < 20


def test_the_demo_leaves_no_black_edge(demo: Demo) -> None:
    # Photo 2 is a bright meadow up to its borders; a view beyond them would show black there.
    for position_s in np.linspace(SHOWN_S, 2 * SHOWN_S - FADE_S, 20):
        picture = demo.render(float(position_s))
        assert min(picture[0].mean(), picture[-1].mean(), picture[:, 0].mean(), picture[:, -1].mean()) > 20


def test_the_demo_begins_again_after_the_last_photo(demo: Demo) -> None:
    assert np.array_equal(demo.render(0.5), demo.render(0.5 + SHOWN_S * len(PHOTOS)))


def test_the_demo_keeps_time() -> None:
    with Demo() as source:
        started = time.monotonic()
        frames = [source.read() for _ in range(8)]
        took_s = time.monotonic() - started
    assert took_s >= 7.5 / RATE
    assert [frame.number for frame in frames] == list(range(1, 9))
    assert source.live


def test_the_demo_is_small_and_says_where_its_photos_are_from() -> None:
    assert sum(path.stat().st_size for path in PHOTOS) < 500_000
    notice = (FOLDER / "README.md").read_text("utf-8")
    assert [path.name for path in PHOTOS if path.name not in notice] == []
    assert all(max(image.shape[:2]) <= 480 for image in photos())


# Cameras, without one


class FakeCamera:
    """What cv2.VideoCapture is for a camera: gives so many frames, then none."""

    def __init__(self, frames: int = 10**9, opens: bool = True) -> None:
        self.left, self.opens, self.released = frames, opens, False

    def __call__(self, where: object, _backend: int) -> Self:
        self.where = where
        return self

    def isOpened(self) -> bool:  # noqa: N802
        return self.opens

    def grab(self) -> bool:
        self.left -= 1
        return self.left >= 0

    def retrieve(self, into: np.ndarray | None = None) -> tuple[bool, np.ndarray]:
        return True, np.zeros((48, 64, 3), np.uint8) if into is None else into

    def get(self, _what: int) -> float:
        return 30.0

    def release(self) -> None:
        self.released = True


def fine(_path: Path) -> Verdict:
    return Verdict()


@pytest.mark.skipif(sys.platform != "linux", reason="device nodes are Linux's")
def test_a_camera_gives_frames_until_it_is_pulled_out(tmp_path: Path) -> None:
    node, fake = broken(tmp_path, "video3", b""), FakeCamera(frames=3)
    link = tmp_path / "by-id"
    link.symlink_to(node)
    with Camera(str(link), fake, fine) as camera:
        assert (camera.live, camera.rate, fake.where) == (True, 30, str(node))
        assert [camera.read().number for _ in range(3)] == [1, 2, 3]
        with pytest.raises(SourceError, match="stopped delivering after 3 frames"):
            camera.read()
    assert fake.released


@pytest.mark.parametrize("fake", [FakeCamera(opens=False), FakeCamera(frames=0)])
def test_a_camera_that_delivers_nothing_is_refused_and_released(tmp_path: Path, fake: FakeCamera) -> None:
    camera = Camera(str(broken(tmp_path, "video0", b"")), fake, fine)
    with pytest.raises(SourceError, match="delivers no picture"):
        camera.open()
    assert fake.released


def test_a_camera_that_is_not_there_names_those_that_are() -> None:
    there = Device(Path("/dev/video2"), "HD Cam", None, None, "", camera=True)
    metadata = there._replace(path=Path("/dev/video3"), camera=False)
    for found, said in (([there, metadata], r"Found: /dev/video2 \(HD Cam\)\. Choose"), ([], "no camera at all. Plug")):
        with pytest.raises(SourceError, match=said):
            Camera("97", FakeCamera(), fine, lambda found=found: found).open()


def test_a_camera_that_may_not_be_used_says_why(tmp_path: Path) -> None:
    node = broken(tmp_path, "video0", b"")
    with pytest.raises(SourceError, match=r"is busy.*Close"):
        Camera(str(node), FakeCamera(), lambda _: Verdict("is busy", "Close it")).open()


def test_auto_takes_the_first_camera_that_delivers_and_says_what_it_passed_over() -> None:
    first, second, third = ScriptedCamera("refuse", name="camera 0"), ScriptedCamera(1, live=True), ScriptedCamera(1)
    source, said = overheard(Auto("auto", lambda: [first, second, third], Demo))
    with source:
        assert source.name == source.read().source == "script"
    assert second.closed
    assert not third.opened
    (passed_over,) = said
    assert "camera 0" in passed_over


def test_auto_shows_the_demo_where_there_is_no_camera() -> None:
    source, said = overheard(Auto("auto", list, Demo))
    with source:
        assert (source.name, source.read().number, source.live) == ("demo", 1, True)
    assert "no camera" in said[0]
