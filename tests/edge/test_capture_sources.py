"""Sources beyond cameras, files and addresses; and every source turned, mirrored, cut out, looped and paced."""

import io
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.capture.arrange import arranged, view
from edge.capture.csi import Csi, command
from edge.capture.file import File
from edge.capture.files import Files
from edge.capture.mjpeg import Cutter, Stream
from edge.capture.pattern import Pattern
from edge.capture.source import Settings, anywhere
from edge.errors import SourceError
from tests.clips import BLUE, GREEN, RED, cut, frames_of, jpeg, solid, write_clip
from tests.edge.test_capture import overheard

# Motion JPEG

PICTURES = [jpeg(image) for image in cut(solid(RED, 1, (64, 48)), solid(BLUE, 1, (320, 240)), solid(GREEN, 1, (8, 8)))]


@given(st.lists(st.integers(0, 2), max_size=6), st.lists(st.integers(1, 900), min_size=1, max_size=40))
def test_pictures_are_cut_out_wherever_the_stream_is_torn(order: list[int], sizes: list[int]) -> None:
    between = b"\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n"
    stream = io.BytesIO(b"--frame\r\n\r\n" + between.join(PICTURES[i] for i in order))
    cutter, found, steps = Cutter(), [], cycle(sizes)
    while part := stream.read(next(steps)):
        found += cutter.feed(part)
    assert found == [PICTURES[index] for index in order]


def test_a_thumbnail_in_a_picture_does_not_end_it() -> None:
    inner = PICTURES[2]
    header = b"\xff\xe1" + (len(inner) + 2).to_bytes(2, "big") + inner
    whole = PICTURES[0][:2] + header + PICTURES[0][2:]
    assert list(Cutter().feed(whole)) == [whole]


@contextmanager
def piped(content: bytes) -> Iterator[Stream]:
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe, Stream("pipe", lambda: pipe, live=False) as source:
        yield source


def test_a_stream_gives_its_pictures_and_leaves_out_what_is_damaged() -> None:
    with piped(PICTURES[0] + PICTURES[1][:-100] + PICTURES[1] + PICTURES[2]) as source:
        assert [frame.image.shape[:2] for frame in source] == [(48, 64), (240, 320), (8, 8)]
    assert source.dropped == 1


def test_a_stream_without_pictures_says_so() -> None:
    with piped(b"no pictures at all") as source, pytest.raises(SourceError, match="holds no JPEG"):
        source.read()


# The pattern, patterns of names


def test_the_pattern_moves_in_the_size_and_at_the_rate_that_is_asked_for() -> None:
    source = Pattern()
    source.settings = Settings(size=(160, 120), fps=100)
    with source:
        frames = [source.read() for _ in range(20)]
    assert {frame.image.shape for frame in frames} == {(120, 160, 3)}
    assert not np.array_equal(frames[0].image, frames[-1].image)


def test_every_file_that_fits_comes_in_turn_and_a_bad_one_is_skipped(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.avi", solid(RED, 3))
    (tmp_path / "b.avi").write_bytes(b"no video")
    assert cv2.imwrite(str(tmp_path / "c.png"), next(solid(BLUE, 1)))
    source, said = overheard(Files(str(tmp_path / "*")))
    found = [(Path(frame.source).name, frame.number) for frame in frames_of(source)]
    assert found == [("a.avi", 1), ("a.avi", 2), ("a.avi", 3), ("c.png", 4)]
    assert source.dropped == len(said) == 1


# Turned, mirrored, cut out


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("region", [None, (0.25, 0.0, 0.5, 0.75)])
def test_a_view_is_what_numpy_makes_of_it(rotate: int, mirror: bool, region: tuple[float, ...] | None) -> None:
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    whole = np.rot90(image, -rotate // 90)
    whole = whole[:, ::-1] if mirror else whole
    left, top, wide, high = np.array(region or (0.0, 0.0, 1.0, 1.0)) * (*whole.shape[1::-1], *whole.shape[1::-1])
    expected = whole[round(top) : round(top + high), round(left) : round(left + wide)]
    found = view(image, Settings(rotate=rotate, mirror=mirror, region=region), anywhere)
    assert np.array_equal(found, expected)


# Looped, paced


def test_a_loop_begins_again_and_its_numbers_go_on(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", solid(RED, 3), rate=10)
    with arranged(File(str(path)), Settings(loop=True)) as source:
        frames = list(islice(source, 8))
    assert [frame.number for frame in frames] == list(range(1, 9))
    assert [frame.position_s for frame in frames] == pytest.approx([0, 0.1, 0.2] * 2 + [0, 0.1], abs=1e-3)


def test_real_time_is_the_pace_of_the_recording_and_live(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", solid(RED, 6), rate=20)
    started = time.monotonic()
    with arranged(File(str(path)), Settings(real_time=True)) as source:
        assert source.live
        assert len(list(source)) == 6
    assert time.monotonic() - started >= 5 / 20


# Ribbon-cable cameras, without one


class Picamera2:
    """What picamera2 is, as far as it is used."""

    def __init__(self, number: int) -> None:
        if number:
            raise IndexError("list index out of range")

    def create_video_configuration(self, main: dict, controls: dict) -> tuple:
        return main, controls

    def configure(self, configuration: tuple) -> None:
        self.size = configuration[0]["size"]

    def capture_array(self, _name: str) -> np.ndarray:
        return np.zeros((self.size[1], self.size[0], 3), np.uint8)

    start = close = lambda _: None


def test_a_ribbon_camera_is_read_by_picamera2_where_it_is_there() -> None:
    source = Csi("csi", lambda: SimpleNamespace(Picamera2=Picamera2))
    source.settings = Settings(size=(160, 120))
    with source:
        assert [source.read().image.shape for _ in range(2)] == [(120, 160, 3)] * 2
    with pytest.raises(SourceError, match="cannot be used"):
        Csi("csi:1", lambda: SimpleNamespace(Picamera2=Picamera2)).open()


def test_a_ribbon_camera_is_read_by_a_pipe_else(tmp_path: Path) -> None:
    program = tmp_path / "rpicam-vid"
    (tmp_path / "x.jpg").write_bytes(PICTURES[0])
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\ncat {tmp_path}/x.jpg {tmp_path}/x.jpg\n')
    program.chmod(0o755)
    with Csi("csi:1", lambda: None, lambda _: str(program)) as source:
        assert source.read().image.shape == (48, 64, 3)
        with pytest.raises(SourceError, match="ended: no camera"):
            list(source)
    assert (tmp_path / "words").read_text().split() == command("", 1, Settings())[1:]


def test_a_ribbon_camera_without_either_says_what_to_install() -> None:
    with pytest.raises(SourceError, match="sudo apt install python3-picamera2"):
        Csi("csi", lambda: None, lambda _: None).open()
    assert sys.modules.get("picamera2") is None
