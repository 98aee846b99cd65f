"""`catdog run` with outputs that fail, hang and are killed: each alone, and the run goes on."""

import fcntl
import os
import pty
import re
import resource
import signal
import struct
import termios
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edge.capture.file import File
from edge.outputs import KINDS as OUTPUTS
from edge.outputs.jsonl import event_json, moment_json
from edge.testing import event
from tests.clips import GREEN, RED, cut, frames_of, noise, solid, write_clip
from tests.conftest import ROOT, Command, one_line, python
from tests.edge.test_outputs_away import server
from tests.edge.test_run import QUIET, XTERM, ended, rows, started, wait_until

SOON_S = 30.0


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A clip at 10 frames a second: 3 s of red, 3 s of green."""
    return write_clip(tmp_path / "clip.avi", noise(cut(solid(RED, 30), solid(GREEN, 30)), 5), rate=10)


def told(path: Path) -> list[dict[str, Any]]:
    return rows(path.read_text()) if path.exists() else []


def kinds(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["event"], event["label"]) for event in events]


STORY = [("arrived", "red"), ("left", "red"), ("visit", "red"), ("arrived", "green"), ("visit", "green")]


def test_all_outputs_at_once_tell_the_same_story(command: Command, model: Path, clip: Path, tmp_path: Path) -> None:
    words = ["--events", tmp_path / "log", "--snapshots", tmp_path / "snaps", "--record", tmp_path / "out.mp4"]
    words += ["--on-event", f"sh -c 'cat >> {tmp_path}/told; echo $CATDOG_SNAPSHOT >> {tmp_path}/pictures'"]
    with server() as running:
        done = command("edge", "run", clip, "--model", model, *words, "--webhook", f"http://{running.host}/")
    assert kinds([event for row in rows(done.stdout) for event in row["events"]]) == STORY
    assert kinds(told(tmp_path / "log")) == kinds(told(tmp_path / "told")) == STORY
    assert kinds([body for _, _, body in running.posts]) == STORY
    snaps = sorted((tmp_path / "snaps").iterdir())
    assert [path.stem.split("-")[2] for path in snaps] == ["red", "green"]
    assert [line for line in (tmp_path / "pictures").read_text().splitlines() if line] == list(map(str, snaps))
    frames = frames_of(File(str(tmp_path / "out.mp4")))
    assert [int(frame.image[:20].mean(axis=(0, 1)).argmax()) for frame in frames] == [2] * 30 + [1] * 30
    assert "asleep" not in one_line(done)


def test_quiet_says_what_happens_and_no_more(command: Command, model: Path, clip: Path) -> None:
    done = command("edge", "run", clip, "--quiet", "--model", model)
    assert kinds([event for row in rows(done.stdout) for event in row["events"]]) == STORY
    assert len(rows(done.stdout)) == 3


def test_rest_says_how_much_of_the_time_it_slept(command: Command, model: Path, clip: Path) -> None:
    done = command("edge", "run", clip, "--max-fps", "2", "--model", model)
    assert len([row for row in rows(done.stdout) if row["state"] == "live"]) == pytest.approx(12, abs=1)
    assert re.search(r"; asleep (7[89]|8[0-2])% of the time$", one_line(done))


# Faults: one line each, and the others go on


def test_a_full_disk_stops_only_what_needs_it(command: Command, model: Path, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "log").write_text('{"event": "visit"}\n')
    full = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (100, 100))
    words = ["--events", tmp_path / "log", "--snapshots", tmp_path / "snaps", "--record", tmp_path / "out.mp4"]
    done = command("edge", "run", clip, "--model", model, *words, expect=1, preexec_fn=full)
    assert kinds([event for row in rows(done.stdout) for event in row["events"]]) == STORY
    assert "Traceback" not in done.stderr
    for what in ("--snapshots: 2 of 2 visits lost", "--events: 5 of 5 events lost", "out.mp4: could not be finished"):
        assert what in done.stderr
    assert len(done.stderr.splitlines()) == 6, "one when it begins, one at the end, the summary"
    assert (tmp_path / "log").read_text() == '{"event": "visit"}\n'
    assert list((tmp_path / "snaps").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.avi", "log", "snaps"], "no half a video"


def test_a_standard_output_on_a_full_disk_is_one_line(model: Path, clip: Path) -> None:
    with Path("/dev/full").open("w") as full, started(model, clip, stdout=full) as process:
        _, errors = process.communicate(timeout=SOON_S)
    assert process.returncode == 1
    fault, said, lost = errors.splitlines()
    assert "standard output: cannot be written (No space left on device)" in fault
    assert said.startswith("catdog: 60 frames")
    assert lost == "catdog: standard output: 61 of 61 answers lost"


def test_a_closed_pipe_ends_what_was_only_for_it_with_a_line(model: Path) -> None:
    with started(model, "demo") as process:
        assert process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        _, errors = process.communicate(timeout=SOON_S)
    assert process.returncode == 1
    said, fault = errors.splitlines()
    assert said.startswith("catdog: ")
    assert "standard output: was closed by its reader" in fault


def test_a_closed_pipe_does_not_end_the_other_outputs(model: Path, tmp_path: Path) -> None:
    with started(model, "demo", "--events", tmp_path / "log") as process:
        assert process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        assert "was closed by its reader" in process.stderr.readline()
        wait_until(lambda: (tmp_path / "log").stat().st_size > 0, SOON_S)
        _, errors = ended(process, signal.SIGTERM)
    assert process.returncode == 1
    assert kinds(told(tmp_path / "log"))[-1][0] == "visit", "the one that the end cut short"
    assert "Traceback" not in errors


def test_a_pipe_that_nobody_reads_hangs_nothing(model: Path, tmp_path: Path) -> None:
    with started(model, "demo", "--events", tmp_path / "log") as process:
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        assert "standard output: is too slow, so that some answers are dropped" in process.stderr.readline()
        assert told(tmp_path / "log"), "it went on meanwhile"
        process.send_signal(signal.SIGTERM)
        assert "frames" in process.stderr.readline()  # which takes the patience for it
        assert "answers lost" in process.stderr.readline()
        process.wait(SOON_S)
    assert process.returncode == 1


def test_a_terminal_that_takes_nothing_hangs_nothing(model: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()  # ours is never read
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 2000, 0, 0))  # so that one view fills it
    try:
        with started(model, "demo", "--events", tmp_path / "log", stdout=theirs, env=XTERM) as process:
            wait_until(lambda: told(tmp_path / "log"), SOON_S)
            _, errors = ended(process, signal.SIGINT)
        assert (process.returncode, errors.count("\n")) == (0, 1)
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_server_that_refuses_and_a_program_that_fails_are_lines(command: Command, model: Path, clip: Path) -> None:
    words = ["--webhook", "http://me:SECRET@127.0.0.1:9/SECRET", "--on-event", "false"]
    done = command("edge", "run", clip, "--model", model, *words, expect=1)
    assert "SECRET" not in done.stdout + done.stderr
    assert kinds([event for row in rows(done.stdout) for event in row["events"]]) == STORY
    *faults, said, program, hook = done.stderr.splitlines()
    assert sorted(fault.split(": ", 2)[1] for fault in faults) == ["--on-event", "http"] or len(faults) == 2
    assert said.startswith("catdog: 60 frames")
    assert program == "catdog: --on-event: 5 of 5 events lost"
    assert hook == "catdog: --webhook: 5 of 5 events lost"


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["--events", "/proc/log"], "/proc/log: cannot be written"),
        (["--events", "/"], "/: is no file"),
        (["--snapshots", "/proc/snaps"], "/proc/snaps: cannot be written to"),
        (["--on-event", "no-such-program -x"], "finds no program no-such-program"),
        (["--on-event", "say 'hello"], "without its other half"),
        (["--webhook", "host/SECRET"], "--webhook: is no address"),
        (["--record", "/proc/out.mp4"], "/proc/out.mp4: cannot be written"),
        (["--events", ""], "--events: is empty"),
        (["--on-event", ""], "--on-event: is empty"),
        (["--snapshots", "x", "--snapshots-mb", "0"], "--snapshots-mb"),
        (["--snapshots", "x", "--snapshots-mb", "nan"], "--snapshots-mb"),
    ],
)
def test_what_cannot_work_is_said_before_it_starts(command: Command, model: Path, words: list[str], wrong: str) -> None:
    done = command("edge", "run", "demo", "--model", model, *words, expect=2)
    assert wrong in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert "SECRET" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("package", "extra", "word"), [("gpiozero", "gpio", "red=17"), ("paho", "mqtt", "mqtt://h")])
def test_without_its_package_an_output_says_so(model: Path, package: str, extra: str, word: str) -> None:
    program = f"import sys; sys.modules[{package!r}] = None; from edge.cli import main; sys.exit(main(sys.argv[1:]))"
    done = python(program, "run", "demo", "--model", model, f"--{extra}", word, expect=2)
    assert f'pip install "catdog-edge[{extra}]"' in done.stderr


# How it ends


def test_a_kill_finishes_what_is_queued(model: Path, tmp_path: Path) -> None:
    slow = f"sh -c 'sleep 0.5; cat >> {tmp_path}/told'"
    with started(model, "demo", "--events", tmp_path / "log", "--on-event", slow) as process:
        wait_until(lambda: told(tmp_path / "log"), SOON_S)
        ended(process, signal.SIGTERM)
    assert process.returncode == 0
    assert kinds(told(tmp_path / "told")) == kinds(told(tmp_path / "log"))
    assert told(tmp_path / "log")[-1]["event"] == "visit"


def test_a_program_that_hangs_does_not_hang_the_end(model: Path, tmp_path: Path) -> None:
    words = ["--events", tmp_path / "log", "--on-event", "sleep 1000"]
    with started(model, "demo", *words) as process:
        wait_until(lambda: told(tmp_path / "log"), SOON_S)
        _, errors = ended(process, signal.SIGTERM)
    assert process.returncode == 1
    assert "--on-event: 2 of 2 events lost" in errors


def test_a_log_survives_a_kill_at_any_moment(model: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    for _ in range(2):
        before = log.stat().st_size
        with started(model, "demo", "--events", log) as process:
            wait_until(lambda size=before: log.stat().st_size > size, SOON_S)
            process.kill()
            process.communicate(timeout=SOON_S)
        told(log)
        with log.open("ab") as file:
            file.write(b'{"event": "vis\0\0')  # what a power cut leaves
    with started(model, "demo", "--events", log, "--frames", "1") as process:
        process.communicate(timeout=SOON_S)
    assert len(told(log)) >= 2


def test_a_clock_that_jumps_ten_years_changes_dates_and_nothing_else(model: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import itertools, time\n"
        "real, calls = time.time, itertools.count()\n"
        "time.time = lambda: real() + (next(calls) // 20 % 3 - 1) * 10 * 365 * 86400\n"
    )
    environment = {**QUIET, "PYTHONPATH": str(tmp_path)}
    words = ["--events", tmp_path / "log", "--snapshots", tmp_path / "snaps", "--max-fps", "1000", "--frames", "100"]
    with started(model, "demo", *words, env=environment) as process:
        out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert len({row["time"][:3] for row in rows(out)}) > 1, "the clock has jumped"
    assert all(0 <= row["age_ms"] < 5000 for row in rows(out))
    assert all(0 <= told_of["duration_s"] < 20 for told_of in told(tmp_path / "log"))
    visits = [told_of["label"] for told_of in told(tmp_path / "log") if told_of["event"] == "visit"]
    snaps = sorted(path.stem.split("-")[2] for path in (tmp_path / "snaps").iterdir())
    assert sorted(visits) == snaps
    assert re.search(r"asleep \d+% of the time", errors)


# The page


PAGES = "\n".join((ROOT / f"docs/{name}.md").read_text() for name in ("outputs", "mqtt", "web", "teach-your-pet"))


def test_the_pages_name_every_option_field_and_placeholder() -> None:
    happened = event(position_s=1.0)
    fields = {*moment_json(happened), *event_json(event(), event().events[0])}
    fields |= {*event_json(happened, happened.events[0])}
    placeholders = ("{event}", "{label}", "{source}", "{duration}", "{snapshot}")
    for word in (*(kind.option for kind in OUTPUTS), *fields, *placeholders):
        assert re.search(rf"`(catdog run )?{re.escape(word)}|{re.escape(word)}`", PAGES), word
