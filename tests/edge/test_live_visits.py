"""Arrivals, departures and visits, as tables of what was seen when."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.capture.source import Frame
from edge.live.visits import ARRIVED, LEFT, MANNERS, VISIT, Event, Presence, finish, follow, unhurried

PERIOD_S = 0.1


def frame(now_s: float, grey: int = 0) -> Frame:
    return Frame(np.full((4, 4, 3), grey, np.uint8), round(now_s / PERIOD_S), now_s, "script")


def happenings(script: str, end: bool = True) -> list[tuple[float, str, str]]:
    """Return (time, kind, label) of a script: a letter for a tenth of a second, "." for nobody."""
    presence, told = Presence(), []
    for number, letter in enumerate(script):
        now_s = number * PERIOD_S
        presence, events = follow(presence, None if letter == "." else letter, now_s, frame(now_s), 0.9)
        told += [(round(now_s, 1), event.kind, event.visit.label) for event in events]
    return told + ([(-1.0, event.kind, event.visit.label) for event in finish(presence)] if end else [])


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("." * 50, []),
        ("a" * 9 + "." * 50, []),  # 0.8 s: a flicker
        ("aaaaa." * 8, []),  # never a second on end
        ("." * 5 + "a" * 20 + "." * 40, [(1.5, ARRIVED, "a"), (5.4, LEFT, "a"), (5.4, VISIT, "a")]),
        ("a" * 20 + "." * 28 + "a" * 20, [(1.0, ARRIVED, "a"), (-1.0, VISIT, "a")]),  # away for a moment: one visit
        ("a" * 20 + "bbbbb" + "a" * 20, [(1.0, ARRIVED, "a"), (-1.0, VISIT, "a")]),
        ("a" * 20 + "b" * 20,
         [(1.0, ARRIVED, "a"), (3.0, LEFT, "a"), (3.0, VISIT, "a"), (3.0, ARRIVED, "b"), (-1.0, VISIT, "b")]),
        ("a" * 20, [(1.0, ARRIVED, "a"), (-1.0, VISIT, "a")]),
    ],
)  # fmt: skip
def test_who_comes_and_goes(script: str, expected: list[tuple[float, str, str]]) -> None:
    assert happenings(script) == expected


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.3, 1.0, 2.0])
def test_who_looks_seldom_sees_visits_too(rate: float) -> None:
    presence, told = Presence(), []
    for number, letter in enumerate("..aaa.aaa......"):
        now_s = number / rate
        label = None if letter == "." else letter
        presence, events = follow(presence, label, now_s, manners=unhurried(rate))
        told += [(event.kind, event.duration_s * rate) for event in events]
    assert [kind for kind, _ in told] == [ARRIVED, LEFT, VISIT]
    assert told[-1][1] == pytest.approx(6), "one look without it is no departure"


def test_a_visit_knows_when_it_began_how_long_it_was_and_its_best_frame() -> None:
    presence, told = Presence(), list[Event]()
    shares = {0.2: 0.97, 1.3: 0.99, 1.4: 0.99}
    for number in range(70):
        now_s = round(number * PERIOD_S, 1)
        picture = frame(100 + now_s, grey=number)
        presence, events = follow(presence, "a" if now_s < 2 else None, 100 + now_s, picture, shares.get(now_s, 0.9))
        picture.image[:] = 255  # the source uses its memory again
        told += events
    arrived, left, visit = told
    assert (arrived.kind, left.kind, visit.kind) == (ARRIVED, LEFT, VISIT)
    assert visit.visit.began_s == 100
    assert visit.duration_s == pytest.approx(1.9)
    assert (visit.visit.probability, visit.visit.best.captured_at) == (0.99, 101.3)
    assert (visit.visit.best.image == 13).all()
    assert (arrived.visit.probability, arrived.visit.best.captured_at) == (0.97, 100.2)


@pytest.mark.parametrize("next_s", [600.0, 0.0])
def test_a_long_silence_or_a_video_that_begins_anew_ends_a_visit_when_it_was_last_seen(next_s: float) -> None:
    presence, _ = follow(Presence(), "a", 10.0)
    presence, _ = follow(presence, "a", 11.0)
    presence, events = follow(presence, "a", next_s)
    assert [(event.kind, event.duration_s) for event in events] == [(LEFT, 1.0), (VISIT, 1.0)]
    assert (presence.visitor, presence.candidate.began_s) == (None, next_s)


def test_without_fresh_frames_a_visit_goes_on_and_keeps_its_best() -> None:
    presence, _ = follow(Presence(), "a", 0.0, frame(0.0), 0.8)
    for second in range(1, 100):
        presence, _ = follow(presence, "a", float(second))
    assert presence.visitor.seen_s == 99
    assert presence.visitor.best.captured_at == 0.0


@given(st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.floats(0, 2)), max_size=60))
def test_every_visit_has_an_arrival_and_an_end_and_they_do_not_overlap(rows: list[tuple[str | None, float]]) -> None:
    presence, now_s, there, ended_s = Presence(), 0.0, None, -1.0
    told: list[Event] = []
    for label, later_s in rows:
        now_s += later_s
        presence, events = follow(presence, label, now_s)
        told += events
    for event in [*told, *finish(presence)]:
        if event.kind == ARRIVED:
            assert there is None
            assert event.visit.began_s >= ended_s
            assert event.duration_s >= MANNERS.arrive_s
            there = event.visit.label
        elif event.kind == VISIT:
            assert event.visit.label == there
            there, ended_s = None, event.visit.seen_s
    assert there is None
    assert sum(event.kind == LEFT for event in told) == sum(event.kind == VISIT for event in told)
