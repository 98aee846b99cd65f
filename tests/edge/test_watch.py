"""The loop of a run: what is told while there is no fresh frame, of several sources, whatever the clock says."""

from itertools import groupby
from pathlib import Path

import pytest

from edge.capture import open_source
from edge.capture.feed import Feed
from edge.capture.source import Settings
from edge.capture.stop import Stop
from edge.classifier import Classifier
from edge.errors import InputError, SourceError
from edge.live.tuning import Tuning
from edge.outputs import Moment, Output
from edge.outputs.together import Together
from edge.run import Run, watch
from edge.testing import ScriptedCamera
from tests.conftest import linux, picture, write_photos
from tests.edge.scripted import scripted


class Kept(Output):
    def __init__(self) -> None:
        self.moments: list[Moment] = []

    def write(self, moment: Moment) -> None:
        self.moments.append(moment)


class Full(Output):
    def write(self, _moment: Moment) -> None:
        raise InputError("disk", "is full", "Free some space")


def watched(model: Path, *feeds: Feed) -> tuple[list[Moment], int]:
    kept = Kept()
    run = Run(feeds, Together([kept]), Tuning(Classifier(model)))
    with Stop() as stop:
        status = run.to_its_end(stop, None)
    return kept.moments, status


@linux
def test_no_answer_is_of_now_without_a_source(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moments, status = watched(model, scripted(tmp_path, 5, "hang", 5, "fault", 5))
    assert status == 0
    assert {"live", "stale", "lost"} <= {moment.state for moment in moments}
    assert all(moment.frame.number == 0 or moment.answer.label for moment in moments)
    said = capsys.readouterr().err
    for words in ("trying again", "script: is back", "opened again 2 times"):
        assert words in said


@linux
def test_several_sources_have_states_of_their_own(model: Path, tmp_path: Path) -> None:
    moments, status = watched(model, scripted(tmp_path, 5, "fault", 5), scripted(tmp_path, 30))
    assert status == 0
    states = [{moment.state for moment in moments if moment.stream == stream} for stream in (0, 1)]
    assert "lost" in states[0]
    assert "lost" not in states[1]


# For programs


RED = picture("red")


def test_a_program_gets_what_the_outputs_get_to_the_last_visit(model: Path) -> None:
    kept = Kept()
    moments = list(watch(ScriptedCamera(*[RED] * 30), classifier=Classifier(model), outputs=[kept]))
    assert [moment.verdict.label for moment in moments] == ["red"] * len(moments)
    assert moments == kept.moments
    told = [(event.kind, event.visit.label, round(event.duration_s, 3)) for m in moments for event in m.events]
    assert told == [("arrived", "red", 1.0), ("visit", "red", 2.9)]
    assert moments[-1].state == "ended"


def test_words_of_the_command_line_name_sources_of_a_program(model: Path, tmp_path: Path) -> None:
    write_photos(tmp_path, ["red"], 3)
    moments = list(watch(tmp_path, classifier=Classifier(model), settings=Settings(rotate=90)))
    assert [moment.state for moment in moments] == ["live"] * 3 + ["ended"]
    assert {moment.frame.image.shape for moment in moments} == {(64, 48, 3)}
    assert Path(moments[0].frame.source).parent == tmp_path / "red"


def test_wishes_for_a_source_are_kept_and_added_to(model: Path, tmp_path: Path) -> None:
    source = open_source(write_photos(tmp_path, ["red"], 1), Settings(region=(0, 0, 0.5, 1)))
    classifier = Classifier(model)
    moment, _ = watch(source, classifier=classifier)
    assert moment.frame.image.shape == (48, 32, 3)
    moment, _ = watch(source, classifier=classifier, settings=Settings(rotate=90))
    assert moment.frame.image.shape == (32, 48, 3)


def test_a_program_may_leave_whenever_it_likes(model: Path) -> None:
    camera, kept = ScriptedCamera(*[RED] * 30, 1000), Kept()
    for moment in watch(camera, classifier=Classifier(model), outputs=[kept]):
        if moment.events:
            break
    assert camera.closed == 1
    assert [event.kind for event in kept.moments[-1].events] == ["visit"], "the outputs hear of what that cuts short"


def test_it_ends_after_so_many_frames(model: Path) -> None:
    moments = watch(ScriptedCamera(10), classifier=Classifier(model), frames=4)
    assert [moment.frame.number for moment in moments if moment.state == "live"] == [1, 2, 3, 4]


def test_a_word_that_is_no_source_is_refused_at_once(model: Path) -> None:
    with pytest.raises(SourceError, match="is empty"):
        watch("", classifier=Classifier(model))


def test_what_a_program_must_know_of_the_end_is_raised(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = []
    with pytest.raises(SourceError, match="is gone"):
        seen += watch(ScriptedCamera(2, SourceError("cam", "is gone", "Plug it in")), classifier=Classifier(model))
    with pytest.raises(SourceError, match="no such file"):
        seen += watch("none.mp4", "none too.mp4", classifier=Classifier(model))
    assert capsys.readouterr().err.count("none too.mp4") == 1
    with pytest.raises(InputError, match="is full"):
        seen += watch(ScriptedCamera(9), classifier=Classifier(model), outputs=[Full()])


def test_a_camera_of_ones_own_is_opened_again_and_says_so_meanwhile(model: Path) -> None:
    lost = SourceError("cam", "is gone", "Plug it in")
    camera = ScriptedCamera(*[RED] * 2, lost, *[RED] * 2, live=True, pace_s=0.01)
    states = [moment.state for moment in watch(camera, classifier=Classifier(model))]
    known = [state for state, _ in groupby(states) if state not in ("connecting", "stale")]  # told if it takes long
    assert known == ["live", "lost", "live", "ended"]
    assert camera.opened == 2
