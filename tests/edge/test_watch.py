"""The loop of a run: what is told while there is no fresh frame, of several sources, whatever the clock says."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge.capture.feed import Feed
from edge.capture.source import Source
from edge.capture.stop import Stop
from edge.classifier import Classifier
from edge.live.gate import OPEN
from edge.live.tuning import Tuning
from edge.outputs import Moment, Output
from edge.outputs.together import Together
from edge.watch import Run
from tests.edge.scripted import scripted

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="processes that can be killed are Linux's")


class Kept(Output):
    def __init__(self) -> None:
        self.moments: list[Moment] = []

    def open(self, sources: Sequence[Source]) -> None:
        pass

    def write(self, moment: Moment) -> None:
        self.moments.append(moment)


def watched(model: Path, *feeds: Feed) -> tuple[list[Moment], int]:
    kept = Kept()
    run = Run(feeds, Together([kept]), Tuning(Classifier(model)), OPEN)
    with Stop() as stop:
        status = run.watch(stop, None)
    return kept.moments, status


def test_no_answer_stands_for_now_while_a_source_is_away(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moments, status = watched(model, scripted(tmp_path, [5, "hang"], [5, "fault"], [5]))
    assert status == 0
    states = [moment.state for moment in moments]
    assert {"live", "stale", "lost"} <= set(states)
    assert all(moment.frame.number == 0 or moment.answer.label for moment in moments)
    said = capsys.readouterr().err
    assert "trying again" in said
    assert "script: is back" in said
    assert "opened again 2 times" in said


def test_several_sources_have_states_of_their_own(model: Path, tmp_path: Path) -> None:
    moments, status = watched(model, scripted(tmp_path, [5, "fault"], [5]), scripted(tmp_path, [30]))
    assert status == 0
    states = [{moment.state for moment in moments if moment.stream == stream} for stream in (0, 1)]
    assert "lost" in states[0]
    assert "lost" not in states[1]


@pytest.mark.parametrize("years", [10, -10])
def test_the_clock_may_be_set_by_ten_years(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, years: int
) -> None:
    real, calls = time.time, iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: real() + (years * 365 * 86400.0 if next(calls) >= 5 else 0.0))
    moments, status = watched(model, scripted(tmp_path, [40], pace_s=0.01))
    assert status == 0
    live = [moment for moment in moments if moment.state == "live"]
    assert max(moment.time_s for moment in live) - min(moment.time_s for moment in live) > 9 * 365 * 86400
    assert all(0 <= moment.age_ms < 60_000 for moment in live)
    assert "lost" not in {moment.state for moment in moments}
