"""What leaves this program: a command that is run, and a webhook that is posted to."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.errors import CatdogError
from edge.outputs.command import Command, fill
from edge.outputs.snapshots import Snapshots
from edge.outputs.webhook import Webhook
from edge.testing import event, moment
from tests.conftest import beside
from tests.edge.test_capture_network import serving, silent_server
from tests.edge.test_run import wait_until

NASTY = "$(touch pwned); `touch pwned` \"' \\ {label} %s\n--help"

# Commands


def script(folder: Path, text: str) -> Path:
    """Write a program that runs in `folder`."""
    path = folder / "program"
    path.write_text(f"#!/bin/sh\ncd '{folder}'\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_command_is_told_what_happened_in_three_ways(tmp_path: Path) -> None:
    told = script(tmp_path, 'for word; do echo "$word"; done > words; env > env; cat > stdin')
    Command(f"{told} {{event}} 'a {{label}} from {{source}}' {{duration}} {{other}}").write(event())
    assert (tmp_path / "words").read_text().splitlines() == ["visit", "a red from script", "12.5", "{other}"]
    environment = (tmp_path / "env").read_text().splitlines()
    assert {"CATDOG_EVENT=visit", "CATDOG_LABEL=red", "CATDOG_DURATION=12.5", "CATDOG_SNAPSHOT="} <= set(environment)
    row = json.loads((tmp_path / "stdin").read_text())
    assert (row["event"], row["label"], row["duration_s"]) == ("visit", "red", 12.5)


def test_what_a_label_holds_is_never_a_command(tmp_path: Path) -> None:
    told = script(tmp_path, 'printf "%s" "$1" > word; printf "%s" "$CATDOG_LABEL" > variable')
    Command(f"{told} {{label}}").write(event(label=NASTY))
    shown = NASTY.replace("\n", "\\n")
    assert (tmp_path / "word").read_text() == (tmp_path / "variable").read_text() == shown
    assert not (tmp_path / "pwned").exists()


def test_a_placeholder_is_filled_in_once() -> None:
    assert fill(["{label}{event}", "{{event}}"], {"label": "{event}", "event": "left"}) == ["{event}left", "{left}"]


def test_a_command_can_have_the_picture(tmp_path: Path) -> None:
    told = script(tmp_path, 'cp "$1" copy.jpg')
    Command(f"{told} {{snapshot}}", Snapshots(tmp_path / "snaps", 1)).write(event(frame=moment().frame))
    (kept,) = (tmp_path / "snaps").iterdir()
    assert (tmp_path / "copy.jpg").read_bytes() == kept.read_bytes()


def test_a_command_that_takes_too_long_is_killed_with_all_that_it_has_started(tmp_path: Path) -> None:
    told = script(tmp_path, "sleep 1000 & echo $! > child; wait")
    with pytest.raises(CatdogError, match=r"took more than 0\.5 s and was killed"):
        Command(str(told), limit_s=0.5).write(event())
    wait_until(lambda: is_over(int((tmp_path / "child").read_text())))


def is_over(process: int) -> bool:
    """True where a process is gone, or nobody's but a zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_command_that_hangs_can_be_interrupted() -> None:
    command = Command("sleep 1000")

    def interrupt(_: threading.Event) -> None:
        wait_until(lambda: command._process)
        command.interrupt()

    with beside(interrupt), pytest.raises(CatdogError, match="was killed by signal 9"):
        command.write(event())
    with pytest.raises(CatdogError, match="was ended"):
        command.write(event())


@pytest.mark.parametrize(("text", "end"), [("exit 3", "ended with status 3"), ("kill -9 $$", "was killed by signal 9")])
def test_a_command_that_fails_is_said(tmp_path: Path, text: str, end: str) -> None:
    with pytest.raises(CatdogError, match=end):
        Command(str(script(tmp_path, text))).write(event())


def test_a_command_that_does_not_read_or_write_is_no_fault(tmp_path: Path) -> None:
    Command("true").write(event(label="x" * 100_000))
    Command(str(script(tmp_path, "exec 0<&-; yes | head -c 1000000"))).write(event())


def test_a_program_that_is_none_is_said(tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_bytes(b"\x7fELF no program")
    path.chmod(0o755)
    with pytest.raises(CatdogError, match="cannot be started"):
        Command(str(path)).write(event())


# Webhooks


@contextmanager
def server(*statuses: int) -> Iterator[SimpleNamespace]:
    """Run a server on loopback that answers with statuses, in turn; what it gets are `posts`: (path, headers, body)."""
    left, posts = list(statuses), []

    def answer(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        posts.append((request.path, dict(request.headers), json.loads(body or b"null")))
        request.send_response(left.pop(0) if left else 200)
        request.send_header("Location", "/elsewhere")
        request.end_headers()

    with serving(answer) as host:
        yield SimpleNamespace(host=host, posts=posts)


def post(url: str, timeout_s: float = 10.0) -> None:
    Webhook(url, timeout_s, pauses_s=(0.0, 0.0)).write(event())


def test_an_event_is_posted_as_json() -> None:
    with server() as running:
        post(f"http://{running.host}/hook?key=1#there")
    ((path, headers, body),) = running.posts
    assert path == "/hook?key=1"
    assert headers["Content-Type"] == "application/json"
    assert "Authorization" not in headers
    assert (body["event"], body["label"], body["duration_s"]) == ("visit", "red", 12.5)


def test_user_and_password_are_sent_and_never_shown() -> None:
    with server(403) as running:
        with pytest.raises(CatdogError) as fault:
            post(f"http://me:p%40ss@{running.host}/SECRET?token=SECRET")
        ((_, headers, _),) = running.posts
    assert headers["Authorization"] == "Basic bWU6cEBzcw=="
    said = "answers 403 (wrong user or password). Check the address and its server"
    assert str(fault.value) == f"http://{running.host}: {said}"


@pytest.mark.parametrize("statuses", [(500,), (503, 429)])
def test_a_server_that_is_not_ready_is_asked_again(statuses: tuple[int, ...]) -> None:
    with server(*statuses) as running:
        post(f"http://{running.host}/")
    assert len(running.posts) == len(statuses) + 1


@pytest.mark.parametrize(("status", "tries"), [(500, 3), *((code, 1) for code in (301, 302, 307, 400, 401, 404, 413))])
def test_a_server_is_given_up_at_once_where_it_is_in_vain_and_no_other_is_asked(status: int, tries: int) -> None:
    with server(*[status] * 9) as running, pytest.raises(CatdogError, match=f"answers {status}"):
        post(f"http://me:SECRET@{running.host}/hook")
    assert [path for path, _, _ in running.posts] == ["/hook"] * tries


@contextmanager
def peer(answer: bytes) -> Iterator[str]:
    """Listen on loopback; answer with some bytes, whatever is said, and hang up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(_: threading.Event) -> None:
            with suppress(OSError):
                while True:
                    with listener.accept()[0] as connection:
                        connection.recv(100_000)
                        connection.sendall(answer)

        with beside(serve):
            try:
                yield f"127.0.0.1:{listener.getsockname()[1]}"
            finally:
                listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (b"", "hung up"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "cannot be posted to"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200, "cannot be posted to"),
    ],
)
def test_a_server_that_is_none_is_said(answer: bytes, wrong: str) -> None:
    with peer(answer) as host:
        assert wrong in refusal(host)


def refusal(host: str) -> str:
    with pytest.raises(CatdogError) as fault:
        post(f"http://me:SECRET@{host}/SECRET", timeout_s=0.2)
    assert "SECRET" not in str(fault.value)
    return str(fault.value)


def test_a_server_that_is_not_there_or_says_nothing_is_said() -> None:
    assert "refuses connections" in refusal("127.0.0.1:9")
    assert "no host is known by" in refusal("no-such-host.invalid")
    with silent_server() as host:
        assert "did not answer within 0.2 s" in refusal(host)


def test_a_certificate_that_is_not_trusted_is_said() -> None:
    with peer(b"HTTP/1.1 400 Bad Request\r\n\r\n") as host, pytest.raises(CatdogError, match="cannot be posted to"):
        post(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    ["", "SECRET", "ftp://me:SECRET@host/", "file:///etc/passwd", "http://", "http:///SECRET", "http://höst/SECRET",
     "http://me:SECRET@host:port/", "http://me:SEC/RET@host/", "http://me:SECRET@host:99999/", "http://[::1/SECRET",
     "http://host/SECRET\nX: y", "http://host/SECRET x"],
)  # fmt: skip
def test_an_address_that_cannot_be_posted_to_is_refused_at_once(url: str) -> None:
    with pytest.raises(CatdogError, match=r"is no address|holds characters") as fault:
        Webhook(url)
    assert not any(part in str(fault.value) for part in ("SECRET", "RET@", "SEC/"))


def test_waiting_for_another_try_can_be_interrupted() -> None:
    with server(*[500] * 9) as running:
        hook = Webhook(f"http://{running.host}/", pauses_s=(3600.0,))
        hook.interrupt()
        with pytest.raises(CatdogError, match="answers 500"):
            hook.write(event())
