"""What the API tells: state, events, visits, pictures, answers to photos."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPResponse
from typing import Any

import cv2
import numpy as np
import pytest

from edge.outputs import ASLEEP
from edge.testing import Clock, Still, event, moment
from edge.web.news import News
from tests.conftest import picture
from tests.web.conftest import Serve, Served


def decoded(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def messages(reply: HTTPResponse) -> Iterator[tuple[str, dict[str, Any]]]:
    kind = ""
    for line in iter(reply.readline, b""):
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


def parts(reply: HTTPResponse) -> Iterator[tuple[dict[str, str], bytes]]:
    """Yield headers and JPEG of each part of a stream."""
    headers: dict[str, str] = {}
    for line in iter(reply.readline, b""):
        name, colon, value = line.decode().strip().partition(": ")
        if colon:
            headers[name] = value
        elif not name and headers:
            yield headers, reply.read(int(headers["Content-Length"]))
            headers = {}


def test_before_the_first_frame_it_is_connecting(served: Served) -> None:
    (source,) = served.ask("/api/state").json["sources"]
    assert (source["state"], source["label"], source["source"]) == ("connecting", None, "still")
    assert served.ask("/healthz").status == 503


def test_the_state_is_the_newest_moment_of_each_source_and_the_model(serve: Serve) -> None:
    served = serve(sources=2)
    served.web.write(moment("green", number=7))
    told = served.ask("/api/state").json
    assert [source["state"] for source in told["sources"]] == ["live", "connecting"]
    first = told["sources"][0]
    assert (first["label"], first["frame"], first["rate"], first["dropped"]) == ("green", 7, 14.9, 2)
    assert first["verdict"] == {"label": "green", "probability": 0.75}
    assert told["model"]["labels"] == ["red", "green", "blue"]
    assert re.fullmatch(r"[0-9a-f]{64}", told["model"]["sha256"])
    assert served.ask("/healthz").status == 503, "one of the two is not there"


@pytest.mark.parametrize(("state", "status"), [("live", 200), (ASLEEP, 200), ("stale", 503), ("lost", 503)])
def test_health_is_that_of_the_answers(served: Served, state: str, status: int) -> None:
    served.web.write(moment(state=state))
    assert served.ask("/healthz").status == status


def test_a_run_that_hangs_is_stale_whatever_it_said_last() -> None:
    clock = Clock(100.0)
    news = News(patience_s=3.0, now=clock)
    news.open([Still()])
    news.write(moment())
    assert (news.state_of(0), news.fresh) == ("live", True)
    clock.advance(3.1)
    assert (news.state_of(0), news.fresh) == ("stale", False)
    assert news.source_json(0)["state"] == "stale"
    assert news.source_json(0)["age_ms"] >= 3100
    news.write(moment())
    assert news.fresh


def test_the_last_minutes_are_a_point_a_second(served: Served) -> None:
    now_s = time.monotonic()
    for number in range(1, 31):
        served.web.write(moment(number=number, captured_at=now_s + number / 10))
    told = served.ask("/api/history").json
    assert told["labels"] == ["red", "green", "blue"]
    assert len(told["points"]) == 3
    assert told["points"][0]["probabilities"] == [0.75, 0.125, 0.125]


def test_visits_come_with_their_best_frame(served: Served) -> None:
    best = moment(image=picture("red", 96, 128)).frame
    served.web.write(event("arrived", frame=best))
    assert served.ask("/api/state").json["sources"][0]["present"] == "red"
    served.web.write(event(frame=best))
    served.web.write(event(label="green"))
    visits = served.until("/api/visits", lambda told: told["visits"][1]["picture"])["visits"]
    assert [(visit["label"], visit["duration_s"]) for visit in visits] == [("green", 12.5), ("red", 12.5)]
    assert visits[0]["picture"] is None
    assert decoded(served.ask(visits[1]["picture"]).body).shape == (96, 128, 3)
    assert served.ask("/api/visits/999.jpg").status == 404


def test_events_tell_states_and_what_happens(served: Served) -> None:
    with served.asking("/api/events") as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        told = messages(reply)
        assert next(told)[1]["sources"][0]["state"] == "connecting"
        served.web.write(event("arrived", "blue"))
        fields = next(fields for kind, fields in told if kind == "happened")
        assert (fields["event"], fields["label"], fields["stream"]) == ("arrived", "blue", 0)
        assert next(told)[1]["sources"][0]["present"] == "blue"


def test_who_listens_again_hears_what_was_missed(served: Served) -> None:
    for label in ("red", "green", "blue"):
        served.web.write(event(label=label))
    with served.asking("/api/events", Last_Event_ID="1") as reply:
        told = messages(reply)
        assert [next(told)[1]["label"] for _ in range(2)] == ["green", "blue"]


def test_a_snapshot_is_a_picture_of_now(served: Served) -> None:
    image = picture("green", 90, 120)
    with served.running(image=image):
        reply = served.ask("/snapshot.jpg")
    assert (reply.status, reply.headers["x-live"]) == (200, "yes")
    assert np.abs(decoded(reply.body).astype(int).mean((0, 1)) - image.mean((0, 1))).max() < 8


def test_there_is_no_snapshot_of_a_source_that_is_lost(served: Served) -> None:
    with served.running(state="lost"):
        reply = served.ask("/snapshot.jpg")
    assert (reply.status, reply.json) == (503, {"error": "there is no picture of now"})


def test_a_stream_is_motion_jpeg_and_darkens_what_is_none_of_now(served: Served) -> None:
    shown = {"image": picture("red", 90, 120), "state": "live"}
    with served.running(lambda number: moment(number=number, **shown)), served.asking("/stream.mjpg") as reply:
        assert reply.headers["content-type"] == "multipart/x-mixed-replace; boundary=frame"
        stream = parts(reply)
        headers, jpeg = next(stream)
        assert headers["X-Live"] == "yes"
        bright = decoded(jpeg).mean()
        numbers = [int(next(stream)[0]["X-Frame"]) for _ in range(3)]
        assert numbers == sorted(set(numbers))
        shown["state"] = "lost"
        jpeg = next(jpeg for headers, jpeg in stream if headers["X-Live"] == "no")
        assert decoded(jpeg).mean() < bright / 2


def test_nothing_is_encoded_while_nobody_watches(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = list[int]()
    monkeypatch.setattr("edge.web.video.as_jpeg", lambda image, *_: encoded.append(1) or image.tobytes()[:10])
    for number in range(1, 50):
        served.web.write(moment(number=number))
    served.web.close()
    assert encoded == []


def test_all_viewers_share_one_picture(served: Served) -> None:
    with served.running():
        with ExitStack() as watching:
            streams = [parts(watching.enter_context(served.asking("/stream.mjpg"))) for _ in range(5)]
            first = [[next(stream) for _ in range(4)] for stream in streams]
            assert served.ask("/api/state").json["viewers"] == 5
        served.until("/api/state", lambda told: not told["viewers"])
    by_number: dict[str, set[bytes]] = {}
    for headers, jpeg in (part for stream in first for part in stream):
        by_number.setdefault(headers["X-Frame"], set()).add(jpeg)
    assert all(len(same) == 1 for same in by_number.values())


def test_opencv_opens_the_stream(served: Served) -> None:
    image = picture("blue", 90, 120)
    with served.running(image=image):
        video = cv2.VideoCapture(f"http://{served.host}:{served.port}/stream.mjpg", cv2.CAP_FFMPEG)
        delivered, shown = video.read()
        video.release()
    assert delivered
    assert np.abs(shown.astype(int).mean((0, 1)) - image.mean((0, 1))).max() < 8


@pytest.mark.parametrize("name", [".jpg", ".png", ".webp"])
def test_a_photo_is_classified(served: Served, name: str) -> None:
    photo = cv2.imencode(name, picture("blue"))[1].tobytes()
    reply = served.ask("/api/classify", "POST", photo)
    assert (reply.status, reply.json["label"]) == (200, "blue")


@pytest.mark.parametrize("path", ["/snapshot.jpg", "/stream.mjpg", "/api/history", "/api/events"])
@pytest.mark.parametrize("number", ["1", "-1", "x", "99999999", "²"])
def test_a_source_that_is_not_there_is_a_404(served: Served, path: str, number: str) -> None:
    from urllib.parse import quote

    assert served.ask(f"{path}?source={quote(number)}").status == 404


def test_the_end_cuts_streams_off_soon(served: Served) -> None:
    with ExitStack() as watching:
        with served.running():
            for path in ("/stream.mjpg", "/api/events", "/stream.mjpg"):
                watching.enter_context(served.asking(path)).readline()
        served.web.close()
        assert not served.web._server._thread.is_alive()
