"""The benchmark's arithmetic: rounds that are fair, intervals that hold, choices that follow their rule."""

from collections import Counter
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from edge.bench.figures import front, interval, latency, ratio, ship, widening
from edge.bench.rounds import LEAST_BLOCKS, Plan, Samples, Visit, measure
from edge.testing import Clock


def measured(plan: Plan, **seconds: float) -> tuple[Samples, list[str], float]:
    """Measure steps that take so long; return that, what was loaded and visited in which order, and the whole time."""
    clock, seen = Clock(), list[str]()

    def make(name: str) -> Visit:
        seen.append(f"load {name}")
        return Visit(name, partial(seen.append, name), {"step": partial(clock.advance, seconds[name])})

    found = measure([partial(make, name) for name in seconds], plan, np.random.default_rng(1), clock=clock)
    return found, seen, clock.now_s


def test_each_is_visited_once_a_round_in_changing_order() -> None:
    found, seen, _ = measured(Plan(64, 60, 4, 1), a=0.001, b=0.002)
    assert (found.blocks, found.rounds) == (4, 16)
    visits = [name for name in seen if not name.startswith("load")]
    rounds = [tuple(visits[i : i + 2]) for i in range(0, len(visits), 2)]
    assert all(sorted(row) == ["a", "b"] for row in rounds)
    assert 20 < Counter(rounds)["a", "b"] < 48


def test_everything_is_loaded_anew_for_each_block() -> None:
    _, seen, _ = measured(Plan(64, 60, 4, 1), a=0.001, b=0.002)
    assert seen.count("load a") == seen.count("load b") == 4


def test_times_are_those_of_the_step_alone_and_warm_ups_are_thrown_away() -> None:
    found, _, took_s = measured(Plan(64, 60, 4, 10), a=0.001, b=0.002)
    assert found.times["a", "step"] == pytest.approx(np.full((4, 16), 1.0))
    assert found.times["b", "step"] == pytest.approx(np.full((4, 16), 2.0))
    assert took_s == pytest.approx((64 + 40) * 0.003)


def test_rounds_end_when_the_time_is_up() -> None:
    found, _, took_s = measured(Plan(1024, 5, 16, 10), a=0.01)
    assert 4 <= took_s <= 6
    assert found.blocks * found.rounds < 1024


def test_a_very_slow_model_still_gets_the_least() -> None:
    found, _, _ = measured(Plan(1024, 5, 16, 10), a=100.0)
    assert (found.blocks, found.rounds) == (LEAST_BLOCKS, 4)


def noisy(random: np.random.Generator, level: float = 1.0) -> Any:
    """Return times (16, 64) with luck of blocks (1 %) and of rounds (5 %)."""
    return level * (1 + 0.01 * random.normal(size=(16, 1))) * (1 + 0.05 * np.abs(random.normal(size=(16, 64))))


def test_equals_with_the_luck_of_their_blocks_are_not_told_apart() -> None:
    random = np.random.default_rng(1)
    found = [ratio(noisy(random), noisy(random), random) for _ in range(20)]
    assert sum(row["low"] <= 1 <= row["high"] for row in found) >= 17  # 19 on average


@pytest.mark.parametrize(("blocks", "t"), [(4, 3.182), (8, 2.365), (16, 2.131), (1000, 1.962)])
def test_few_blocks_widen_it_as_student_does(blocks: int, t: float) -> None:
    assert widening(blocks) == pytest.approx(t / 1.96 * (blocks / (blocks - 1)) ** 0.5, rel=0.05)


def test_the_luck_of_blocks_widens_the_interval() -> None:
    random = np.random.default_rng(1)
    times = noisy(random)
    low, high = interval(times, random)
    flat_low, flat_high = interval(times.reshape(-1, 1), random)  # as if all rounds were independent
    assert high - low > 1.4 * (flat_high - flat_low)


def test_a_difference_of_five_per_cent_is_seen() -> None:
    random = np.random.default_rng(1)
    found = ratio(noisy(random, 1.05), noisy(random), random)
    assert 1 < found["low"] < found["ratio"] < found["high"] < 1.1


def test_percentiles_stand_in_their_order_and_no_p99_is_made_of_few() -> None:
    random = np.random.default_rng(1)
    found = latency(noisy(random), random)
    order = [found[key] for key in ("min", "low", "p50", "high", "p90", "p95", "p99")]
    assert all(a <= b for a, b in pairwise(order))
    assert latency(noisy(random)[:, :2], random)["p99"] is None


def model(name: str, ms: float, share: float | None) -> dict[str, Any]:
    return {"name": name, "classify": {"p50": ms, "p95": 1.2 * ms}, "accuracy": share and {"share": share}}


SMALL, MIDDLE, LARGE, BAD = (model(*row) for row in (("s", 1, 0.90), ("m", 2, 0.955), ("l", 9, 0.96), ("b", 3, 0.5)))


def test_the_front_holds_what_no_other_beats_in_both() -> None:
    assert front([LARGE, BAD, SMALL, MIDDLE]) == ["s", "m", "l"]
    assert front([SMALL, model("same accuracy, slower", 2, 0.90)]) == ["s"]


@pytest.mark.parametrize(
    ("budget_ms", "max_drop", "chosen"),
    [
        (None, None, "m"),  # within a point of the best
        (None, 0.1, "l"),
        (None, 10.0, "s"),
        (5.0, None, "m"),
        (1.5, None, "s"),
        (2.3, 10.0, "s"),  # m answers in 2 ms, but p95 is 2.4
        (1.5, 1.0, None),
        (0.1, None, None),
    ],
)
def test_the_model_to_ship(budget_ms: float | None, max_drop: float | None, chosen: str | None) -> None:
    assert ship([LARGE, BAD, SMALL, MIDDLE], budget_ms, max_drop)["model"] == chosen


def test_without_photos_nothing_is_said_of_accuracy() -> None:
    models = [model("a", 1, None), model("b", 2, None)]
    assert ship(models, None, None) is None
    found = ship(models, 5.0, None)
    assert found["model"] == "a"
    assert "without --data" in str(found["why"])
    assert ship(models, None, 1.0)["model"] is None
