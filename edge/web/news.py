"""What the page tells: the newest moment of each source, their last minutes, and who came by.

The runner's thread writes, the server's reads. What is read is replaced whole or only appended to, so no lock is held
while a frame waits.
"""

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from edge.capture.health import STALE
from edge.capture.source import Source
from edge.live.visits import ARRIVED, LEFT, VISIT, Event
from edge.outputs import FRESH, LIVE, NO_PICTURE, Moment, nothing_yet
from edge.outputs.jsonl import event_json, moment_json, utc

VISITS = 60  # kept: with a picture of 30 kB each, 2 MB
MINUTES = 5
_SILENT_S = 3.0  # without a word of the runner: then what it said last is none of now
_EVENTS = 256  # that a slow reader may be behind
BOUNDS_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)  # of latencies that are counted together


Happened = dict[str, Any]  # an event as it is told; its "id" is 1, 2, 3 ...


class Counts:
    """What is counted of a source from the start of a run, for /metrics.

    Attributes:
        frames: that were classified.
        latencies: how many took up to each of BOUNDS_MS, but longer than the one before; the last: longer than all.
        latency_s: their sum.
        verdicts: label -> frames.
    """

    def __init__(self) -> None:
        self.frames, self.latency_s = 0, 0.0
        self.latencies = [0] * (len(BOUNDS_MS) + 1)
        self.verdicts: dict[str, int] = {}

    def count(self, latency_ms: float, verdict: str) -> None:
        self.frames += 1
        self.latency_s += latency_ms / 1000
        self.latencies[bisect_left(BOUNDS_MS, latency_ms)] += 1
        self.verdicts[verdict] = self.verdicts.get(verdict, 0) + 1


class News:
    """What is known of a run's sources.

    Args:
        patience_s: without a moment for so long a source is stale, whatever it said last.
        now: the monotonic clock.
    """

    def __init__(self, patience_s: float = _SILENT_S, now: Callable[[], float] = time.monotonic) -> None:
        self.patience_s, self._now = patience_s, now
        self.newest: list[Moment] = []
        self.heard_s: list[float] = []
        self.present: list[str | None] = []
        self.history: list[deque[tuple[float, tuple[float, ...], str]]] = []
        self.happened: deque[Happened] = deque(maxlen=_EVENTS)
        self.visits: deque[Happened] = deque(maxlen=VISITS)
        self._number = 0
        self.moments = 0  # so far
        self.counts: list[Counts] = []

    def open(self, sources: Sequence[Source]) -> None:
        """Begin, with nothing known of these sources."""
        self.newest = [nothing_yet(source.name, number) for number, source in enumerate(sources)]
        self.heard_s = [self._now()] * len(sources)
        self.present = [None] * len(sources)
        self.history = [deque(maxlen=MINUTES * 60) for _ in sources]
        self.counts = [Counts() for _ in sources]

    def write(self, moment: Moment) -> list[Happened]:
        """Take a moment; return what has happened by it. In the runner's thread."""
        stream = moment.stream
        self.heard_s[stream] = self._now()
        told = [self._note(moment, event) for event in moment.events]
        self.newest[stream] = moment.showing(NO_PICTURE)._replace(events=())
        self.moments += 1
        if moment.state == LIVE:
            self.counts[stream].count(moment.answer.latency_ms, moment.verdict.label)
        past = self.history[stream]
        if moment.frame.number and moment.state == LIVE and (not past or moment.time_s - past[-1][0] >= 1):
            past.append((moment.time_s, tuple(moment.verdict.probabilities.values()), moment.verdict.label))
        return told

    def _note(self, moment: Moment, event: Event) -> Happened:
        if event.kind == ARRIVED:
            self.present[moment.stream] = event.visit.label
        elif event.kind in (LEFT, VISIT):
            self.present[moment.stream] = None
        self._number += 1
        told = {"id": self._number, "stream": moment.stream, **event_json(moment, event)}
        self.happened.append(told)
        if event.kind == VISIT:
            self.visits.append(told)
        return told

    def state_of(self, stream: int) -> str:
        """Return what is true of a source now: a runner that hangs cannot say so itself."""
        state = self.newest[stream].state
        silent = self._now() - self.heard_s[stream] > self.patience_s
        return STALE if silent and state in FRESH else state

    def source_json(self, stream: int) -> dict[str, Any]:
        """Return what is known of a source as a JSON object."""
        moment = self.newest[stream]
        fields = moment_json(moment)
        del fields["events"]
        since_ms = (self._now() - self.heard_s[stream]) * 1000
        return {
            **fields,
            "stream": stream,
            "state": self.state_of(stream),
            "age_ms": round(moment.age_ms + since_ms, 1),
            "rate": round(moment.rate, 2),
            "dropped": moment.dropped,
            "smoothed": {label: round(value, 4) for label, value in moment.verdict.probabilities.items()},
            "present": self.present[stream],
        }

    def history_json(self, stream: int) -> dict[str, Any]:
        """Return a source's last minutes: once a second the probabilities, in the order of "labels"."""
        past = list(self.history[stream])
        return {
            "stream": stream,
            "labels": list(self.newest[stream].verdict.probabilities),
            "points": [
                {"time": utc(at), "probabilities": [round(value, 4) for value in values], "verdict": label}
                for at, values, label in past
            ],
        }

    @property
    def states(self) -> list[str]:
        return [self.state_of(stream) for stream in range(len(self.newest))]

    @property
    def fresh(self) -> bool:
        """True where every source has a fresh answer, or sleeps because nothing moves."""
        return all(state in FRESH for state in self.states)
