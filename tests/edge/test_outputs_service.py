"""What a service tells systemd: when it is ready, that it is alive, and nothing where there is no fresh answer."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.outputs import ASLEEP, ENDED
from edge.outputs.service import Service, watchdog_s
from tests.conftest import Command
from tests.moments import moment


@contextmanager
def systemd(address: str) -> Iterator[socket.socket]:
    """Listen as systemd does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0{address[1:]}" if address.startswith("@") else address)
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


def service(tmp_path: Path, clock: list[float], **environment: str) -> Service:
    return Service({"NOTIFY_SOCKET": str(tmp_path / "notify"), **environment}, lambda: clock[0])


def test_the_first_fresh_answer_makes_it_ready_and_further_ones_feed_the_watchdog(
    tmp_path: Path, heard: socket.socket
) -> None:
    clock = [100.0]
    output = service(tmp_path, clock, WATCHDOG_USEC="8000000")
    for _ in range(11):
        output.write(moment())
        clock[0] += 0.5
    output.close()
    told = words(heard)
    assert [line for lines in told for line in lines if not line.startswith("STATUS=")] == [
        "WATCHDOG=1",
        "READY=1",
        "WATCHDOG=1",
        "WATCHDOG=1",
        "STOPPING=1",
    ]
    assert told[0][1] == "STATUS=red 75%, script, 14.9/s, 4 ms old, 2 dropped"


@pytest.mark.parametrize("state", [ASLEEP, ENDED, "stale", "lost", "connecting"])
def test_what_is_no_fresh_answer_is_no_sign_of_life(tmp_path: Path, heard: socket.socket, state: str) -> None:
    service(tmp_path, [0.0]).write(moment(state=state))
    assert words(heard) == []


def test_nobody_who_listens_holds_nothing_up_and_readiness_is_told_again(tmp_path: Path) -> None:
    clock = [0.0]
    output = service(tmp_path, clock)
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
    assert told[0][0] == "WATCHDOG=1"
    assert told[0][2] == "READY=1"
    assert told[-1] == ["STOPPING=1"]


def test_a_runner_without_frames_is_never_ready(
    tmp_path: Path, heard: socket.socket, model: Path, command: Command
) -> None:
    environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")}
    command("edge", "run", tmp_path / "missing.mp4", "--model", model, expect=2, env=environment)
    assert not [line for lines in words(heard) for line in lines if line == "READY=1"]
