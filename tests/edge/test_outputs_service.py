"""What a service tells systemd: when it is ready, that it is alive, and how it goes."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.errors import InputError
from edge.outputs import ASLEEP, ENDED, nothing_yet
from edge.outputs.service import Service, check_rate, watchdog_s
from edge.testing import Clock, moment
from tests.conftest import Command


@contextmanager
def systemd(address: str) -> Iterator[socket.socket]:
    """Listen as systemd does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(address.replace("@", "\0"))
        heard.setblocking(False)
        yield heard


def words(heard: socket.socket) -> list[list[str]]:
    """Return the lines of every datagram so far."""
    told = []
    while True:
        try:
            told.append(heard.recv(4096).decode().splitlines())
        except BlockingIOError:
            return told


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    with systemd(str(tmp_path / "notify")) as listening:
        yield listening


def service(tmp_path: Path, **environment: str) -> tuple[Service, Clock]:
    clock = Clock(100.0)
    return Service({"NOTIFY_SOCKET": str(tmp_path / "notify"), **environment}, clock), clock


def test_the_first_fresh_answer_makes_it_ready_and_all_feed_the_watchdog(tmp_path: Path, heard: socket.socket) -> None:
    output, clock = service(tmp_path, WATCHDOG_USEC="8000000")
    for _ in range(11):
        output.write(moment())
        clock.advance(0.5)
    output.close()
    told = words(heard)
    signs = " ".join(line for lines in told for line in lines if not line.startswith("STATUS="))
    assert signs == "WATCHDOG=1 READY=1 WATCHDOG=1 WATCHDOG=1 STOPPING=1"
    assert told[0][1] == "STATUS=red 75%, script, 14.9/s, 4 ms old, 2 dropped"


@pytest.mark.parametrize("state", [ASLEEP, ENDED])
def test_a_frame_that_was_not_looked_at_is_no_sign_of_life(tmp_path: Path, heard: socket.socket, state: str) -> None:
    service(tmp_path)[0].write(moment(state=state))
    assert words(heard) == []


def test_a_camera_that_never_comes_is_waited_for_and_told(tmp_path: Path, heard: socket.socket) -> None:
    output, clock = service(tmp_path, WATCHDOG_USEC="60000000")
    told = []
    for second in range(130):
        output.write(nothing_yet("0", state="connecting" if second < 20 else "lost"))
        clock.advance(1.0)
        told += words(heard)  # the kernel keeps ten of them
    assert told[0] == ["WATCHDOG=1", "STATUS=no answer yet: 0 is connecting"]
    assert {lines[0] for lines in told} == {"WATCHDOG=1"}
    assert 130 / 5 <= len(told) <= 130 / 5 + 2  # far more often than in 60 s
    assert [lines[1] for lines in told if "READY=1" in lines] == ["STATUS=no answer yet: 0 is lost"]
    assert next(number for number, lines in enumerate(told) if "READY=1" in lines) == 12  # after a minute


def test_a_camera_that_goes_away_and_comes_back_is_told(tmp_path: Path, heard: socket.socket) -> None:
    output, clock = service(tmp_path)
    for state in ("live", "stale", *["lost"] * 20, "live"):
        output.write(moment(state=state))
        clock.advance(1.0)
    told = words(heard)
    statuses = [lines[1].partition(",")[0].removeprefix("STATUS=") for lines in told]
    assert statuses == ["red 75%", *["no answer"] * 4, "red 75%"]
    assert "script is lost" in told[1][1]
    assert ["READY=1" in lines for lines in told] == [True, *[False] * 5]


def test_of_two_cameras_the_one_that_answers_speaks(tmp_path: Path, heard: socket.socket) -> None:
    output, clock = service(tmp_path)
    for _ in range(20):
        output.write(moment())
        output.write(nothing_yet("1", stream=1, state="lost"))
        clock.advance(1.0)
    assert {lines[1].partition(",")[0] for lines in words(heard)} == {"STATUS=red 75%"}


def test_a_rate_at_which_a_service_would_count_as_hung_is_refused() -> None:
    check_rate(0.025, 60.0)
    with pytest.raises(InputError, match=r"0\.02 is too low for a service.*Write 0\.025 or more"):
        check_rate(0.02, 60.0)


def test_the_runner_refuses_such_a_rate_where_it_is_watched(tmp_path: Path, model: Path, command: Command) -> None:
    watched = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "60000000"}
    watched.pop("WATCHDOG_PID", None)
    words = ("edge", "run", "demo", "--frames", 1, "--max-fps", 0.01, "--model", model)
    assert "is too low for a service" in command(*words, expect=2, env=watched).stderr


def test_nobody_who_listens_holds_nothing_up_and_readiness_is_told_again(tmp_path: Path) -> None:
    output, _ = service(tmp_path)
    output.write(moment())
    with systemd(str(tmp_path / "notify")) as heard:
        output.write(moment())
        assert "READY=1" in words(heard)[0]


def test_an_abstract_socket_and_a_source_with_an_odd_name() -> None:
    name = f"@catdog-test-{os.getpid()}"
    with systemd(name) as heard:
        odd = moment()
        Service({"NOTIFY_SOCKET": name}).write(odd._replace(frame=odd.frame._replace(source="a\nREADY=0")))
        ((watchdog, status, ready),) = words(heard)
    assert (watchdog, ready) == ("WATCHDOG=1", "READY=1")
    assert "a\\nREADY=0" in status


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "2500000"}, 2.5),
        ({"WATCHDOG_USEC": "2500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "2500000", "WATCHDOG_PID": str(os.getpid())}, 2.5),
    ],
)
def test_the_watchdogs_limit_is_read(environment: dict[str, str], seconds: float | None) -> None:
    assert watchdog_s(environment) == seconds


def test_the_runner_tells_systemd(tmp_path: Path, heard: socket.socket, model: Path, command: Command) -> None:
    environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")}
    command("edge", "run", "demo", "--frames", 3, "--model", model, "--quiet", env=environment)
    told = words(heard)
    assert told[0][::2] == ["WATCHDOG=1", "READY=1"]
    assert told[-1] == ["STOPPING=1"]


def test_without_frames_it_is_never_ready(tmp_path: Path, heard: socket.socket, model: Path, command: Command) -> None:
    environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")}
    command("edge", "run", tmp_path / "missing.mp4", "--model", model, expect=2, env=environment)
    assert not [lines for lines in words(heard) if "READY=1" in lines]
