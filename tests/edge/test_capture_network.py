"""Streams from real servers on this machine, and one line for every way in which they fail."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from edge.capture.network import Network, redact
from edge.capture.source import Frame, Settings
from edge.errors import SourceError
from edge.fit import Image
from tests.clips import BLUE, RED, cut, jpeg, solid, write_clip

Answer = Callable[[BaseHTTPRequestHandler], None]


def server_of(answer: Answer, port: int = 0) -> ThreadingHTTPServer:
    """Return a server that gives `answer` to every GET and POST, and does not serve yet."""

    class Handler(BaseHTTPRequestHandler):
        do_GET = do_POST = lambda request: answer(request)  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

        def handle_error(self, *_: object) -> None:  # the client hung up: as it may
            pass

    return Server(("127.0.0.1", port), Handler)


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Serve `answer`; yield "127.0.0.1:PORT"."""
    server = server_of(answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def silent_server() -> Iterator[str]:
    """Accept connections and never say a word; yield "127.0.0.1:PORT"."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def mjpeg(images: Iterable[Image], then: Callable[[], object] = lambda: None) -> Answer:
    """Answer with motion JPEG as webcams do, and call `then` before hanging up; an iterator serves one client alone."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        mjpeg_head(request)
        for image in images:
            request.wfile.write(mjpeg_part(image))
        then()

    return answer


def mjpeg_head(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
    request.end_headers()


def mjpeg_part(image: Image) -> bytes:
    part = jpeg(image)
    return f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(part)}\r\n\r\n".encode() + part + b"\r\n"


def send(request: BaseHTTPRequestHandler, content: bytes, kind: str = "video/mp4") -> None:
    """Answer with some content."""
    request.send_response(200)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)


def status(code: int) -> Answer:
    return lambda request: request.send_error(code)


def page(request: BaseHTTPRequestHandler) -> None:
    send(request, b"<html>a camera's web page</html>" * 20, "text/html")


def timed(url: str, timeout_s: float) -> Network:
    source = Network(url)
    source.settings = Settings(timeout_s=timeout_s)
    return source


def refusal(url: str, open_timeout_s: float = 5.0) -> str:
    with pytest.raises(SourceError) as fault:
        timed(url, open_timeout_s / 2).open()
    return str(fault.value)


def test_motion_jpeg_is_a_live_stream_and_its_end_a_fault() -> None:
    with serving(mjpeg(cut(solid(RED, 20), solid(BLUE, 20)))) as host, Network(f"http://{host}/cam") as source:
        frames: list[Frame] = []
        with pytest.raises(SourceError, match=r"ended after 40 frames"):
            frames.extend(source)
    assert source.live
    assert [int(frame.image[0, 0].argmax()) for frame in frames] == [2] * 20 + [0] * 20
    assert {frame.position_s for frame in frames} == {None}


def test_a_video_file_on_a_server_is_a_recording(tmp_path: Path) -> None:
    content = write_clip(tmp_path / "clip.mp4", solid(RED, 9)).read_bytes()
    with serving(partial(send, content=content)) as host, Network(f"http://{host}/clip.mp4") as source:
        frames = list(source)
    assert (len(frames), source.live) == (9, False)
    assert frames[-1].position_s == pytest.approx(8 / 15, abs=0.01)


def test_a_single_picture_on_a_server_is_shown_and_said() -> None:
    single = partial(send, content=jpeg(next(solid(RED, 1))), kind="image/jpeg")
    with serving(single) as host, Network(f"http://{host}/snapshot.jpg") as source:
        assert source.read().number == 1
        with pytest.raises(SourceError, match="is a single picture, not a stream"):
            source.read()


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_silent_server_is_given_up_in_time(scheme: str) -> None:
    with silent_server() as host:
        started = time.monotonic()
        assert "sends no picture" in refusal(f"{scheme}://{host}/x", open_timeout_s=1.0)
        assert time.monotonic() - started < 15


def test_a_stream_that_stalls_is_given_up_in_time() -> None:
    over = threading.Event()
    with serving(mjpeg(solid(RED, 30), over.wait)) as host, timed(f"http://{host}/", 1.0) as source:
        started = time.monotonic()
        with pytest.raises(SourceError, match=r"sent nothing for \d s after"):
            list(source)
        assert time.monotonic() - started < 15
        over.set()


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (status(401), "asks for a user and password"),
        (status(404), "has nothing at this path"),
        (status(500), "answers with an error (500)"),
        (page, "but text/html"),
    ],
)
def test_a_server_without_a_stream_is_told_from_others(answer: Answer, wrong: str) -> None:
    with serving(answer) as host:
        assert wrong in refusal(f"http://{host}/x")


def test_what_speaks_another_language_is_said() -> None:
    with serving(page) as host:
        assert "does not speak rtsp" in refusal(f"rtsp://{host}/x")


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("http://name.invalid/x", "cannot be found"),
        ("http:///x", "names no host"),
        ("http://host:99999999/x", "names no host"),
        ("http://host/x\r\nCookie: 1", "characters that no address may hold"),
        ("http://host/\udcff", "characters that no address may hold"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(url: str, wrong: str) -> None:
    assert wrong in refusal(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://host/stream1", "rtsp://host/stream1"),
        ("http://[::1]:8080/a/b.mjpg", "http://[::1]:8080/a/b.mjpg"),
        ("rtsp://admin:SECRET@host:554/s", "rtsp://host:554/s"),
        ("rtsp://SECRET@host/s", "rtsp://host/s"),
        ("rtsp://admin:SEC@RET@host/s", "rtsp://host/s"),
        ("rtsp://admin:SEC/RET@host/s", "rtsp://host/s"),
        ("rtsp://admin:SEC?RET@host/s", "rtsp://host/s"),
        ("rtsp://admin:SEC#RET@host/s", "rtsp://host/s"),
        ("rtsp://admin:://SECRET@host/s", "rtsp://host/s"),
        ("http://host/video.cgi?user=admin&pwd=SECRET", "http://host/video.cgi?..."),
        ("http://host/#SECRET", "http://host/?..."),
        ("rtsp://host/user=admin_password=SECRET_channel=1.sdp", "rtsp://host/..."),
        ("admin:SECRET@host/s", "host/s"),
        ("rtsp://admin:SECRET@host/\x1b[2J", r"rtsp://host/\x1b[2J"),
    ],
)
def test_credentials_are_not_shown(url: str, shown: str) -> None:
    assert redact(url) == shown
    assert "SEC" not in redact(url)
    assert "RET" not in redact(url)
