"""`catdog run` as people use it: in a process of its own, on real files, streams and terminals."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.capture.file import File
from tests.clips import BLUE, GREEN, RED, cut, frames_of, jpeg, noise, solid, write_clip
from tests.conftest import ROOT, Command, one_line, picture, python
from tests.edge.test_capture_network import mjpeg, serving, silent_server

QUIET = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "DISPLAY", "WAYLAND_DISPLAY")}
XTERM = {**QUIET, "TERM": "xterm-256color"}


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A clip of 8 red, 6 green and 4 blue frames at 10 a second."""
    parts = cut(solid(RED, 8), solid(GREEN, 6), solid(BLUE, 4))
    return write_clip(tmp_path / "clip.avi", noise(parts, 5), rate=10)


@contextmanager
def started(model: Path, *words: object, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Start `catdog run` and leave it to the block; it is killed where the block leaves it running."""
    line = [sys.executable, "-m", "edge", "run", *map(str, words), "--model", str(model)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT, "env": QUIET}
    process = subprocess.Popen(line, **{**pipes, **options})
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str], number: int) -> tuple[str, str]:
    """End a run by a signal; return what it had still to say, and to complain of."""
    process.send_signal(number)
    return process.communicate(timeout=60)


# What is seen


def test_every_frame_of_a_file_is_classified(command: Command, model: Path, clip: Path) -> None:
    done = command("edge", "run", clip, "--model", model)
    *seen, end = rows(done.stdout)
    assert (end["state"], [event["event"] for event in end["events"]]) == ("ended", ["visit"])
    assert [row["label"] for row in seen] == ["red"] * 8 + ["green"] * 6 + ["blue"] * 4
    assert [row["frame"] for row in seen] == list(range(1, 19))
    assert [row["position_s"] for row in seen] == pytest.approx([n / 10 for n in range(18)], abs=2e-3)
    row = seen[0]
    assert row["source"] == str(clip)
    assert row["probability"] == row["probabilities"]["red"] > 0.9
    assert list(row["probabilities"]) == ["red", "green", "blue"]
    assert row["latency_ms"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["time"])
    summary = r"catdog: 18 frames in \d+\.\d s \(\d+\.\d a second\): red 44\.4%, green 33\.3%, blue 22\.2%"
    assert re.fullmatch(summary, one_line(done))


def test_photos_are_classified_once_each_and_bad_ones_skipped(command: Command, model: Path, tmp_path: Path) -> None:
    for name in ("a.jpg", "b.png"):
        cv2.imwrite(str(tmp_path / name), picture("green"))
    (tmp_path / "c.jpg").write_bytes(b"no photo at all")
    done = command("edge", "run", tmp_path, "--model", model, expect=1)
    seen = [(row["label"], Path(row["source"]).name) for row in rows(done.stdout)]
    assert seen == [("green", "a.jpg"), ("green", "b.png")]
    skipped, said = done.stderr.splitlines()
    assert re.search("skipped.*c.jpg", skipped)
    assert said.endswith("green 100.0%; 1 skipped")


def test_the_demo_runs_without_being_told(command: Command, model: Path) -> None:
    done = command("edge", "run", "demo", "--frames", 5, "--model", model)
    assert [row["source"] for row in rows(done.stdout)] == ["demo"] * 5
    assert one_line(done).startswith("catdog: 5 frames")


@pytest.mark.skipif(bool(list(Path("/dev").glob("video*"))), reason="this machine may have a camera")
def test_without_a_camera_auto_shows_the_demo_and_says_so(command: Command, model: Path) -> None:
    done = command("edge", "run", "--frames", 2, "--model", model)
    assert [row["source"] for row in rows(done.stdout)] == ["demo"] * 2
    assert "no camera delivers frames" in done.stderr.splitlines()[0]


def test_a_stream_that_is_lost_is_opened_again(command: Command, model: Path) -> None:
    with serving(mjpeg(list(solid(BLUE, 3)))) as host:  # three for each who asks
        words = (f"http://user:SECRET@{host}/cam?pwd=SECRET", "--model", model, "--frames", 4, "--json")
        done = command("edge", "run", *words)
    assert {row["label"] for row in rows(done.stdout) if row["state"] == "live"} == {"blue"}
    assert "SECRET" not in done.stdout + done.stderr


def test_a_stream_that_stays_away_is_given_up_when_asked_to(model: Path) -> None:
    over = threading.Event()
    with ExitStack() as server:
        host = server.enter_context(serving(mjpeg(solid(BLUE, 30), over.set)))
        url = f"http://user:SECRET@{host}/cam?pwd=SECRET"
        with started(model, url, "--timeout", 1, "--give-up-after", 1) as process:
            assert over.wait(60)
            server.close()
            out, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert {row["label"] for row in rows(out) if row["state"] == "live"} == {"blue"}
    assert "lost" in {row["state"] for row in rows(out)}
    lost, *_, summary, fault = errors.splitlines()
    assert "trying again" in lost
    assert re.search(r"; \d+ dropped", summary)
    assert "http://" in fault
    assert "SECRET" not in out + errors


# Bad input: one line each, status 2, nothing on standard output


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["none.mp4"], "there is no such file"),
        (["97"], "there is none"),
        (["/dev/video97"], "there is none"),
        (["/dev/null"], "is no camera"),
        (["EMPTY"], "is empty"),
        ([""], "is empty"),
        (["pyproject.toml"], "is no video"),
        (["gopher://user:SECRET@host/"], "unknown scheme"),
        (["http://user:SECRET@127.0.0.1:9/"], "refuses connections"),
        (["rtsp://127.0.0.1:9/?token=SECRET"], "refuses connections"),
        (["SECRET:SECRET@host/stream"], "there is no such file"),
        (["FOLDER"], "holds no photo"),
        (["BAD"], "is no photo"),
        (["demo", "", "rtsp://user:SECRET@host/"], "is empty"),
        (["csi:x"], "is no camera's number"),
        (["camera:none such"], "there is none"),
        (["none/*.mp4"], "fits no file"),
        (["pattern", "--region", "0.5,0.5,0.001,0.001"], "leaves 1 x 0 pixels"),
        (["demo", "--record", "out.txt"], "suffix that is no video's"),
        (["demo", "--record", "/nowhere/out.mp4"], "folder does not exist"),
        (["demo", "--show"], "--show"),
        (["demo", "--model", "none.tflite"], "none.tflite"),
    ],
)
def test_what_cannot_be_run_is_one_line(command: Command, model: Path, tmp_path: Path, words: list, wrong: str) -> None:
    places = {"EMPTY": tmp_path / "empty.mp4", "BAD": tmp_path / "x.jpg", "FOLDER": tmp_path / "folder"}
    places["EMPTY"].touch()
    places["BAD"].write_bytes(b"x")
    places["FOLDER"].mkdir()
    chosen = [] if "--model" in words else ["--model", model]
    done = command("edge", "run", *(places.get(word, word) for word in words), *chosen, expect=2, env=QUIET)
    assert wrong in one_line(done)
    assert {row["state"] for row in rows(done.stdout)} <= {"connecting"}
    assert "SECRET" not in done.stderr + done.stdout


def test_native_chatter_does_not_reach_the_terminal(command: Command, model: Path, tmp_path: Path) -> None:
    # libjpeg writes "Corrupt JPEG data" to descriptor 2 for such a file, whatever OpenCV's log level is.
    encoded = bytearray(jpeg(np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)))
    encoded[9000:9100] = bytes(range(100))
    (tmp_path / "x.mjpeg").write_bytes(bytes(encoded) * 5)
    assert "catdog: 5 frames" in one_line(command("edge", "run", tmp_path / "x.mjpeg", "--model", model))
    record = ["--record", tmp_path / "out.webm"]  # OpenCV prints "tag ... is not supported" for VP80 in .webm
    one_line(command("edge", "run", "demo", "--frames", 2, "--model", model, *record))


# How it ends


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_live_run_with_a_summary(model: Path, number: int) -> None:
    with started(model, "demo") as process:
        assert process.stdout.readline()
        out, errors = ended(process, number)
    assert process.returncode == 0
    assert all(json.loads(line) for line in out.splitlines()), "no line was cut"
    assert re.fullmatch(r"catdog: \d+ frames? in .*; \d+ dropped\n", errors)


def test_ctrl_c_while_a_silent_camera_is_called_ends_at_once(model: Path) -> None:
    with silent_server() as host, started(model, f"http://{host}/", env={**QUIET, "PYTHONUNBUFFERED": "1"}) as process:
        time.sleep(1.0)  # it says nothing until the server does
        before = time.monotonic()
        _, errors = ended(process, signal.SIGINT)
    assert time.monotonic() - before < 3
    assert (process.returncode, errors) == (130, "catdog: interrupted\n")


def test_a_file_that_was_interrupted_is_not_called_done(model: Path, tmp_path: Path) -> None:
    long = write_clip(tmp_path / "long.avi", solid(RED, 2000))
    with started(model, long) as process:
        assert process.stdout.readline()
        _, errors = ended(process, signal.SIGINT)
    assert process.returncode == 130
    assert 1 <= int(re.search(r"catdog: (\d+) frame", errors)[1]) < 2000


# Recording


def test_ctrl_c_leaves_a_finished_recording(model: Path, tmp_path: Path) -> None:
    with started(model, "demo", "--record", tmp_path / "out.mp4") as process:
        assert all(process.stdout.readline() for _ in range(3))
        ended(process, signal.SIGINT)
    assert process.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
    assert len(frames_of(File(str(tmp_path / "out.mp4")))) >= 3


# On a terminal


@contextmanager
def terminal(columns: int) -> Iterator[tuple[int, Callable[[], str]]]:
    """Open a pseudo-terminal; yield its side for the program, and what returns all that was drawn so far."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    drawn: list[bytes] = []

    def listen() -> None:
        with suppress(OSError):  # the other side is closed
            while part := os.read(ours, 65536):
                drawn.append(part)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield theirs, lambda: b"".join(drawn).decode()
    finally:
        os.close(theirs)
        thread.join(5)
        os.close(ours)


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing of the sort in time"
        time.sleep(0.02)


def test_whoever_saw_the_demo_is_told_what_next(model: Path) -> None:
    with terminal(80) as (screen, drawn), started(model, "demo", "--frames", 3, stdout=screen, stderr=screen) as run:
        assert run.wait(120) == 0
        wait_until(lambda: "catdog run --help" in drawn())
    assert [line.split()[1] for line in drawn().splitlines()[-3:]] == ["cameras", "classify", "run"]


@pytest.mark.parametrize("columns", [20, 80])
def test_a_terminal_shows_a_live_view(model: Path, columns: int) -> None:
    with terminal(columns) as (screen, drawn), started(model, "demo", stdout=screen, env=XTERM) as process:
        wait_until(lambda: drawn().count("\x1b[5A") >= 3)
        _, errors = ended(process, signal.SIGINT)
    assert process.returncode == 0
    assert re.fullmatch(r"catdog: \d+ frames .*\n", errors)
    text = drawn()
    assert "\x1b[1;36mred" in text
    assert "█" in text
    assert "{" not in text
    plain = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", text).replace("\r", "\n")
    assert max(map(len, plain.split("\n"))) < columns
    assert text.rstrip().endswith("\x1b[?25h"), "the cursor is shown again"


def test_json_on_a_terminal_is_json(model: Path) -> None:
    with terminal(80) as (screen, drawn), started(model, "demo", "--json", "--frames", 2, stdout=screen) as process:
        process.communicate(timeout=20)
        wait_until(lambda: drawn().count("\n") == 2)
    first, second = (row["frame"] for row in rows(drawn()))
    assert first < second


def test_a_dumb_terminal_gets_lines(model: Path) -> None:
    dumb = {**QUIET, "TERM": "dumb"}
    with terminal(40) as (screen, drawn), started(model, "demo", "--frames", 3, stdout=screen, env=dumb) as process:
        process.communicate(timeout=20)
        wait_until(lambda: "red" in drawn())
    assert "\x1b" not in drawn()
    assert re.match(r"red \d+%  ", drawn())


# What it costs to start


def test_it_starts_without_the_outputs_and_libraries_that_it_was_not_asked_for() -> None:
    program = "import sys, edge.classifier, edge.commands; a = set(sys.modules); import edge.commands.run; "
    extra = set(python(program + "print(*sorted(set(sys.modules) - a))").stdout.split())
    assert "edge.capture.feed" in extra
    always = {"edge.outputs.together", "edge.outputs.stream", "edge.outputs.worker"}
    assert {name for name in extra if name.startswith("edge.outputs.")} == always
    assert not extra & {"dataclasses", "zipfile", "asyncio", "socket", "ssl", "http", "tempfile", "shutil", "logging"}


def test_help_lists_every_kind_of_source(command: Command) -> None:
    text = command("edge", "run", "--help").stdout
    for word in ("auto", "demo", "/dev/video", "rtsp://", "photos/", "clip.mp4", "--record", "--show", "--frames"):
        assert word in text
