"""Outputs: JSON lines, the live view at any width, the annotated recording, the window that is not there."""

import io
import json
import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.capture.file import File
from edge.capture.source import Frame
from edge.errors import CatdogError, columns_of
from edge.live.picture import BLACK, GOOD
from edge.live.steady import UNSURE, Verdict
from edge.live.tally import Tally, count, summary
from edge.live.visits import ARRIVED, VISIT, Event, Visit
from edge.outputs import ASLEEP, ENDED, LIVE, EndedError, Finished, Moment, nothing_yet
from edge.outputs.jsonl import JsonLines, event_json, utc
from edge.outputs.overlay import annotate, veil
from edge.outputs.recording import CODECS, Recording, Recordings
from edge.outputs.terminal import Terminal
from edge.outputs.view import bar
from edge.outputs.view import render as render_all
from edge.outputs.window import Window
from edge.testing import GREY, Clock, Still, moment, visit
from tests.clips import frames_of

ESCAPES = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")


def render(shown: Moment, columns: int, rows: int, colour: bool, fine: bool) -> list[str]:
    return render_all([shown], columns, rows, colour, fine)


def write_json(*moments: Moment, quiet: bool = False) -> list[dict[str, Any]]:
    """Return what JSON lines make of some moments."""
    stream = io.StringIO()
    lines = JsonLines(stream, quiet)
    for one in moments:
        lines.write(one)
    lines.close()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


# JSON lines


def test_a_json_line_tells_all_of_a_moment() -> None:
    (row,) = write_json(moment(number=7, captured_at=time.monotonic() - 5))
    taken = row.pop("time")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", taken)
    assert utc(time.time() - 6) < taken < utc(time.time() - 4)
    assert row == {
        "source": "script",
        "label": "red",
        "probability": 0.75,
        "probabilities": {"red": 0.75, "green": 0.125, "blue": 0.125},
        "latency_ms": 1.25,
        "frame": 7,
        "age_ms": 3.5,
        "verdict": {"label": "red", "probability": 0.75},
        "state": "live",
        "picture": "good",
        "events": [],
    }


def test_a_json_line_tells_what_happened() -> None:
    there = visit()
    (row,) = write_json(moment(events=(Event(ARRIVED, there), Event(VISIT, there)), state=ASLEEP))
    assert row["state"] == "asleep"
    arrived, over = row["events"]
    assert (arrived["event"], over["event"]) == ("arrived", "visit")
    assert utc(time.time() - 18) < over.pop("began") < utc(time.time() - 15)
    assert over.pop("time") == row["time"]
    assert over == {"event": "visit", "label": "red", "source": "script", "duration_s": 12.5, "probability": 0.98}


def test_what_is_told_of_a_recording_says_where_it_stands() -> None:
    assert write_json(moment(position_s=2.5))[0]["position_s"] == 2.5
    row = event_json(moment(position_s=20.0), Event(VISIT, Visit("red", 5.0, 17.0)))
    assert (row["position_s"], row["began_s"], row["duration_s"]) == (20.0, 5.0, 12.0)
    assert "began" not in row


def test_without_a_new_answer_a_line_is_written_when_the_state_changes_and_no_more() -> None:
    states = (LIVE, LIVE, ASLEEP, ASLEEP, ASLEEP, "lost", "lost", LIVE, LIVE, ASLEEP, ENDED)
    rows = write_json(*(moment(state=state) for state in states))
    assert [row["state"] for row in rows] == ["live", "live", "asleep", "lost", "live", "live", "asleep"]


def test_the_visit_that_the_end_cuts_short_is_written() -> None:
    rows = write_json(moment(), moment(state=ENDED, events=(Event(VISIT, visit()),)))
    assert [(row["state"], len(row["events"])) for row in rows] == [("live", 0), ("ended", 1)]


def test_quiet_json_tells_what_happens_and_no_answers() -> None:
    quiet = [moment(), moment(), moment(events=(Event(ARRIVED, visit()),)), moment(), moment(state="lost"), moment()]
    assert [row["state"] for row in write_json(*quiet, quiet=True)] == ["live", "lost", "live"]


def test_each_source_has_a_state_of_its_own() -> None:
    rows = write_json(*(moment(state="lost", stream=stream) for stream in (0, 1, 0, 1)))
    assert len(rows) == 2


def test_before_the_first_frame_there_is_no_answer() -> None:
    (row,) = write_json(nothing_yet("garden"))
    assert (row["source"], row["state"], row["frame"]) == ("garden", "connecting", 0)
    assert (row["label"], row["probability"], row["verdict"]) == (None, None, None)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1777638600.25, "2026-05-01T12:30:00.250Z"),
        (0.9996, "1970-01-01T00:00:01.000Z"),
    ],
)
def test_times_are_utc(seconds: float, text: str) -> None:
    assert utc(seconds) == text


# The live view


@pytest.mark.parametrize("columns", [1, 5, 9, 10, 19, 20, 37, 79, 300])
@pytest.mark.parametrize("labels", [("a", "b", "c"), ("猫", "犬" * 30, "é"), tuple(f"kind {n}" for n in range(99))])
def test_no_line_is_wider_than_the_terminal(columns: int, labels: tuple[str, ...]) -> None:
    for colour in (True, False):
        lines = render(moment(labels[1], labels=labels), columns, 24, colour, fine=True)
        assert len(lines) <= 23
        assert max(columns_of(ESCAPES.sub("", line)) for line in lines) <= columns
        assert colour == any("\x1b" in line for line in lines)


def test_the_view_shows_verdict_bars_and_state() -> None:
    verdict, *bars, state = render(moment(), 60, 24, colour=False, fine=True)
    assert verdict.strip() == "red 75%"
    assert [line.split()[0] for line in bars] == ["red", "green", "blue"]
    assert bars[0].count("█") == pytest.approx(0.75 * (60 - 5 - 6), abs=1)
    assert bars[1].count("█") < bars[0].count("█") / 5
    for text in ("14.9/s", "1.2 ms", "2 dropped", "script", "Ctrl-C"):
        assert text in state


def test_of_too_many_labels_the_likeliest_are_shown() -> None:
    labels = tuple(f"kind{n}" for n in range(50))
    lines = render(moment("kind49", labels=labels), 60, 8, colour=False, fine=True)
    assert len(lines) <= 7
    assert any(line.startswith("kind49") for line in lines[1:])


def test_the_view_shows_the_verdict_and_not_the_frame() -> None:
    steady = Verdict("green", 0.6, {"red": 0.4, "green": 0.6, "blue": 0.0})
    lines = render(moment(verdict=steady), 60, 24, colour=True, fine=True)
    assert "\x1b[1;33mgreen 60%" in lines[0]
    assert "\x1b" in lines[2]
    assert "\x1b" not in lines[1]


@pytest.mark.parametrize("columns", [20, 60])
def test_while_unsure_the_view_says_so(columns: int) -> None:
    unsure = Verdict(UNSURE, 0.4, {"red": 0.4, "green": 0.3, "blue": 0.3})
    lines = render(moment(verdict=unsure), columns, 24, colour=True, fine=True)
    assert "unsure 40%" in lines[0]
    assert not any("\x1b" in line for line in lines[1:])


@pytest.mark.parametrize("columns", [20, 60])
@pytest.mark.parametrize("state", [ASLEEP, "stale", "lost", "connecting"])
def test_what_is_not_live_is_not_shown_as_live(state: str, columns: int) -> None:
    old = moment(state=state)._replace(age_ms=12_345.0)
    lines = render(old, columns, 24, colour=True, fine=True)
    assert f"{state}: red" in lines[0]
    assert columns == 20 or "12 s ago" in lines[0]
    assert not any("\x1b[36m" in line or "\x1b[1;36m" in line for line in lines)


@pytest.mark.parametrize("columns", [20, 60])
def test_a_picture_that_shows_nothing_is_said(columns: int) -> None:
    assert "black picture" in render(moment(picture=BLACK), columns, 24, colour=False, fine=True)[-1]
    assert "picture" not in render(moment(picture=GOOD), columns, 24, colour=False, fine=True)[-1]


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
def test_a_low_terminal_still_shows_the_verdict(rows: int) -> None:
    lines = render(moment(), 40, rows, colour=False, fine=True)
    assert lines[0].startswith("red 75%")
    assert len(lines) <= max(rows - 1, 1)


def test_a_label_cannot_command_the_terminal() -> None:
    lines = render(moment("\x1b[2J\n", labels=("\x1b[2J\n", "b")), 60, 24, colour=False, fine=True)
    assert not any("\x1b" in line or "\n" in line for line in lines)


@pytest.mark.parametrize("fine", [True, False])
@pytest.mark.parametrize("columns", [0, 1, 7, 40])
def test_bars_fill_their_room(columns: int, fine: bool) -> None:
    full = "█" if fine else "#"
    assert bar(0.0, columns, fine) == " " * columns
    assert bar(1.0, columns, fine) == full * columns
    lengths = [len(bar(n / 100, columns, fine).rstrip()) for n in range(-5, 105)]
    assert lengths == sorted(lengths)
    assert max(lengths) <= columns


class Screen(io.StringIO):
    """A stream that says which encoding it speaks."""

    encoding = ""


@pytest.fixture(autouse=True)
def colourful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def view(encoding: str = "utf-8", sources: int = 1, **options: Any) -> tuple[Screen, Terminal]:
    """Return a screen, and the open view on it."""
    screen = Screen()
    screen.encoding = encoding
    opened = Terminal(screen, **options)
    opened.open([Still(name=f"still {number}") for number in range(sources)])
    return screen, opened


def draw(shown: Terminal, *moments: Moment) -> None:
    for one in moments:
        shown.write(one)
    shown.flush()


def test_the_view_is_redrawn_in_place() -> None:
    screen, shown = view()
    draw(shown, *(moment(number=number) for number in range(1, 200)))
    first = screen.getvalue()
    assert first.count("75%") == 2  # the verdict and its bar, once
    assert "A\r" not in first
    draw(shown, moment())
    again = screen.getvalue()[len(first) :]
    assert again.startswith("\x1b[?25l\x1b[5A\r")
    assert again.endswith("\x1b[?25h")
    assert not re.search(r"\x1b\[2?J", again)
    shown.close()
    assert screen.getvalue() == first + again, "nothing new, nothing drawn"


def test_a_line_in_between_stays() -> None:
    screen, shown = view()
    draw(shown, moment())
    with shown.room():
        before = len(screen.getvalue())
    draw(shown, moment())
    assert "A\r" not in screen.getvalue()[before:]


def test_what_happens_scrolls_by_above_the_view() -> None:
    screen, shown = view()
    draw(shown, moment())
    before = len(screen.getvalue())
    draw(shown, moment(events=(Event(ARRIVED, visit()),)), moment(events=(Event(VISIT, visit()),)))
    drawn = screen.getvalue()[before:]
    assert drawn.startswith("\x1b[?25l\x1b[5A\r")
    lines = drawn.split("\r", 1)[1].splitlines()
    assert re.search(r"\d\d:\d\d:\d\d  red arrived", lines[0])
    assert "red was there for 12.5 s" in lines[1]
    assert "red 75%" in lines[2]


@pytest.mark.parametrize("columns", [20, 79])
def test_of_several_sources_each_has_a_line(columns: int) -> None:
    moments = [moment(), moment("green", state="lost", stream=1), nothing_yet("garden", 2)]
    for colour in (True, False):
        lines = render_all(moments, columns, 24, colour, fine=True)
        assert len(lines) == 4
        assert max(columns_of(ESCAPES.sub("", line)) for line in lines) <= columns
    assert "red 75%" in lines[0]
    assert "lost" in lines[1]
    assert "connec" in lines[2]
    assert ("14.9/s" in lines[0]) == (columns > 20)


def test_of_several_sources_all_are_shown_from_the_start() -> None:
    screen, shown = view(sources=2)
    draw(shown, moment("green", stream=1))
    first, second, *_ = screen.getvalue().splitlines()
    assert "still 0" in first
    assert "connecting" in first
    assert "green 75%" in second


def test_without_a_view_there_is_a_line_when_something_changes() -> None:
    screen, shown = view(quiet=True)
    for one in (moment(), moment(), moment("green"), moment("green"), moment("green", state="lost"), moment("green")):
        draw(shown, one)
    told = [line.split("  ")[1].split(",")[0] for line in screen.getvalue().splitlines()]
    assert told == ["red 75%", "green 75%", "lost: green 75%", "green 75%"]
    assert "\x1b" not in screen.getvalue()


def test_a_log_file_gets_a_line_a_minute_where_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    (screen, shown), clock = view(), Clock(1000.0)
    monkeypatch.setattr("time.monotonic", clock)
    for _ in range(600):
        clock.advance(1.0)
        draw(shown, moment())
    line = r"\d\d:\d\d:\d\d  red 75%  14\.9/s  1\.2 ms  2 dropped  script  Ctrl-C ends\n"
    assert re.fullmatch(f"({line}){{10}}", screen.getvalue())


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colour_is_left_out_where_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    screen, shown = view()
    draw(shown, moment())
    assert "\x1b[1;36m" in screen.getvalue()
    monkeypatch.setenv(name, value)
    plain, shown = view()
    draw(shown, moment())
    assert not re.search(r"\x1b\[[0-9;]*m", plain.getvalue())
    assert "red" in plain.getvalue()
    assert name != "TERM" or "\x1b" not in plain.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_with_a_small_alphabet_is_no_fault(encoding: str) -> None:
    screen, shown = view(encoding)
    draw(shown, moment("猫", labels=("猫", "dog")))
    screen.getvalue().encode(encoding)
    assert "#####" in screen.getvalue()


# The picture with the answer on it


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (20, 20), (480, 640), (1080, 1920)])
def test_an_answer_is_drawn_on_any_picture_and_the_picture_is_left_alone(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 200, np.uint8)
    drawn = annotate(image, moment().answer)
    assert drawn.shape == image.shape
    assert (image == 200).all()
    assert not np.array_equal(drawn, image)


def test_the_bar_is_as_long_as_the_answer_is_sure() -> None:
    drawn = annotate(np.full((480, 640, 3), 200, np.uint8), moment().answer)
    lowest = drawn[-2].astype(int)
    coloured = (lowest.max(axis=1) - lowest.min(axis=1)) > 40
    assert coloured.sum() == pytest.approx(0.75 * 640, abs=2)
    assert (drawn[430:470, 5:200].min(axis=2) > 240).any(), "white writing"
    assert (drawn[:400] == 200).all(), "the rest is as it was"


@pytest.mark.parametrize("state", [ASLEEP, "stale"])
def test_what_is_not_live_is_not_drawn_as_live(state: str) -> None:
    image = np.full((480, 640, 3), 200, np.uint8)
    drawn = annotate(image, moment().answer, state)
    assert not np.array_equal(drawn, annotate(image, moment().answer))
    assert np.ptp(drawn[-2].astype(int), axis=1).max() < 20, "the bar has no colour"


@pytest.mark.parametrize("shape", [(1, 1), (20, 300), (480, 640)])
def test_a_picture_that_is_none_of_now_is_dark(shape: tuple[int, int]) -> None:
    drawn = np.full((*shape, 3), 200, np.uint8)
    veiled = veil(drawn, "lost: red 75%, 12 s ago")
    assert veiled.shape == drawn.shape
    assert np.median(veiled) < 80 or veiled.size == 3, "OpenCV 4 writes all over a single pixel"
    assert (drawn == 200).all()


def test_a_verdict_that_is_no_label_is_drawn(tmp_path: Path) -> None:
    unsure = Verdict(UNSURE, 0.4, {"red": 0.4, "green": 0.3, "blue": 0.3})
    assert not np.array_equal(annotate(GREY, unsure), GREY)
    frames = record(tmp_path / "out.avi", [moment(verdict=unsure, position_s=n / 15) for n in range(3)])
    assert len(frames) == 3


# Recordings


def record(path: Path, moments: list[Moment], rate: float = 15.0) -> list[Frame]:
    recording = Recording(path)
    recording.open([Still(rate)])
    for one in moments:
        recording.write(one)
    recording.close()
    recording.close()
    video = File(str(path))
    frames = frames_of(video)
    assert video.rate == pytest.approx(rate)
    return frames


@pytest.mark.parametrize("suffix", list(CODECS))
def test_a_recording_plays(tmp_path: Path, suffix: str) -> None:
    frames = record(tmp_path / f"out{suffix}", [moment(number=n, position_s=n / 10) for n in range(12)], rate=10)
    assert len(frames) == 12
    assert frames[0].image.shape == GREY.shape
    assert abs(int(frames[5].image[20, 20].mean()) - 90) < 8
    assert [path.name for path in tmp_path.iterdir()] == [f"out{suffix}"]


def test_a_recording_keeps_real_time(tmp_path: Path) -> None:
    # Two frames a second apart in a video of 10 a second, then a burst of 30 within a tenth of one.
    times = [0.0, 1.0, *(1.0 + n / 300 for n in range(1, 31))]
    assert len(record(tmp_path / "out.avi", [moment(captured_at=50 + t) for t in times], rate=10)) == 12


def test_a_moment_without_a_picture_of_its_own_is_not_recorded(tmp_path: Path) -> None:
    moments = [moment(position_s=n / 15, state=state) for n, state in enumerate([LIVE, ASLEEP, "lost", ENDED])]
    assert len(record(tmp_path / "out.avi", moments)) == 2


def test_a_night_without_frames_does_not_fill_the_disk(tmp_path: Path) -> None:
    times = [0.0, 0.1, 30_000.0, 30_000.1, 30_000.2]
    assert len(record(tmp_path / "out.avi", [moment(captured_at=t) for t in times], rate=10)) <= 15


@pytest.mark.parametrize("shape", [(1, 1), (33, 21), (5, 300), (240, 320)])
def test_a_recording_takes_pictures_of_any_size(tmp_path: Path, shape: tuple[int, int]) -> None:
    odd = np.full((*shape, 3), 200, np.uint8)
    images = [odd, GREY, np.full((300, 20, 3), 9, np.uint8), odd]
    frames = record(tmp_path / "out.mp4", [moment(image=i, position_s=n / 15) for n, i in enumerate(images)])
    assert len(frames) == 4
    assert len({frame.image.shape for frame in frames}) == 1


def test_a_finished_recording_replaces_an_older_one_and_an_empty_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "out.avi"
    path.write_bytes(b"old")
    recording = Recording(path)
    recording.open([Still()])
    recording.close()
    assert path.read_bytes() == b"old"
    record(path, [moment()])
    assert path.stat().st_size > 100


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("out.txt", "suffix that is no video's"),
        ("out", "suffix that is no video's"),
        ("missing/out.mp4", "folder does not exist"),
        ("folder.mp4", "is a folder"),
        ("file/out.mp4", "folder does not exist"),
        ("x" * 300 + ".mp4", "File name too long"),
    ],
)
def test_a_place_where_no_video_can_be_is_refused_at_once(tmp_path: Path, name: str, wrong: str) -> None:
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(CatdogError, match=wrong):
        Recording(tmp_path / name)


def test_what_a_power_cut_left_of_a_recording_is_tidied_up(tmp_path: Path) -> None:
    for name in (".out.0a1b2c3d.mp4", ".out.mp4", ".other.0a1b2c3d.mp4", ".out.0a1b2c3d.avi"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / ".out.12345678.mp4").touch()  # of somebody who records now
    Recording(tmp_path / "out.mp4")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {".out.mp4", ".other.0a1b2c3d.mp4", ".out.0a1b2c3d.avi", ".out.12345678.mp4"}


def test_a_recording_does_not_overwrite_what_is_watched(tmp_path: Path) -> None:
    watched = tmp_path / "clip.mp4"
    watched.write_bytes(b"precious")
    (tmp_path / "link.mp4").symlink_to(watched)
    for path in (watched, tmp_path / "link.mp4"):
        with pytest.raises(CatdogError, match="is what is watched"):
            Recordings(path).open([Still(name="other"), Still(name=str(watched))])
    assert watched.read_bytes() == b"precious"


def test_of_several_sources_each_has_a_recording(tmp_path: Path) -> None:
    recording = Recordings(tmp_path / "out.avi")
    recording.open([Still(), Still()])
    for number in range(1, 4):
        recording.write(moment(number=number, position_s=number / 15))
    recording.write(moment(stream=1, position_s=1.0))
    recording.close()
    lengths = {path.name: len(frames_of(File(str(path)))) for path in tmp_path.iterdir()}
    assert lengths == {"out.avi": 3, "out-2.avi": 1}


def when_black(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen in the thread that records a black picture."""

    def drawn(image: np.ndarray, *others: object) -> np.ndarray:
        if not image.any():
            act()
        return annotate(image, *others)

    monkeypatch.setattr("edge.outputs.recording.annotate", drawn)


def record_two(path: Path, live: bool, between: Callable[[], object] = lambda: None) -> tuple[Recordings, list[str]]:
    """Record 30 black pictures of one source, which may be live, and 30 grey ones of another; return what was said."""
    recording, said = Recordings(path), []
    recording.say = said.append
    recording.open([Still(live=live), Still(live=False)])
    for number in range(30):
        recording.write(moment(position_s=number / 15, image=np.zeros_like(GREY)))
        recording.write(moment(position_s=number / 15, stream=1))
    between()
    recording.finish()
    recording.close()
    return recording, said


def test_a_recording_that_hangs_holds_up_none_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    when_black(monkeypatch, lambda: gate.wait(60))
    recording, said = record_two(tmp_path / "out.avi", live=True, between=gate.set)
    assert said[0] == "--record out.avi: is too slow, so that some answers are dropped"
    assert re.fullmatch(r"--record out\.avi: 2\d of 30 answers lost", recording.lost()), "and none of the other's"
    assert len(frames_of(File(str(tmp_path / "out-2.avi")))) == 30


def test_a_recording_that_ends_early_is_said_and_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def end() -> None:
        raise EndedError("out.avi", "ends here", "Free some space")

    when_black(monkeypatch, end)
    recording, said = record_two(tmp_path / "out.avi", live=False)
    assert said == [recording.lost()] == ["out.avi: ends here. Free some space"]
    assert not recording.gone
    assert len(frames_of(File(str(tmp_path / "out-2.avi")))) == 30


def test_a_disk_that_fills_up_ends_the_recording_while_it_can_be_finished(tmp_path: Path) -> None:
    path, room = tmp_path / "out.mp4", iter([10**9, 10**9, 1000])
    recording = Recording(path, lambda _: next(room))
    recording.open([Still()])
    for number in range(60):
        recording.write(moment(number=number, position_s=number / 15))
    with pytest.raises(CatdogError, match="disk is full"):
        recording.write(moment(number=60, position_s=60 / 15))
    recording.close()
    assert len(frames_of(File(str(path)))) == 60


def test_a_recording_that_cannot_be_finished_is_removed_and_said(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    recording = Recording(path)
    recording.open([Still()])
    recording.write(moment())
    (growing,) = tmp_path.iterdir()
    growing.unlink()
    growing.symlink_to("/dev/null")
    with pytest.raises(CatdogError, match="could not be finished"):
        recording.close()
    assert list(tmp_path.iterdir()) == []


# The window


@pytest.mark.parametrize(
    ("toolkit", "display", "wrong"),
    [
        ("", ":0", r'pip install "catdog-edge\[window\]"'),
        ("QT5", "", "no desktop"),
        ("QT5", ":987", "takes no window"),
    ],
)
def test_where_no_window_opens_the_error_says_why(
    monkeypatch: pytest.MonkeyPatch, toolkit: str, display: str, wrong: str
) -> None:
    monkeypatch.setattr(cv2, "currentUIFramework", lambda: toolkit)
    monkeypatch.setattr("sys.platform", "linux")
    for name, value in (("DISPLAY", display), ("WAYLAND_DISPLAY", "")):
        monkeypatch.setenv(name, value)
    with pytest.raises(CatdogError, match=wrong):
        Window()


class Desk:
    """A desktop that shows what OpenCV's windows would; `key` is what the user presses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown: dict[str, list[np.ndarray]] = {}
        self.key, self.visible, self.destroyed = -1, 1.0, 0
        doubles: dict[str, Any] = {
            "currentUIFramework": lambda: "QT5",
            "namedWindow": lambda title, _: self.shown.setdefault(title, []),
            "setWindowTitle": lambda *_: None,
            "resizeWindow": lambda *_: None,
            "getWindowProperty": lambda *_: self.visible,
            "imshow": lambda title, image: self.shown[title].append(image.copy()),
            "waitKey": lambda _: self.key,
            "destroyAllWindows": lambda: setattr(self, "destroyed", self.destroyed + 1),
        }
        for name, double in doubles.items():
            monkeypatch.setattr(cv2, name, double)
        monkeypatch.setattr("edge.outputs.window._PERIOD_S", 0.0)
        monkeypatch.setattr("edge.outputs.window.opens", lambda: True)
        monkeypatch.setenv("DISPLAY", "somewhere:0")

    def window(self, sources: int) -> Window:
        made = Window()
        made.open([Still()] * sources)
        return made


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def test_each_source_has_a_window_and_what_is_old_is_behind_a_veil(desk: Desk) -> None:
    window = desk.window(2)
    for one in (moment(), moment(state="lost"), nothing_yet("garden", 1), moment(stream=1)):
        window.write(one)
    window.close()
    window.close()
    first, second = desk.shown.values()
    assert np.array_equal(first[0], annotate(GREY, moment().verdict))
    assert first[1].mean() < 0.6 * first[0].mean()
    assert second[0].mean() < 20
    assert np.array_equal(second[1], first[0])
    assert desk.destroyed == 1


@pytest.mark.parametrize(("key", "visible"), [(ord("q"), 1.0), (27, 1.0), (-1, 0.0)])
def test_a_key_or_a_closed_window_ends_the_run(desk: Desk, key: int, visible: float) -> None:
    window = desk.window(1)
    window.write(moment())
    desk.key, desk.visible = key, visible
    with pytest.raises(Finished):
        window.write(moment())


# The tally


def test_a_tally_counts_labels_and_averages_intervals() -> None:
    tally = Tally(100.0, 100.0)
    for number in range(300):
        # Pairs of frames 1 ms apart, every 100 ms: 20 a second.
        tally = count(tally, "a" if number % 3 else "b", 100.0 + number // 2 * 0.1 + number % 2 * 0.001)
    assert (tally.frames, dict(tally.labels)) == (300, {"a": 200, "b": 100})
    assert tally.rate == pytest.approx(20, rel=0.1)


def test_a_summary_is_one_line() -> None:
    tally = Tally(0.0, 10.0, 150, {"b": 15, "a": 135}, 15.0)
    assert summary(tally, 3, live=True) == "150 frames in 10.0 s (15.0 a second): a 90.0%, b 10.0%; 3 dropped"
    assert summary(tally, 0, live=False).endswith("b 10.0%")
    assert summary(tally, 1, live=False).endswith("; 1 skipped")
    assert summary(tally, 0, live=True, asleep=0.875).endswith("; 0 dropped; asleep 88% of the time")
    assert summary(Tally(0.0, 0.0, 1, {"a": 1}), 0, live=True).startswith("1 frame in 0.0 s")
