"""What people see of a deployment: a ticked line for each step and board, then a summary."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from edge.errors import CatdogError, printable


class Outcome(NamedTuple):
    """How it went on one board."""

    host: str
    words: str
    fault: CatdogError | None = None


class Show:
    """Lines on standard output, with the boards' names in one column."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._width = max(map(len, hosts), default=0)
        fine = (sys.stdout.encoding or "").lower().startswith("utf")
        self._good, self._bad, self._none = ("✓", "✗", "·") if fine else ("ok", "FAILED", "-")

    @contextmanager
    def step(self, host: str, words: str) -> Iterator[None]:
        """Tick a step when the block ends well, with its seconds; mark it when it does not."""
        begun_s = time.monotonic()
        try:
            yield
        except BaseException:
            self.line(self._bad, host, words)
            raise
        self.line(self._good, host, f"{words} ({time.monotonic() - begun_s:.1f} s)")

    def note(self, host: str, *lines: str) -> None:
        """Say something that is no step."""
        for words in lines:
            self.line(self._none, host, words)

    def line(self, mark: str, host: str, words: str) -> None:
        print(f"{mark} {host:<{self._width}}  {printable(words)}", flush=True)

    def summary(self, outcomes: Sequence[Outcome]) -> None:
        """Write a line for each board, the failed ones last, with what to do."""
        if len(outcomes) > 1:
            failed = sum(outcome.fault is not None for outcome in outcomes)
            print(f"\n{len(outcomes)} boards, {f'{failed} failed' if failed else 'all well'}", flush=True)
        for outcome in sorted(outcomes, key=lambda outcome: outcome.fault is not None):
            if outcome.fault is None:
                self.line(self._good, outcome.host, outcome.words)
            else:  # its words begin with the board's name, as the line does
                self.line(self._bad, outcome.host, str(outcome.fault).removeprefix(f"{outcome.host}: "))
