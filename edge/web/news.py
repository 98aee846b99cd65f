"""What the page tells: the newest moment of each source, their last minutes, and who came by.

The runner's thread writes, the server's reads. What is read is replaced whole or only appended to, so no lock is held
while a frame waits.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from edge.capture.health import STALE
from edge.capture.source import Source
from edge.live.visits import ARRIVED, LEFT, VISIT, Event
from edge.outputs import ASLEEP, LIVE, Moment, nothing_yet
from edge.outputs.jsonl import event_json, moment_json, utc
from edge.web.counts import Counts

VISITS = 60  # kept: with a picture of 30 kB each, 2 MB
MINUTES = 5
_SILENT_S = 3.0  # without a word of the runner: then what it said last is none of now
_EVENTS = 256  # that a slow reader may be behind
_NOTHING = np.empty((0, 0, 3), np.uint8)


class Happened(NamedTuple):
    """An event with a number, and as it is told."""

    number: int
    fields: dict[str, Any]


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
        """Take a moment; return what has happened by it, numbered. In the runner's thread."""
        stream = moment.stream
        self.heard_s[stream] = self._now()
        told = [self._note(moment, event) for event in moment.events]
        bare = moment._replace(frame=moment.frame._replace(image=_NOTHING), events=())
        self.newest[stream] = bare
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
        fields = {"id": self._number, "stream": moment.stream, **event_json(moment, event)}
        happened = Happened(self._number, fields)
        self.happened.append(happened)
        if event.kind == VISIT:
            self.visits.append(happened)
        return happened

    def state_of(self, stream: int) -> str:
        """Return what is true of a source now: a runner that hangs cannot say so itself."""
        state = self.newest[stream].state
        silent = self._now() - self.heard_s[stream] > self.patience_s
        return STALE if silent and state in (LIVE, ASLEEP) else state

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
    def fresh(self) -> bool:
        """True where every source has a fresh answer, or sleeps because nothing moves."""
        return all(self.state_of(stream) in (LIVE, ASLEEP) for stream in range(len(self.newest)))
