"""What people see of a deployment: a ticked line for each step and board, then a summary."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from edge.errors import CatdogError, printable


class Outcome(NamedTuple):
    """How it went on one board."""

    host: str
    words: str
    fault: CatdogError | None = None


class Show:
    """Lines on standard output.

    Args:
        hosts: which boards there are; their names are put in one column.
        write: where lines go.
        now: the monotonic clock.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        write: Callable[[str], object] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._width = max(map(len, hosts), default=0)
        self._write, self._now = write or (lambda line: print(line, flush=True)), now
        fine = (sys.stdout.encoding or "").lower().startswith("utf")
        self._good, self._bad, self._none = ("✓", "✗", "·") if fine else ("ok", "FAILED", "-")

    @contextmanager
    def step(self, host: str, words: str) -> Iterator[None]:
        """Tick a step when the block ends well, with its seconds; mark it when it does not."""
        begun_s = self._now()
        try:
            yield
        except BaseException:
            self.line(self._bad, host, words)
            raise
        self.line(self._good, host, f"{words} ({self._now() - begun_s:.1f} s)")

    def note(self, host: str, words: str) -> None:
        """Say something that is no step."""
        self.line(self._none, host, words)

    def line(self, mark: str, host: str, words: str) -> None:
        """Write one line."""
        self._write(f"{mark} {host:<{self._width}}  {printable(words)}")

    def summary(self, outcomes: Sequence[Outcome]) -> None:
        """Write a line for each board, the failed ones last, with what to do."""
        if len(outcomes) > 1:
            failed = sum(outcome.fault is not None for outcome in outcomes)
            self._write(
                f"\n{len(outcomes)} boards, {failed} failed" if failed else f"\n{len(outcomes)} boards, all well"
            )
        for outcome in sorted(outcomes, key=lambda outcome: outcome.fault is not None):
            words = outcome.words if outcome.fault is None else without(outcome.host, str(outcome.fault))
            self.line(self._good if outcome.fault is None else self._bad, outcome.host, words)


def without(host: str, words: str) -> str:
    """Return the words of an error about a board, without its name where a line begins with it already."""
    return words.removeprefix(f"{host}: ")
