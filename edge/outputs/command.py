"""A program to run when something happens. No shell: what a label holds is never a command.

It is told by its arguments, by its environment (CATDOG_EVENT, CATDOG_LABEL ...), and by JSON on its standard input. One
at a time, each with a time limit; what happens meanwhile waits in a short queue.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
from argparse import Namespace
from contextlib import suppress

from edge.errors import CatdogError, printable
from edge.live.visits import VISIT, Event
from edge.outputs import Moment, Output
from edge.outputs.aside import Aside
from edge.outputs.jsonl import event_json
from edge.outputs.snapshots import Snapshots, shared

LIMIT_S = 30.0
_NAME = "--on-event"
_REMEDY = "Try it by hand"


def make(options: Namespace) -> Output:
    """Return the output of --on-event."""
    snapshots = shared(options) if options.snapshots else None
    return Aside(Command(options.on_event, snapshots), _NAME, pictures=snapshots is not None)


class Command(Output):
    """A program and its arguments, some with placeholders: {event} {label} {source} {duration} {snapshot}.

    Args:
        text: split into words as a shell would.
        snapshots: where the picture of a visit lies; None where none is kept.
        limit_s: after so long it is killed, with all that it has started.

    Raises:
        CatdogError: it is empty, its quotes do not match, or there is no such program.
    """

    def __init__(self, text: str, snapshots: Snapshots | None = None, limit_s: float = LIMIT_S) -> None:
        self._snapshots, self._limit_s = snapshots, limit_s
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        try:
            self._words = shlex.split(text)
        except ValueError:
            raise CatdogError(_NAME, "has a quote without its other half", "Quote each argument as a whole") from None
        if not self._words:
            raise CatdogError(_NAME, "is empty", "Give a program and its arguments, in quotes")
        if shutil.which(self._words[0]) is None:
            raise CatdogError(_NAME, f"finds no program {printable(self._words[0])}", "Give its path")

    def write(self, moment: Moment) -> None:
        """Run the program for each event, and wait for it."""
        for event in moment.events:
            self._run(self._facts(moment, event), json.dumps(event_json(moment, event)).encode() + b"\n")

    def _facts(self, moment: Moment, event: Event) -> dict[str, str]:
        snapshot = None
        if self._snapshots is not None and event.kind == VISIT:
            with suppress(CatdogError):  # said by the output of --snapshots
                snapshot = self._snapshots.keep(moment, event)
        return {
            "event": event.kind,
            "label": printable(event.visit.label),
            "source": printable(moment.frame.source),
            "duration": f"{event.duration_s:.1f}",
            "snapshot": "" if snapshot is None else str(snapshot.absolute()),
        }

    def _run(self, facts: dict[str, str], told: bytes) -> None:
        if self._closed:
            raise CatdogError(_NAME, "was ended", "See what keeps the program busy")
        words = fill(self._words, facts)
        environment = {**os.environ, **{f"CATDOG_{name.upper()}": value for name, value in facts.items()}}
        nowhere = subprocess.DEVNULL  # what it prints would tear the live view or the JSON apart
        try:
            # A session of its own: Ctrl-C is for us, and a time limit ends all that it has started.
            self._process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, env=environment, start_new_session=True
            )
            self._process.communicate(told, self._limit_s)
        except OSError as fault:
            raise CatdogError(_NAME, f"cannot be started ({fault.strerror})", _REMEDY) from None
        except subprocess.TimeoutExpired:
            self._kill()
            wrong = f"took more than {self._limit_s:g} s and was killed"
            raise CatdogError(_NAME, wrong, "Let the program end sooner") from None
        if status := self._process.returncode:
            how = f"ended with status {status}" if status > 0 else f"was killed by signal {-status}"
            raise CatdogError(_NAME, how, _REMEDY)

    def _kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def interrupt(self) -> None:
        """Kill what runs, and start nothing more."""
        self._closed = True
        self._kill()


def fill(words: list[str], facts: dict[str, str]) -> list[str]:
    """Return words with each {name} of `facts` replaced, once: what a fact holds is taken as it is."""
    known = re.compile("|".join(rf"\{{{name}\}}" for name in facts))
    return [known.sub(lambda found: facts[found[0][1:-1]], word) for word in words]
