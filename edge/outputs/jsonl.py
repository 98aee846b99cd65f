"""JSON lines: one object a line on standard output; each at once, where that is no file on a disk."""

import errno
import json
import sys
import time
from argparse import Namespace
from typing import TextIO

from edge.board import is_file
from edge.classifier import Answer
from edge.errors import CatdogError
from edge.live.visits import Event, clock
from edge.outputs import ENDED, LIVE, EndedError, Moment, Output
from edge.outputs.aside import Aside, Wish
from edge.outputs.stream import put

_WAITING = 64  # lines: two seconds at 30 frames a second
_PERIOD_S = 1.0  # between two writes to a file on a disk
_NAME = "standard output"


def make(options: Namespace) -> Output:
    """Return the JSON lines on standard output."""
    period_s = _PERIOD_S if is_file(sys.stdout) else 0.0
    return Aside(JsonLines(quiet=options.quiet), _NAME, Wish.ALL, most=_WAITING, period_s=period_s)


def as_json(source: object, answer: Answer) -> dict[str, object]:
    """Return an answer as the JSON object that every command prints.

    Fields:
        source: what was looked at: a photo's path, a camera, an address without its password.
        label: the answer to this picture alone.
        probability: of that label, 0 to 1.
        probabilities: of every label, 0 to 1.
        latency_ms: from the picture to its answer.
    """
    return {
        "source": str(source),
        "label": answer.label,
        "probability": round(answer.probability, 6),
        "probabilities": {label: round(value, 6) for label, value in answer.probabilities.items()},
        "latency_ms": round(answer.latency_ms, 3),
    }


def moment_json(moment: Moment) -> dict[str, object]:
    """Return a moment as a JSON object: its own answer first (null before the first frame), then what is beside it.

    Fields:
        frame: the frame's number, from 1 on; 0 before the first.
        time: when it was captured, in UTC.
        age_ms: from the capture of the frame that was answered to now.
        position_s: of a recording only: where the frame stands in it.
        verdict: label (or unsure) and probability, steady over time; the answer itself with --raw.
        state: live; else the answer is none of now: asleep, connecting, stale, lost, ended.
        picture: good; else what is wrong with it: frozen, black, dark.
        events: what has happened by this moment, mostly nothing.
    """
    frame, verdict = moment.frame, moment.verdict
    if frame.number:
        fields = as_json(frame.source, moment.answer)
        told: object = {"label": verdict.label, "probability": round(verdict.probability, 6)}
    else:  # no frame yet, so there is no answer
        fields = {"source": frame.source, "label": None, "probability": None, "probabilities": {}, "latency_ms": None}
        told = None
    fields["frame"] = frame.number
    fields["time"] = utc(moment.time_s)
    fields["age_ms"] = round(moment.age_ms, 3)
    if frame.position_s is not None:
        fields["position_s"] = round(frame.position_s, 3)
    fields["verdict"] = told
    fields["state"] = moment.state
    fields["picture"] = moment.picture
    fields["events"] = [event_json(moment, event) for event in moment.events]
    return fields


def event_json(moment: Moment, event: Event) -> dict[str, object]:
    """Return an event as the JSON object that the event log and the webhook use, too.

    Fields:
        event: arrived, left or visit.
        label: who: one of the model's labels.
        source: which source, without its password.
        time: when it was told, in UTC; of left and visit, three seconds after the visitor was last seen.
        duration_s: from first to last seen.
        probability: of the label, in the frame that shows it best so far.
        began: when the visitor was first seen, in UTC; not of a recording.
        position_s: of a recording only, instead of began: when it was told, from its start.
        began_s: of a recording only, instead of began: when the visitor was first seen, from its start.
    """
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
    """Moments as JSON objects, written by `flush`; quiet: those in which something happens or the state changes."""

    def __init__(self, stream: TextIO | None = None, quiet: bool = False) -> None:
        self._stream, self._quiet = stream or sys.stdout, quiet
        self._state: dict[int, str] = {}
        self._lines: list[str] = []
        self._torn = False

    def write(self, moment: Moment) -> None:
        """Take one line for each answer, and for whatever else happens."""
        before = self._state.get(moment.stream, LIVE)
        self._state[moment.stream] = moment.state
        news = bool(moment.events) or (moment.state != before and moment.state != ENDED)
        if news or (moment.state == LIVE and not self._quiet):
            self._lines.append(json.dumps(moment_json(moment)) + "\n")

    def flush(self) -> None:
        # A line that the disk took half of must not spoil the next one.
        text, self._lines = "\n" * self._torn + "".join(self._lines), []
        try:
            put(self._stream, text)
            self._torn = False
        except OSError as fault:
            self._torn = True
            if fault.errno in (errno.EPIPE, errno.EIO, errno.EBADF):
                raise EndedError(_NAME, "was closed by its reader", "To end sooner, use --frames N") from None
            wrong = f"cannot be written ({fault.strerror})"
            raise CatdogError(_NAME, wrong, "Free some space, or send it elsewhere") from None

    def close(self) -> None:
        if self._lines:
            self.flush()
