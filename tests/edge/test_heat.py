"""A board that is too hot is given less to do, and the user hears of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.classifier import Classifier
from edge.live.heat import FREE, Heat, Pace, pace, words
from edge.run import watch
from edge.testing import Thermometer

HOT, WARM, COOL = Heat(0, 81.0), Heat(0, 76.0), Heat(0, 55.0)


@pytest.mark.parametrize(
    ("heat", "hot", "cool"),
    [
        (Heat(), False, True),  # a machine that says nothing
        (COOL, False, True),
        (WARM, False, False),
        (HOT, True, False),
        (Heat(0x4, 60.0), True, False),  # throttled
        (Heat(0x8, None), True, False),  # soft temperature limit
        (Heat(0x1, 60.0), False, True),  # a weak supply is not heat
        (Heat(0x40000, 60.0), False, True),  # it has been throttled at some time
    ],
)
def test_hot_and_cool_are_told_from_bits_and_degrees(heat: Heat, hot: bool, cool: bool) -> None:
    assert (heat.hot, heat.cool) == (hot, cool)


def test_the_rate_is_halved_while_hot_and_comes_back_when_cool() -> None:
    now, rates = FREE, []
    for heat in [COOL, HOT, HOT, WARM, HOT, COOL, WARM, COOL, COOL, COOL]:
        now = pace(now, heat, 16.0)
        rates.append(now.max_fps)
    assert rates == [None, 8.0, 4.0, 4.0, 2.0, 4.0, 4.0, 8.0, None, None]


@given(st.lists(st.sampled_from([HOT, WARM, COOL])), st.floats(0.0, 200.0))
def test_however_hot_it_still_looks_once_a_second_and_never_faster_than_before(heats: list[Heat], rate: float) -> None:
    now = FREE
    for heat in heats:
        now = pace(now, heat, rate)
        assert now == FREE or (now.max_fps is not None and 1.0 <= now.max_fps <= max(now.full_fps, 1.0))


def test_every_change_is_worth_a_line() -> None:
    assert words(Pace(7.5, 15.0), HOT).startswith("the board throttles (81 °C): 7.5 frames a second at most")
    assert words(Pace(7.5, 15.0), COOL) == "the board cools down (55 °C): 7.5 frames a second at most"
    assert words(FREE, COOL) == "the board has cooled down (55 °C): at full rate again"


def test_the_runner_slows_down_and_says_so(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hot = Thermometer(tmp_path, 81.0)
    moments = list(watch("demo", classifier=Classifier(model), frames=4, machine=hot.machine))
    assert "the board throttles (81 °C): 1.0 frames a second at most" in capsys.readouterr().err
    *_, before, last = (moment.frame.captured_at for moment in moments if moment.state == "live")
    assert last - before > 0.9
