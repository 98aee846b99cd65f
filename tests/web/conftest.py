"""A server on loopback with a run that is made up: tests say which moments it sees."""

import http.client
import json
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytest.importorskip("uvicorn", reason="needs catdog-edge[web]")

from edge.classifier import Classifier
from edge.live.tuning import Tuning
from edge.testing import Still, moment
from edge.web.output import Web
from tests.conftest import beside

SOON_S = 60.0


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Served:
    """A page that is served, and the run that it is of."""

    def __init__(self, web: Web, tuning: Tuning, sources: int) -> None:
        self.web, self.tuning, self.said = web, tuning, list[str]()
        web.say = self.said.append
        web.meet(tuning)
        web.open([Still(name=f"still {number}" if number else "still") for number in range(sources)])
        self.host, self.port = web._listening.getsockname()[:2]

    @contextmanager
    def asking(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Iterator[http.client.HTTPResponse]:
        """Ask, and hang up at the end of the block: some answers have no end."""
        names = {name.replace("_", "-"): text for name, text in headers.items()}
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=SOON_S)) as connection:
            connection.request(method, path, body, names)
            with connection.getresponse() as reply:
                yield reply

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
        with self.asking(path, method, body, **headers) as reply:
            return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())

    def until(self, path: str, wanted: Callable[[Any], object]) -> Any:
        deadline_s = time.monotonic() + SOON_S
        while not wanted(told := self.ask(path).json):
            assert time.monotonic() < deadline_s, told
            time.sleep(0.1)
        return told

    @contextmanager
    def running(self, make: Callable[..., Any] = moment, **fields: Any) -> Iterator[None]:
        """See a moment every 20 ms while the block runs: what `make` makes of its number and of such fields."""

        def run(over: threading.Event) -> None:
            number = 1
            while not over.wait(0.02):
                number += 1
                self.web.write(make(number=number, **fields))

        self.web.write(make(number=1, **fields))
        with beside(run):
            yield


Serve = Callable[..., Served]


@pytest.fixture
def serve(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serve with options such as web="0.0.0.0:0"."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    started: list[Served] = []

    def start(sources: int = 1, **options: Any) -> Served:
        wishes = Namespace(web="127.0.0.1:0", web_name=None, model=model, max_fps=None, keep=None, keep_mb=5.0)
        wishes.__dict__ |= options
        started.append(Served(Web(wishes), Tuning(Classifier(wishes.model)), sources))
        return started[-1]

    yield start
    for served in started:
        served.web.close()
        assert not [line for line in served.said if "bug" in line]


@pytest.fixture
def served(serve: Serve) -> Served:
    """One source, on loopback."""
    return serve()
