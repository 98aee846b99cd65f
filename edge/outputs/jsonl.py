"""JSON lines: one object a line on standard output, each written at once."""

import json
import sys
import time
from typing import TextIO

from edge.capture.source import Source
from edge.classifier import Answer
from edge.outputs import Moment, Output


def as_json(source: object, answer: Answer) -> dict[str, object]:
    """Return an answer as the JSON object that every command prints."""
    return {
        "source": str(source),
        "label": answer.label,
        "probability": round(answer.probability, 6),
        "probabilities": {label: round(value, 6) for label, value in answer.probabilities.items()},
        "latency_ms": round(answer.latency_ms, 3),
    }


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

    def open(self, source: Source) -> None:
        """Nothing to do."""

    def write(self, moment: Moment) -> None:
        """Write one line."""
        frame = moment.frame
        fields = as_json(frame.source, moment.answer)
        fields["frame"] = frame.number
        fields["time"] = utc(time.time() - (time.monotonic() - frame.captured_at))
        fields["age_ms"] = round(moment.age_ms, 3)
        if frame.position_s is not None:
            fields["position_s"] = round(frame.position_s, 3)
        self._stream.write(json.dumps(fields) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing to do."""
