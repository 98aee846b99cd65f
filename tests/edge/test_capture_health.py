"""The health of a source: this table is its specification."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.capture import health
from edge.capture.health import CONNECTING, ENDED, KILL, LIVE, LOST, NOTHING, OPEN, STALE, Health, Limits

LIMITS = Limits(open_s=10, stale_s=1, read_s=5, pause_s=0.5, longest_pause_s=4, steady_s=5)


def told(known: Health, now_s: float, event: str, limits: Limits = LIMITS, again: bool = True) -> tuple[Health, list]:
    """Tell an event to the machine; return what it knows, and its decision at a "tick"."""
    if event == "tick":
        known, decision = health.tick(known, now_s, limits)
        return known, [decision]
    if event == "frame":
        return health.frame(known, now_s), []
    if event == "end":
        return health.end(known, now_s), []
    return health.fault(known, now_s, event, again, limits, 0.5), []


def story(*events: tuple[float, str], limits: Limits = LIMITS, again: bool = True) -> tuple[Health, list[str]]:
    """Tell events and times to the machine; return what it knows at the end, and its decisions at each "tick"."""
    known, decisions = health.begin(0.0), []
    for now_s, event in events:
        known, decided = told(known, now_s, event, limits, again)
        decisions += decided
    return known, decisions


@pytest.mark.parametrize(
    ("events", "at_s", "state", "decisions"),
    [
        ([], 1, CONNECTING, []),
        ([(9, "tick")], 9, CONNECTING, [NOTHING]),
        ([(10, "tick")], 10, CONNECTING, [KILL]),
        ([(2, "frame")], 2.5, LIVE, []),
        ([(2, "frame")], 3.1, STALE, []),
        ([(2, "frame"), (4, "frame")], 4.1, LIVE, []),
        ([(2, "frame"), (6.9, "tick")], 6.9, STALE, [NOTHING]),
        ([(2, "frame"), (7, "tick")], 7, STALE, [KILL]),
        ([(2, "frame"), (3, "gone")], 3.1, LOST, []),
        ([(2, "frame"), (3, "gone"), (3.4, "tick"), (3.5, "tick")], 3.6, LOST, [NOTHING, OPEN]),
        ([(2, "frame"), (3, "gone"), (3.5, "tick"), (4, "frame")], 4.1, LIVE, [OPEN]),
        ([(2, "frame"), (3, "gone"), (3.5, "tick"), (13.5, "tick")], 13.5, LOST, [OPEN, KILL]),
        ([(2, "frame"), (3, "end")], 3, ENDED, []),
        ([(2, "gone")], 3, ENDED, []),  # what has never worked is a mistake
    ],
)
def test_the_state_and_what_to_do(events: list[tuple], at_s: float, state: str, decisions: list[str]) -> None:
    known, decided = story(*events)
    assert (health.state(known, at_s, LIMITS), decided) == (state, decisions)


def test_pauses_double_up_to_the_longest_and_begin_anew_after_a_steady_time() -> None:
    known, now_s, pauses = health.frame(health.begin(0.0), 1.0), 1.0, []
    for _ in range(6):
        known = health.fault(known, now_s, "gone", True, LIMITS, 0.5)
        pauses.append(known.due_s - now_s)
        now_s = known.due_s
        known, decision = health.tick(known, now_s, LIMITS)
        assert decision == OPEN
    assert pauses == pytest.approx([0.5, 1, 2, 4, 4, 4])
    one_frame = health.fault(health.frame(known, now_s), now_s + 1, "gone", True, LIMITS, 0.5)
    assert one_frame.due_s - now_s - 1 == pytest.approx(4), "one frame in between is no recovery"
    steady = health.frame(health.frame(known, now_s), now_s + 6)
    assert health.fault(steady, now_s + 7, "gone", True, LIMITS, 0.5).due_s - now_s - 7 == pytest.approx(0.5)


@given(st.floats(0, 1), st.integers(1, 5000))
def test_chance_spreads_the_pauses_and_no_number_of_tries_is_too_large(chance: float, tries: int) -> None:
    before = health.begin(0.0)._replace(seen=True, tries=tries)
    pause_s = health.fault(before, 1.0, "gone", True, LIMITS, chance).due_s - 1.0
    assert 0.75 * LIMITS.pause_s <= pause_s <= 1.25 * LIMITS.longest_pause_s


def test_it_gives_up_when_it_is_told_to() -> None:
    limits = LIMITS._replace(give_up_s=2.0)
    known, _ = story((1, "frame"), (2, "gone"), (2.5, "tick"), (3, "gone"), limits=limits)
    assert not known.over
    assert known.due_s <= 4.0
    known = health.fault(health.tick(known, known.due_s, limits)[0], 4.0, "gone", True, limits, 0.5)
    assert known.over
    assert known.reason == "gone"


def test_it_insists_when_it_is_told_to() -> None:
    known, decisions = story((1, "refused"), (1.5, "tick"), limits=LIMITS._replace(insist=True))
    assert (decisions, health.state(known, 2, LIMITS)) == ([OPEN], LOST)


def test_what_is_not_worth_another_try_ends() -> None:
    assert story((1, "frame"), (2, "torn"), again=False)[0].over


def test_a_slow_camera_is_not_stale_between_two_of_its_frames() -> None:
    known = health.begin(0.0)
    for second in range(40):
        known = health.frame(known, float(second))
    assert health.state(known, 39 + 2.0, LIMITS) == LIVE
    assert health.state(known, 39 + 3.1, LIMITS) == STALE
    fast = health.begin(0.0)
    for second in range(40):  # the same frames, but others were overtaken in between
        fast = health.frame(fast, float(second), 15)
    assert health.state(fast, 39 + 1.1, LIMITS) == STALE


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from(["frame", "tick", "gone", "end"])), max_size=40))
def test_whatever_happens_live_means_a_fresh_frame(steps: list[tuple[float, str]]) -> None:
    known, now_s, latest_s = health.begin(0.0), 0.0, None
    for passed_s, event in steps:
        now_s += passed_s
        known, _ = told(known, now_s, "tick" if known.over and event != "end" else event)
        latest_s = now_s if event == "frame" and not known.over else latest_s
        if health.state(known, now_s, LIMITS) == LIVE:
            assert latest_s is not None
            assert now_s - latest_s <= health.patience_s(known, LIMITS)
        assert health.due(known, LIMITS) >= 0
