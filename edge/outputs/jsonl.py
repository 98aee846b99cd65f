"""JSON lines: one object a line on standard output, each written at once."""

import json
import sys
import time
from typing import TextIO

from edge.classifier import Answer
from edge.live.visits import Event, clock
from edge.outputs import ENDED, LIVE, Moment, Output


def as_json(source: object, answer: Answer) -> dict[str, object]:
    """Return an answer as the JSON object that every command prints."""
    return {
        "source": str(source),
        "label": answer.label,
        "probability": round(answer.probability, 6),
        "probabilities": {label: round(value, 6) for label, value in answer.probabilities.items()},
        "latency_ms": round(answer.latency_ms, 3),
    }


def moment_json(moment: Moment) -> dict[str, object]:
    """Return a moment as a JSON object: the frame's own answer first, then what stands beside it."""
    frame, verdict = moment.frame, moment.verdict
    fields = as_json(frame.source, moment.answer)
    fields["frame"] = frame.number
    fields["time"] = utc(moment.time_s)
    fields["age_ms"] = round(moment.age_ms, 3)
    if frame.position_s is not None:
        fields["position_s"] = round(frame.position_s, 3)
    fields["verdict"] = {"label": verdict.label, "probability": round(verdict.probability, 6)}
    fields["state"] = moment.state
    fields["picture"] = moment.picture
    fields["events"] = [event_json(moment, event) for event in moment.events]
    return fields


def event_json(moment: Moment, event: Event) -> dict[str, object]:
    """Return an event as the JSON object that the event log and the webhook use, too."""
    frame, visit = moment.frame, event.visit
    fields: dict[str, object] = {
        "event": event.kind,
        "label": visit.label,
        "source": frame.source,
        "time": utc(moment.time_s),
        "duration_s": round(event.duration_s, 3),
        "probability": round(visit.probability, 6),
    }
    if frame.position_s is None:
        fields["began"] = utc(moment.time_s - (clock(frame) - visit.began_s))
    else:
        fields["position_s"], fields["began_s"] = round(frame.position_s, 3), round(visit.began_s, 3)
    return fields


def utc(seconds: float) -> str:
    """Return seconds since 1970 as ISO 8601 in UTC with milliseconds, e.g. 2026-05-01T12:30:00.250Z."""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{milliseconds:03d}Z"


class JsonLines(Output):
    """Moments as JSON objects.

    Args:
        stream: where to; standard output unless given.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._state = LIVE

    def write(self, moment: Moment) -> None:
        """Write one line for each answer, and for whatever else happens while the run goes on."""
        if moment.state == ENDED or (moment.state == self._state != LIVE and not moment.events):
            return
        self._state = moment.state
        self._stream.write(json.dumps(moment_json(moment)) + "\n")
        self._stream.flush()
