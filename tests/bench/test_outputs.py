"""What outputs cost the way of the frames: classifying with them, against classifying alone. `make bench`."""

import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median

import numpy as np
import pytest

from edge.capture.source import Frame
from edge.classifier import Classifier
from edge.live.steady import raw
from edge.live.visits import Event
from edge.outputs import Moment
from edge.outputs.aside import Aside, Wish
from edge.outputs.events import EventLog
from edge.outputs.jsonl import JsonLines
from edge.outputs.snapshots import Snapshots
from edge.outputs.terminal import Terminal
from edge.outputs.together import Together
from edge.testing import Still, visit
from tests.conftest import Tell
from tests.edge.test_run import terminal

pytestmark = pytest.mark.bench

FRAMES, BLOCKS = 20, 20
RATE = 60.0  # frames a second: no output is meant for more
EVENT_EVERY = 60  # frames


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Together]:
    """A live view in a terminal that is read, JSON lines into a file, an event log and snapshots."""
    monkeypatch.setenv("TERM", "xterm")
    with terminal(80) as (end, _), os.fdopen(end, "w", closefd=False) as screen, (tmp_path / "out").open("w") as file:
        together = Together(
            [
                Aside(Terminal(screen), "the terminal", Wish.NEWEST, period_s=0.08),
                Aside(JsonLines(file), "standard output", Wish.ALL, most=64, period_s=1.0),
                Aside(EventLog(tmp_path / "log"), "--events"),
                Aside(Snapshots(tmp_path / "snaps", 10), "--snapshots", Wish.VISITS, pictures=True, most=4),
            ]
        )
        together.open([Still(live=True)])
        yield together
        together.close()


def test_outputs_against_no_outputs(outputs: Together, tell: Tell) -> None:
    classifier = Classifier()
    image = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)

    def block(shown: bool) -> list[float]:
        taken_s = []
        for number in range(1, FRAMES + 1):
            time.sleep(1 / RATE)
            began_s = time.perf_counter()
            answer = classifier.classify(image)
            frame = Frame(image, number, time.monotonic(), "bench")
            events = () if next(count) % EVENT_EVERY else (Event("visit", visit(frame=frame)),)
            moment = Moment(frame, answer, 1.0, 30.0, 0, raw(answer), events, time_s=time.time())
            if shown:
                outputs.write(moment)
            taken_s.append(time.perf_counter() - began_s)
        return taken_s

    count = itertools.count(1)
    pairs = [(mean(block(False)), mean(block(True))) for _ in range(BLOCKS)]
    bare_ms, shown_ms = (median(column) * 1000 for column in zip(*pairs, strict=True))
    ratio = shown_ms / bare_ms
    tell(f"classify {bare_ms:.3f} ms, with four outputs {shown_ms:.3f} ms a frame: {ratio:.2f} x")
    assert shown_ms - bare_ms <= 0.02 * 1000 / RATE, "at most a fiftieth of a camera's period"
