"""Pictures that show nothing, and frames that need not be looked at."""

import csv
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edge.capture.file import File
from edge.live.gate import LOOK, SKIP, SLEEP, Gate, Rest, ask, moves
from edge.live.picture import BLACK, DARK, FROZEN, GOOD, Look, light_of, look, thumbnail
from tests.clips import noise, pan, photos

VIDEOS = Path(__file__).parents[3] / "shared" / "videos"


def noisy(level: float, sigma: float, seed: int = 0, size: tuple[int, int] = (480, 640)) -> np.ndarray:
    grey = np.random.default_rng(seed).normal(level, sigma, (*size, 3))
    return np.clip(grey, 0, 255).astype(np.uint8)


def qualities(pictures: Iterable[np.ndarray], rate: float = 5, live: bool = True) -> list[str]:
    """Return what is said of each picture of a stream."""
    state, said = None, []
    for number, image in enumerate(pictures):
        state = look(state, thumbnail(image), number / rate, live)
        said.append(state.quality)
    return said


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (47, 63), (48, 64), (49, 65), (480, 640), (1080, 1920)])
def test_a_thumbnail_is_small_and_grey(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), (200, 100, 50), np.uint8)
    small = thumbnail(image)
    assert small.dtype == np.uint8
    assert small.shape[0] <= min(48, shape[0])
    assert small.shape[1] <= min(64, shape[1])
    assert abs(int(small[0, 0]) - int(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[0, 0])) <= 1
    assert (small == small[0, 0]).all()


@pytest.mark.parametrize(
    ("level", "sigma", "light"),
    [
        (0, 0, BLACK),
        (5, 3, BLACK),
        (14, 5, BLACK),
        (30, 6, DARK),
        (38, 4, DARK),
        (60, 10, GOOD),
        (128, 0, GOOD),
        (250, 3, GOOD),
    ],
)
def test_light_is_told_by_mean_and_deviation(level: float, sigma: float, light: str) -> None:
    assert light_of(thumbnail(noisy(level, sigma))) == light


def test_photos_are_good_and_are_dark_at_a_tenth_of_their_light() -> None:
    for photo in photos():
        assert light_of(thumbnail(photo)) == GOOD
        assert light_of(thumbnail((photo * 0.1).astype(np.uint8))) in (DARK, BLACK)


def test_a_lamp_in_a_dark_room_is_no_covered_lens() -> None:
    room = noisy(8, 3)
    room[:120, :160] = 230
    assert light_of(thumbnail(room)) == GOOD


def test_a_frozen_live_picture_is_said_after_ten_seconds_and_taken_back_at_once() -> None:
    lively = [noisy(100, 4, seed) for seed in range(10)]
    said = qualities([*lively, *[lively[-1]] * 60, noisy(100, 4, 99)])
    first = said.index(FROZEN)
    assert (first - 9) / 5 == pytest.approx(10)
    assert set(said[first:-1]) == {FROZEN}
    assert said[-1] == GOOD


def test_a_still_picture_in_a_recording_is_its_right() -> None:
    assert set(qualities([noisy(100, 4)] * 100, live=False)) == {GOOD}


def test_a_quiet_sensor_is_not_frozen() -> None:
    assert set(qualities(noisy(128, 0.5, seed) for seed in range(100))) == {GOOD}


def test_a_covered_lens_is_said_after_a_second_and_a_dark_flash_is_not() -> None:
    day, night = [noisy(100, 4, seed) for seed in range(10)], [noisy(4, 2, seed) for seed in range(10)]
    assert qualities([*day, *night[:4], *day]) == [GOOD] * 24
    assert qualities([*day, *night, *day]) == [GOOD] * 15 + [BLACK] * 10 + [GOOD] * 5


def test_a_black_picture_without_noise_is_black_and_not_frozen() -> None:
    assert qualities([np.zeros((48, 64, 3), np.uint8)] * 100)[-1] == BLACK


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 90), st.just(3))))
def test_any_picture_can_be_looked_at(image: np.ndarray) -> None:
    small = thumbnail(image)
    assert light_of(small) in (GOOD, BLACK, DARK)
    assert not moves(small, small)


def test_the_covered_part_of_a_real_clip_is_found_and_nothing_else() -> None:
    if not (VIDEOS / "mixed.mp4").exists():
        pytest.skip("mixed.mp4 is not on this machine")
    with (VIDEOS / "mixed.csv").open() as file:
        parts = [(float(row["start_s"]), float(row["end_s"]), row["label"]) for row in csv.DictReader(file)]
    state: Look | None = None
    with File(str(VIDEOS / "mixed.mp4")) as video:
        for frame in video:
            now_s = frame.position_s
            state = look(state, thumbnail(frame.image), now_s, live=True)
            (part,) = [part for part in parts if part[0] <= now_s + 1e-6 < part[1]] or parts[-1:]
            if part[2] != "covered":
                assert state.quality == GOOD, now_s
            elif now_s > part[0] + 1.2:
                assert state.quality == BLACK, now_s


# The gate


def choices(gate: Gate, pictures: Iterable[np.ndarray | None], rate: float = 15) -> tuple[list[str], Rest]:
    rest, said = None, []
    for number, image in enumerate(pictures):
        rest, choice = ask(gate, rest, None if image is None else thumbnail(image), number / rate)
        said.append(choice)
    return said, rest


@pytest.mark.parametrize(
    ("rate", "cap", "looked"), [(30, 10, 100), (30, 20, 200), (30, 29, 290), (30, 60, 300), (30, 0.5, 5), (7, 5, 215)]
)
def test_a_cap_is_reached_and_kept(rate: float, cap: float, looked: int) -> None:
    said, rest = choices(Gate(max_fps=cap), [None] * 301, rate)
    assert said.count(LOOK) == pytest.approx(looked, abs=2)
    assert set(said) <= {LOOK, SKIP}
    assert rest.share == pytest.approx(1 - said.count(LOOK) / 301, abs=0.02)


def test_after_a_pause_the_cap_allows_no_burst() -> None:
    rest, _ = ask(Gate(max_fps=2), None, None, 0.0)
    said = []
    for number in range(30):
        rest, choice = ask(Gate(max_fps=2), rest, None, 100 + number / 30)
        said.append(choice)
    assert said.count(LOOK) <= 3


def test_a_still_scene_is_slept_through_and_motion_wakes_at_once() -> None:
    room = cv2.resize(photos()[2], (320, 240))
    still = list(noise([room] * 150, 4))
    cat = still[-1].copy()
    height, width = cat.shape[:2]
    cat[height // 2 : height * 3 // 4, width // 2 : width * 5 // 8] = 30
    said, rest = choices(Gate(when_moving=True), [*still, cat, *[still[0]] * 5])
    assert said[: 2 * 15] == [LOOK] * 30
    assert said[31:150].count(LOOK) <= 1
    assert said[150:] == [LOOK] * 6
    assert rest.share == pytest.approx(1 - said.count(LOOK) / len(said), abs=0.02)


def test_what_creeps_in_wakes_too() -> None:
    slow = list(pan(photos()[0], 3000))[:600]  # a pixel in 30 frames
    said, _ = choices(Gate(when_moving=True), [*[slow[0]] * 60, *slow])
    assert SLEEP in said[:60]
    assert LOOK in said[90:]


def test_a_noisy_sensor_is_no_motion_and_half_the_picture_is() -> None:
    one, other = (thumbnail(noisy(100, 25, seed)) for seed in (1, 2))
    assert not moves(one, other)
    other[:, :40] += 90
    assert moves(one, other)


def test_another_size_is_another_scene() -> None:
    assert moves(thumbnail(noisy(9, 1)), thumbnail(noisy(9, 1, size=(50, 50))))


def test_a_recording_that_begins_anew_is_looked_at() -> None:
    rest, _ = ask(Gate(max_fps=1), None, None, 100.0)
    rest, choice = ask(Gate(max_fps=1), rest, None, 0.0)
    assert choice == LOOK
    assert rest.total_s == 0.0


def test_with_both_the_picture_is_compared_only_when_it_is_due() -> None:
    said, _ = choices(Gate(max_fps=1, when_moving=True), [photos()[0]] * 150, 15)
    assert said.count(SKIP) == pytest.approx(140, abs=1)
    assert said.count(SLEEP) == pytest.approx(7, abs=1)


def test_somebody_who_waits_for_a_sign_of_life_gets_one_though_nothing_moves() -> None:
    said, _ = choices(Gate(when_moving=True, at_least_s=2.0), [photos()[0]] * 300, 15)
    looks = [number for number, choice in enumerate(said) if choice == LOOK and number > 2 * 15]
    assert [later - earlier for earlier, later in pairwise(looks)] == [30] * (len(looks) - 1)
    assert len(looks) >= 8
