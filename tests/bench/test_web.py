"""What a page costs the way of the frames: the rate of answers with viewers, against none. Ratios in one run."""

import select
import socket
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from statistics import median

import cv2
import numpy as np
import psutil
import pytest

from edge.attention import Attention
from edge.classifier import Classifier
from edge.live.steady import raw
from edge.live.tuning import Tuning
from edge.testing import Still, moment
from edge.web.output import Web
from tests.conftest import ROOT, Tell, beside

pytestmark = pytest.mark.bench
Look = Callable[[float | None], float]
RATE = 30.0  # of a camera
SECONDS, ROUNDS = 4.0, 5
PHOTO = cv2.resize(cv2.imread(str(ROOT / "edge/demo/01-cat-two.jpg")), (640, 480))


@contextmanager
def serving() -> Iterator[Web]:
    served = Web(Namespace(web="127.0.0.1:0", web_name=None, max_fps=None, keep=None))
    served.meet(Tuning(Classifier()))
    served.open([Still(RATE)])
    yield served
    served.close()


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with serving() as served:
        yield served


@pytest.fixture(scope="module")
def look(web: Web) -> Look:
    """Return a run of some seconds, by a camera's clock or as fast as it goes; it returns frames a second."""
    classifier, numbers = web._site.tuning.classifier, count(1)

    def run(rate: float | None) -> float:
        began_s, frames = time.perf_counter(), 0
        while (now_s := time.perf_counter()) - began_s < SECONDS:
            if rate is not None and (early_s := began_s + frames / rate - now_s) > 0:
                time.sleep(early_s)
            answer = classifier.classify(PHOTO)
            web.write(moment(image=PHOTO, number=next(numbers))._replace(answer=answer, verdict=raw(answer)))
            frames += 1
        return frames / (time.perf_counter() - began_s)

    return run


def address(web: Web) -> tuple[str, int]:
    host, port = web._listening.getsockname()[:2]
    return host, port


def connected(web: Web) -> socket.socket:
    connection = socket.create_connection(address(web))
    connection.sendall(b"GET /stream.mjpg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return connection


@contextmanager
def viewers(web: Web, number: int) -> Iterator[None]:
    """Have pictures read by so many viewers, by one thread: their own work must not be what is measured."""
    with ExitStack() as cleanup:
        connections = [cleanup.enter_context(connected(web)) for _ in range(number)]

        def read(over: threading.Event) -> None:
            while not over.is_set():
                for connection in select.select(connections, [], [], 0.1)[0]:
                    connection.recv(1 << 20)

        with beside(read):
            yield


@contextmanager
def nuisances(web: Web) -> Iterator[None]:
    """200 that never read, and 50 that send a byte a second."""
    with ExitStack() as cleanup:
        for _ in range(200):
            cleanup.enter_context(connected(web))
        slow = [cleanup.enter_context(socket.create_connection(address(web))) for _ in range(50)]

        def trickle(over: threading.Event) -> None:
            while not over.wait(1.0):
                for connection in slow:
                    with suppress(OSError):  # it has been let go meanwhile
                        connection.send(b"G")

        with beside(trickle):
            yield


@pytest.mark.parametrize("rate", [RATE, None], ids=["a camera", "as fast as it goes"])
@pytest.mark.parametrize(("name", "least"), [("1", 0.97), ("50", 0.95), ("nuisances", 0.97)])
def test_the_rate_with_viewers_against_none(
    web: Web, look: Look, rate: float | None, name: str, least: float, tell: Tell
) -> None:
    ratios = []
    for _ in range(ROUNDS):
        alone = look(rate)
        with nuisances(web) if name == "nuisances" else viewers(web, int(name)):
            time.sleep(0.5)
            ratios.append(look(rate) / alone)
        time.sleep(0.5)
    ratio = median(ratios)
    tell(f"{name} viewers, {'a camera' if rate else 'as fast as it goes'}: {ratio:.3f} x the rate of none")
    if rate is not None:  # as fast as it goes there is no idle time to serve in: shown, and not held to the aim
        assert ratio >= least


def test_memory_of_a_viewer(web: Web, look: Look, tell: Tell) -> None:
    process = psutil.Process()
    with viewers(web, 1):
        look(RATE)
        before = process.memory_info().rss
        with ExitStack() as cleanup:
            for _ in range(50):
                cleanup.enter_context(connected(web))  # which never read: all that is kept for them piles up
            look(RATE)
            grown = (process.memory_info().rss - before) / 50
    tell(f"a viewer that never reads takes {grown / 1000:.0f} kB; a frame is {PHOTO.nbytes / 1000:.0f} kB")
    assert grown <= PHOTO.nbytes


def test_what_a_map_costs_an_inference(tell: Tell) -> None:
    plain, mapped = Classifier(), Classifier()
    attention = Attention(mapped.content, len(mapped.labels), 1, "default")
    mapped.run_on(attention.interpreter)
    fitted = np.zeros((160, 160, 3), np.uint8)

    def taken_s(work: Callable[[], object]) -> float:
        began_s = time.perf_counter()
        for _ in range(100):
            work()
        return time.perf_counter() - began_s

    def with_map() -> None:
        mapped.predict_fitted(fitted)
        attention.maps(attention.take())

    ratio = median(taken_s(with_map) / taken_s(lambda: plain.predict_fitted(fitted)) for _ in range(15))
    tell(f"an inference with a map: {ratio:.3f} x one without; of 10 a second, at most, one in three")
    assert ratio <= 1.1


def test_the_page_is_there_within_a_second(tell: Tell) -> None:
    from tests.web.browser import PROGRAM, browser

    if PROGRAM is None:
        pytest.skip("needs Chromium: apt install chromium")
    with serving() as served, browser() as page:
        url = "http://{}:{}/".format(*address(served))
        page.open(url)
        page.until("document.querySelector('.bar') !== null")
        page.open(url)
        page.until("document.readyState", "complete")
        ready_ms = float(page.look("performance.getEntriesByType('navigation')[0].domInteractive"))
    tell(f"the page is interactive after {ready_ms:.0f} ms")
    assert ready_ms < 1000
