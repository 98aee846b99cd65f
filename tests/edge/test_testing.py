"""What the package brings for tests: a camera by script, a clock, a thermometer, moments."""

from pathlib import Path

import numpy as np
import pytest

from edge.board import temperature_c, throttle_bits
from edge.errors import SourceError
from edge.testing import GREY, Clock, ScriptedCamera, Thermometer, event, moment
from tests.conftest import python


def levels(camera: ScriptedCamera) -> list[tuple[int, int, int]]:
    with camera:
        return [(frame.number, frame.image.shape[1], int(frame.image[0, 0, 0])) for frame in camera]


def test_a_script_is_pictures_numbers_and_sizes() -> None:
    camera = ScriptedCamera(2, (32, 16), 1, GREY, rate=4.0)
    assert levels(camera) == [(1, 64, 1), (2, 64, 2), (3, 32, 3), (4, 160, 90)]
    with camera:
        assert [frame.position_s for frame in camera] == [0.0, 0.25, 0.5, 0.75]
    assert (camera.opened, camera.closed) == (2, 2)


def test_a_picture_is_copied_so_that_a_test_can_use_it_again() -> None:
    with ScriptedCamera(GREY) as camera:
        frame = camera.read()
    assert frame.image is not GREY
    assert np.array_equal(frame.image, GREY)


def test_a_fault_ends_a_life_and_the_last_life_is_lived_again() -> None:
    camera = ScriptedCamera(1, SourceError("camera", "is gone", "Plug it in"), "refuse", 2, live=True)
    with pytest.raises(SourceError, match="is gone"):
        levels(camera)
    with pytest.raises(SourceError, match="refuses"):
        camera.open()
    assert len(levels(camera)) == len(levels(camera)) == 2


def test_a_word_that_is_no_step_says_so() -> None:
    with pytest.raises(ValueError, match="'hnag' is no step"):
        levels(ScriptedCamera(1, "hnag"))


def test_an_empty_script_is_over_at_once() -> None:
    assert levels(ScriptedCamera()) == []


def test_a_clock_goes_when_it_is_told_to() -> None:
    clock = Clock(5.0)
    clock.advance(1.5)
    assert clock() == clock() == 6.5


def test_a_thermometer_shows_what_it_is_told_to(tmp_path: Path) -> None:
    board = Thermometer(tmp_path, 51.5)
    assert (temperature_c(board.machine), throttle_bits(board.machine)) == (51.5, 0)
    board.show(85.25, bits=0x4)
    assert (temperature_c(board.machine), throttle_bits(board.machine)) == (85.25, 4)


def test_moments_are_as_they_are_asked_for() -> None:
    made = moment("dog", labels=("cat", "dog"), state="lost", stream=1)
    assert (made.verdict.label, made.state, made.stream) == ("dog", "lost", 1)
    assert sum(made.answer.probabilities.values()) == pytest.approx(1.0)
    (left,) = event("left", "dog", labels=("cat", "dog")).events
    assert (left.kind, left.visit.label, left.duration_s) == ("left", "dog", pytest.approx(12.5))


def test_it_needs_no_test_framework() -> None:
    program = "import sys, edge.testing; print(*{name.split('.')[0] for name in sys.modules})"
    assert not {"pytest", "_pytest", "hypothesis", "unittest"} & set(python(program).stdout.split())
