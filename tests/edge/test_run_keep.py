"""`catdog run --keep`: keys in a terminal, frames that the model hesitates over, and a terminal given back."""

import os
import re
import signal
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.classifier import Answer
from edge.keep import Keep
from edge.live.picture import DARK
from edge.live.steady import UNSURE, Verdict, raw
from edge.outputs import Moment
from edge.outputs.unsure import Unsure, choose, hesitates
from edge.testing import Still, moment
from tests.clips import BLUE, GREEN, RED, cut, noise, solid, write_clip
from tests.conftest import Command, one_line
from tests.edge.test_run import wait_until
from tests.typist import SOON_S, needs_dash, typist


def unsure(first: float = 0.55, **beside: object) -> Moment:
    made = moment(**beside)  # type: ignore[arg-type]
    answer = Answer("red", first, {"red": first, "green": 1 - first, "blue": 0.0}, 1.0)
    return made._replace(answer=answer, verdict=beside.get("verdict") or raw(answer))  # type: ignore[arg-type]


def scene(seed: int) -> np.ndarray:
    """Return a picture of large patches, 120 x 160."""
    patches = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    return patches.repeat(20, 0).repeat(20, 1)


# Which frames


@pytest.mark.parametrize(
    ("what", "so"),
    [
        (unsure(0.55), True),
        (unsure(0.71), False),
        (unsure(0.95), False),
        (unsure(0.95, verdict=Verdict("green", 0.8, {})), True),
        (unsure(0.95, verdict=Verdict(UNSURE, 0.8, {})), False),
        (unsure(0.55, state="stale"), False),
        (unsure(0.55, state="asleep"), False),
        (unsure(0.55, picture=DARK), False),
        (moment(labels=("red", "green"))._replace(answer=Answer("red", 1.0, {"red": 1.0}, 1.0)), False),
    ],
)
def test_a_close_or_contradicting_answer_to_a_good_fresh_frame_is_a_hesitation(what: Moment, so: bool) -> None:
    assert hesitates(what) == so


def test_of_pictures_alike_one_is_kept_and_light_alone_makes_none_new() -> None:
    rng = np.random.default_rng(0)
    past, kept = choose(None, 0.0, scene(1))
    assert kept
    for number in range(1, 50):
        noisy = np.clip(scene(1).astype(int) * 0.9 + 10 + rng.integers(-9, 10, (120, 160, 3)), 0, 255)
        past, kept = choose(past, number * 100.0, noisy.astype(np.uint8))
        assert not kept, number
    assert choose(past, 6000.0, scene(2))[1]


@given(st.lists(st.floats(0, 30), min_size=1, max_size=300))
def test_they_are_few_whatever_comes(pauses: list[float]) -> None:
    past, now_s, kept_at = None, 0.0, []
    for number, pause_s in enumerate(pauses):
        now_s += pause_s
        past, kept = choose(past, now_s, scene(number))
        kept_at += [now_s] * kept
    assert kept_at, "the first one always"
    assert all(later - sooner >= 1 for sooner, later in pairwise(kept_at))
    assert len(kept_at) <= 8 + (now_s / 60) + 1
    assert len(past.signatures) <= 32


def test_they_are_written_aside_by_what_the_model_thinks_of(tmp_path: Path) -> None:
    keep = Keep(tmp_path)
    output = Unsure(keep)
    output.open([Still(live=False)])
    for number in range(3):
        output.write(unsure(0.55, image=scene(number), position_s=10.0 * number, time_s=1777638600.0))
        output.write(unsure(0.99, image=scene(number + 50), position_s=10.0 * number))
    output.close()
    assert [path.name for path in keep.unsure()] == [f"000000{n}-20260501T123000Z-red.jpg" for n in (1, 2, 3)]
    assert output.lost() == ""


# As people use it


def test_a_clip_leaves_what_was_hard_about_it(command: Command, model: Path, tmp_path: Path) -> None:
    between = tuple((np.array(RED) + np.array(GREEN)) // 2)
    scenes = noise(cut(solid(RED, 20), solid(between, 20), solid(BLUE, 20)), 5)
    clip = write_clip(tmp_path / "clip.avi", scenes, rate=10)
    command("edge", "run", clip, "--model", model, "--keep", tmp_path / "photos", "--keep-unsure")
    keep = Keep(tmp_path / "photos")
    assert 1 <= len(keep.unsure()) <= 6
    assert keep.named() == []


def test_what_cannot_be_kept_is_said_before_it_starts(command: Command, model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = ("edge", "run", "demo", "--model", model)
    assert "--keep-unsure: needs a folder" in one_line(command(*run, "--keep-unsure", expect=2))
    assert "cannot be written to" in one_line(command(*run, "--keep", tmp_path / "file" / "x", expect=2))


def test_without_a_terminal_no_key_is_waited_for(command: Command, model: Path, tmp_path: Path) -> None:
    words = ("demo", "--frames", 2, "--model", model, "--keep", tmp_path / "photos")
    said = command("edge", "run", *words).stderr
    assert "keep this frame" not in said
    assert "--keep: keeps nothing here" in said
    assert "keeps nothing" not in command("edge", "run", *words, "--keep-unsure").stderr


@needs_dash
def test_keys_keep_frames_and_ctrl_z_and_ctrl_c_work_as_ever(model: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    with typist() as person:
        person.types(f"{sys.executable} -m edge run demo --model {model} --keep {photos}\n")
        person.reads("keep this frame as: 1 red, 2 green, 3 blue")
        person.types("2", "kept as green: ")
        person.types("x", "keep this frame as: 1 red, 2 green, 3 blue")
        person.types("\x1a", "Stopped")
        assert re.search(" icanon.* echo ", person.mode(), re.DOTALL)
        person.types("fg\n", r"\d/s")
        person.types("3", "kept as blue: ")
        person.types("\x03", r"catdog: \d+ frames in ")
        assert " icanon" in person.mode()
    assert [path.parent.name for path in Keep(photos).named()] == ["green", "blue"]


@needs_dash
def test_a_run_from_the_background_takes_keys_and_gives_the_terminal_back(model: Path, tmp_path: Path) -> None:
    with typist() as person:
        person.types(f"{sys.executable} -m edge run demo --model {model} --keep {tmp_path / 'photos'} & echo pid=$!=\n")
        pid = int(person.reads(r"pid=(\d+)=")[1])
        person.reads("keep this frame as: 1 red")
        assert " icanon" in person.mode(), "it leaves the terminal alone while another program has it"
        person.types("fg\n", r"\d/s")
        wait_until(lambda: not person.echoes(), SOON_S)
        person.types("1", "kept as red: ")
        os.kill(pid, signal.SIGTERM)
        person.reads(r"catdog: \d+ frames in ")
        assert " icanon" in person.mode()
