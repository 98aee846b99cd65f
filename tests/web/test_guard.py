"""Who is let in: nothing to a wrong name, another origin, no token; nothing of the inside to anybody."""

import os
import re
import socket
import stat
import struct
import time
import zlib
from argparse import Namespace
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import CatdogError
from edge.testing import Clock, moment
from edge.web import token
from edge.web.address import listen, parse
from edge.web.app import ROUTES, _pages
from edge.web.classify import MOST_BYTES
from edge.web.guard import is_foreign, is_known
from edge.web.header import size_of
from edge.web.output import Web
from edge.web.rates import Buckets
from tests.conftest import Command, linux, one_line, picture
from tests.edge.test_run import wait_until
from tests.web.conftest import SOON_S, Serve, Served

POSTED = ("/api/classify", "/api/tuning", "/api/keep")
PATHS = [route.path.replace("{number}", "1") for route in (*ROUTES, *_pages())]
INSIDE = re.compile(rb"Traceback|\.py\b|edge/|/home|/root|starlette|uvicorn", re.IGNORECASE)


@pytest.fixture
def guarded(serve: Serve) -> Served:
    """A server for the network, on loopback all the same, as tests are."""
    return serve(web="127.0.0.1:0", web_name=("pets.example",))


def secret(served: Served) -> str:
    assert served.web._token
    return served.web._token


# Names and origins


@pytest.mark.parametrize("path", PATHS)
def test_no_route_answers_to_a_foreign_name_or_origin(served: Served, path: str) -> None:
    method = "POST" if path in POSTED else "GET"
    served.web.write(moment())
    for headers in (
        {"Host": "evil.example"},
        {"Host": f"evil.example:{served.port}"},
        {"Host": f"127.0.0.1.evil.example:{served.port}"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": f"http://127.0.0.1:{served.port + 1}"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-Forwarded-For": "10.0.0.1"},
    ):
        reply = served.ask(path, method, **headers)
        assert reply.status in (403, 421), headers
        assert list(reply.json) == ["error"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:9", "localhost:8000", "[::1]:8000", "192.168.1.7:8000", socket.gethostname()]
)
def test_an_address_and_the_machines_own_name_are_known(served: Served, host: str) -> None:
    assert served.ask("/api/state", Host=host).status == 200


@given(st.text(max_size=60))
def test_no_text_is_a_known_name_but_addresses_and_names(host: str) -> None:
    if is_known(host, frozenset({"here"})):
        name = re.sub(r":\d*$", "", host).strip("[]").rstrip(".").lower()
        assert name == "here" or re.fullmatch(r"[0-9a-f:.%\w]+", name)


@given(st.text(max_size=60))
def test_no_other_origin_is_ours(origin: str) -> None:
    headers = {"host": "127.0.0.1:8000", "origin": origin}
    ours = ("http://127.0.0.1:8000", "https://127.0.0.1:8000")
    assert is_foreign(headers, frozenset(), navigates=True) or origin.startswith(ours)


def test_a_link_on_another_page_may_be_followed_but_embeds_nothing(served: Served) -> None:
    assert served.ask("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 200
    assert served.ask("/stream.mjpg", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 403


# The token


@pytest.mark.parametrize("path", PATHS)
def test_no_route_answers_without_the_token(guarded: Served, path: str) -> None:
    guarded.web.write(moment())
    method = "POST" if path in POSTED else "GET"
    wrong = secret(guarded)[:-1] + ("A" if secret(guarded)[-1] != "A" else "B")
    for shown in (
        {},
        {"Authorization": f"Bearer {wrong}"},
        {"Authorization": secret(guarded)},
        {"Cookie": f"catdog={wrong}"},
        {"Cookie": f"other={secret(guarded)}"},
        {"Cookie": "catdog=\xe9"},
    ):
        assert guarded.ask(path, method, **shown).status == 401
    assert guarded.ask(f"{path}?token={wrong}", method).status == 401
    assert guarded.ask(f"{path}?token=%C3%A9&token={secret(guarded)}", method).status == 401


def test_the_token_opens_by_header_cookie_and_address(guarded: Served) -> None:
    shown = secret(guarded)
    guarded.web.write(moment())
    assert guarded.ask("/api/state", Authorization=f"Bearer {shown}").status == 200
    assert guarded.ask("/api/state", Cookie=f"a=b; of another's[]=c; catdog={shown}").status == 200
    assert guarded.ask(f"/healthz?token={shown}").status == 200
    own = {"Host": "pets.example", "Origin": "https://pets.example"}
    assert guarded.ask("/api/state", Authorization=f"Bearer {shown}", **own).status == 200


def test_who_opens_the_page_with_the_token_keeps_a_cookie_and_a_clean_address(guarded: Served) -> None:
    former = f"catdog={'a' * 22}"
    reply = guarded.ask(f"/?token={secret(guarded)}", Host="pets.example", Cookie=former)
    assert (reply.status, reply.headers["location"]) == (303, "/")
    cookie = reply.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Secure", "Path=/"))
    assert guarded.ask("/", Cookie=cookie.partition(";")[0]).status == 200
    assert b"<form" in guarded.ask("/").body


def test_the_token_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        made, path, is_new = token.obtain(tmp_path / "state/catdog")
    finally:
        os.umask(old)
    assert is_new
    assert len(made) >= 22
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    assert token.obtain(path.parent) == (made, path, False)
    path.chmod(0o644)
    with pytest.raises(CatdogError, match=r"can be read by others\. chmod 600"):
        token.obtain(path.parent)
    path.chmod(0o600)
    path.write_text("a")
    with pytest.raises(CatdogError, match="holds no token"):
        token.obtain(path.parent)


def test_beyond_loopback_a_token_is_made(serve: Serve, tmp_path: Path) -> None:
    served = serve(web="0.0.0.0:0")
    assert (tmp_path / "state/catdog/web-token").read_text().strip() == secret(served)
    served.host = "127.0.0.1"
    assert served.ask("/api/state").status == 401


# Addresses


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1:8000", ("192.0.2.1", 8000)),
        (":9", ("127.0.0.1", 9)),
        ("[::1]:80", ("::1", 80)),
        ("pi.local:0", ("pi.local", 0)),
    ],
)
def test_an_address_is_read(text: str, address: tuple[str, int]) -> None:
    assert parse(text) == address


@pytest.mark.parametrize("text", ["0", "clip.mp4", "localhost", "a:b", "a:-1", "a:70000", "::1", "a:²", "a:", "8000"])
def test_what_is_no_address_is_one_line(text: str) -> None:
    with pytest.raises(CatdogError, match="is no HOST:PORT"):
        parse(text)


def test_a_port_in_use_a_foreign_address_and_an_unknown_name_are_one_line() -> None:
    taken = listen("127.0.0.1:0")
    with pytest.raises(CatdogError, match=r"is in use by another program\. Choose another port"):
        listen(f"127.0.0.1:{taken.getsockname()[1]}")
    taken.close()
    with pytest.raises(CatdogError, match="cannot be listened at"):
        listen("192.0.2.1:8000")
    with pytest.raises(CatdogError, match="has a host that nobody knows"):
        listen("no.such.host.invalid:8000")


def test_the_command_says_so_before_it_looks_at_the_model(command: Command, tmp_path: Path) -> None:
    done = command("edge", "run", "--web", "0", "--model", tmp_path / "none", expect=2)
    assert one_line(done).startswith("catdog: --web 0: is no HOST:PORT.")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    from edge.web import output

    monkeypatch.setattr(output.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(CatdogError, match=r"pip install 'catdog-edge\[web\]'"):
        output.make(Namespace(web="127.0.0.1:0", model=model))


# Uploads


def png(width: int, height: int) -> bytes:
    """Return a PNG that is small and says that it is large: rows of zeros, one bit a pixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    row = zlib.compressobj(9)
    packed = b"".join(row.compress(bytes(width // 8 + 1)) for _ in range(height)) + row.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def test_a_bomb_costs_neither_time_nor_memory(served: Served) -> None:
    served.ask("/api/classify", "POST", cv2.imencode(".jpg", picture("red"))[1].tobytes())
    bomb = png(20_000, 20_000)
    assert len(bomb) < 60_000
    before = psutil.Process().memory_info().rss
    began_s = time.process_time()
    reply = served.ask("/api/classify", "POST", bomb)
    assert (reply.status, reply.json) == (413, {"error": "the photo has more than 25 megapixels"})
    assert psutil.Process().memory_info().rss - before < 50e6
    assert time.process_time() - began_s < 1.0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 415),
        (b"GIF89a" + bytes(100), 415),
        (b"\xff\xd8\xff\xe0" + bytes(100), 415),
        (png(0, 0), 413),
        (cv2.imencode(".jpg", picture("red"))[1].tobytes()[:-300], 422),
        (png(64, 64)[:40], 422),
        (b"\x89PNG\r\n\x1a\n", 415),
    ],
)
def test_what_is_no_photo_is_refused(served: Served, body: bytes, status: int) -> None:
    reply = served.ask("/api/classify", "POST", body)
    assert reply.status == status
    assert not INSIDE.search(reply.body)


def test_a_body_that_is_too_large_is_refused_before_it_has_come(served: Served) -> None:
    assert served.ask("/api/classify", "POST", b"", Content_Length=str(MOST_BYTES + 1)).status == 413


def test_photos_are_bounded_in_rate(served: Served) -> None:
    photo = cv2.imencode(".jpg", picture("red"))[1].tobytes()
    statuses = [served.ask("/api/classify", "POST", photo).status for _ in range(30)]
    assert statuses[:6] == [200] * 6
    assert 429 in statuses


@pytest.mark.parametrize("name", [".jpg", ".png", ".webp"])
@given(height=st.integers(1, 70), width=st.integers(1, 70), quality=st.sampled_from([40, 101]))
@settings(max_examples=20)
def test_sizes_are_read_from_headers(name: str, height: int, width: int, quality: int) -> None:
    parameters = (cv2.IMWRITE_WEBP_QUALITY, quality) if name == ".webp" else ()
    image = np.zeros((height, width, 3), np.uint8)
    assert size_of(cv2.imencode(name, image, parameters)[1].tobytes()) == (height, width)


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(b"\xff\xd8\xff".__add__)))
def test_any_bytes_have_a_size_or_none(content: bytes) -> None:
    found = size_of(content)
    assert found is None or len(found) == 2


# Whatever comes


def test_buckets_empty_and_fill_up_again() -> None:
    clock = Clock()
    buckets = Buckets(rate=2.0, burst=3.0, now=clock)
    assert [buckets.take("a") for _ in range(4)] == [True, True, True, False]
    assert buckets.take("b")
    clock.advance(0.5)
    assert [buckets.take("a") for _ in range(2)] == [True, False]
    for number in range(5000):
        buckets.take(str(number))
    assert len(buckets._left) <= 1024


def test_too_many_requests_are_told_so(served: Served) -> None:
    replies = [served.ask("/healthz").status for _ in range(300)]
    assert 429 in replies


@pytest.mark.parametrize(
    "path",
    ["/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/page.css/../main.js", "//evil.example/", "/api/visits/../state",
     "/api/visits/1.jpg%00", "/index.html", "/login.html", "/api/state/", "/api/visits/99999999999999999999999999.jpg",
     f"/api/visits/{'9' * 5000}.jpg", "/" + "a" * 20_000],
)  # fmt: skip
def test_paths_lead_nowhere_else(served: Served, path: str) -> None:
    reply = served.ask(path)
    assert reply.status == 404
    assert not INSIDE.search(reply.body)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "POST"])
def test_methods_that_mean_nothing_are_refused(served: Served, method: str) -> None:
    reply = served.ask("/api/state", method)
    assert (reply.status, reply.headers["allow"]) == (405, "GET")


def test_every_answer_has_the_policy(served: Served) -> None:
    for path in ("/", "/main.js", "/api/state", "/nothing"):
        headers = served.ask(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert (headers["x-frame-options"], headers["x-content-type-options"]) == ("DENY", "nosniff")
        assert "server" not in headers
    page = served.ask("/").body
    assert b"<style" not in page
    assert not re.search(rb"<script(?![^>]*\bsrc=)|\son\w+=|style=", page)


def raw(served: Served, content: bytes) -> bytes:
    """Send bytes as they are; return the answer up to the end of the connection, or 4 kB of it."""
    with socket.create_connection((served.host, served.port), timeout=60) as connection:
        try:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(4096)
        except TimeoutError:
            raise
        except OSError:  # refused while it was still sending; ENOTCONN, where that ends first, is no ConnectionError
            return b""


def test_a_header_of_a_megabyte_is_cut_short(served: Served) -> None:
    head = b"GET /api/state HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n"
    assert not raw(served, head).startswith(b"HTTP/1.1 2")
    assert served.ask("/api/state").status == 200


REQUESTS = int(os.environ.get("CATDOG_REQUESTS", "150"))
ONE_SERVER = settings(max_examples=REQUESTS, suppress_health_check=[HealthCheck.function_scoped_fixture])
WORDS = st.sampled_from(["GET", "POST", "HEAD", "\r\n", " ", "HTTP/1.1", "Host: 127.0.0.1\r\n", "/api/classify", "/"])
PIECES = st.one_of(
    st.binary(max_size=40),
    WORDS.map(str.encode),
    st.sampled_from([path.encode() for path in PATHS]),
    st.sampled_from(
        [b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", b"Cookie: catdog=", b"Origin: null\r\n"]
    ),
)


def opens_nothing(served: Served, content: bytes) -> None:
    answer = raw(served, content)
    assert not answer.startswith(b"HTTP/1.1 2")
    assert not INSIDE.search(answer)


@given(st.lists(PIECES, max_size=12).map(b"".join))
@ONE_SERVER
def test_random_bytes_open_nothing(guarded: Served, content: bytes) -> None:
    opens_nothing(guarded, content)


TEXT = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=30)


@given(
    st.sampled_from(["GET", "POST"]),
    st.sampled_from([*PATHS, "/no"]),
    st.dictionaries(st.sampled_from(["source", "map", "token", "x"]), TEXT, max_size=3),
    st.dictionaries(st.sampled_from(["Cookie", "Authorization", "Origin", "Last-Event-ID", "Range"]), TEXT, max_size=3),
    st.binary(max_size=50),
)
@ONE_SERVER
def test_random_requests_open_nothing(
    guarded: Served, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
) -> None:
    asked = "&".join(f"{name}={quote(value)}" for name, value in query.items())
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"{method} {path}?{asked} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    opens_nothing(guarded, head.encode("latin-1") + body)


@pytest.mark.parametrize("said", [b"", b"GET / HTT", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET / "])
def test_who_does_not_finish_asking_is_let_go(serve: Serve, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr("edge.web.protocol.ASK_S", 0.5)
    served = serve()
    with socket.create_connection((served.host, served.port), timeout=60) as connection:
        connection.sendall(said)
        while connection.recv(4096):
            pass


@pytest.mark.parametrize("path", ["/stream.mjpg", "/api/events"])
def test_a_crowd_is_bounded(served: Served, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr("edge.web.routes.VIEWERS", 2)
    with served.running(), served.asking(path) as one, served.asking(path) as other:
        assert one.readline()
        assert other.readline()
        assert served.ask(path).status == 503


@linux  # whose kernel has this limit
def test_a_viewer_who_never_reads_is_let_go(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.web.address._UNREAD_MS", 300)
    served = serve()
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    connection = socket.create_connection((served.host, served.port))
    with served.running(image=noise), connection:
        connection.sendall(b"GET /stream.mjpg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        connection.recv(1000)
        assert served.ask("/api/state").json["viewers"] == 1
        served.until("/api/state", lambda told: not told["viewers"])


def test_a_bug_is_told_at_home_alone(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr("edge.web.news.News.state_of", broken)
    reply = served.ask("/healthz")
    assert (reply.status, reply.json) == (500, {"error": "this is a bug of the server"})
    wait_until(lambda: any("secret of the inside" in line for line in served.said), SOON_S)
    served.said.clear()


def test_a_new_token_is_shown_once_with_a_code_for_phones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    options = Namespace(web="127.0.0.1:0", web_name=("pets.example",), model=model, max_fps=None, keep=None)
    for times, shown in ((1, True), (2, False)):
        web = Web(options)
        web.close()
        told = capsys.readouterr().err
        assert (str(web._token) in told, "▀" in told) == (shown, shown), times
        assert "web-token" in told
