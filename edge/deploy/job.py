"""What every verb has: a board to work on, lines to print, how the service does, and the way back where it fails."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from edge.deploy.board import Board
from edge.deploy.demands import check_access
from edge.deploy.facts import Facts
from edge.deploy.items import Step
from edge.deploy.layout import SERVICE, Layout
from edge.deploy.show import Show
from edge.errors import CatdogError

_JOURNAL = f"journalctl -u {SERVICE} --no-pager -o cat"
_QUIET_S = 300


class Job(NamedTuple):
    """One verb on one board, which is connected."""

    board: Board
    show: Show

    @property
    def host(self) -> str:
        return self.board.target.word

    @property
    def layout(self) -> Layout:
        return self.board.layout

    def learn(self) -> Facts:
        """Return the board's facts, where one may become root."""
        facts = self.board.learn()
        check_access(facts, self.host, bool(self.board.access.sudo_password))
        return facts

    def carry_out(self, step: Step) -> list[str]:
        """Do a step, ticked."""
        with self.show.step(self.host, step.words):
            return self.board.do(step)

    def quietly(self, *commands: str) -> list[str]:
        """Do what is worth no line of its own."""
        return self.board.do(Step(commands[0], commands, limit_s=_QUIET_S))

    def settings(self) -> str:
        """Return the text of the board's settings."""
        return "\n".join(self.quietly(f"cat {self.layout.settings}")) + "\n"

    def change(self, steps: Sequence[Step], back: Sequence[str]) -> None:
        """Change what runs; where that fails, lead back to what ran before, and tell so in a CatdogError.

        Args:
            steps: that change it; the last waits for a fresh answer.
            back: commands that lead back; none where there was nothing before.
        """
        try:
            for step in steps:
                self.carry_out(step)
        except CatdogError as fault:
            raise _went_back(self, fault, back) from None


Verb = Callable[[Job], str]  # on one board; returns a line for the summary


def installed(job: Job) -> Facts:
    """Return the facts of a board that has the service; another is a CatdogError."""
    facts = job.learn()
    if not facts.releases.current:
        raise CatdogError(job.host, "has no catdog on it", f"python -m edge.deploy push {job.host}")
    return facts


def state(facts: Facts) -> str:
    """Return how the service does, in a few words."""
    if not facts.active:
        return facts.service.get("ActiveState") or "no service"
    return facts.service.get("StatusText") or "active"


def describe(facts: Facts) -> str:
    """Return what a board is, on one line."""
    seen = [f"{number} ({name})" for number, name in facts.cameras.items()]
    seen += [f"csi:{number} ({name})" for number, name in facts.ribbon.items()]
    cameras = ", ".join(seen) or "none"
    warm = f", {facts.temperature_c:.0f} °C" if facts.temperature_c else ""
    slow = ", throttles now" if facts.throttled & 0xF else ""
    return (
        f"{facts.board or 'a board'}: {facts.system}, {facts.machine}, Python {facts.python[0]}.{facts.python[1]}, "
        f"{facts.free_mb} MB free, {facts.memory_mb} MB memory{warm}{slow}; cameras: {cameras}"
    )


def reason(job: Job) -> str:
    """Return the service's last words; "" where there are none."""
    with suppress(CatdogError):
        lines = [line for line in job.quietly(f"{_JOURNAL} -n 20 || true") if line.startswith(("catdog: ", "guard: "))]
        return lines[-1] if lines else ""
    return ""


def _went_back(job: Job, fault: CatdogError, back: Sequence[str]) -> CatdogError:
    """Lead back to what ran before; return what to tell."""
    why = reason(job) or fault.wrong
    if not back:
        return CatdogError(job.host, f"does not give an answer yet ({why})", f"python -m edge.deploy logs {job.host}")
    try:
        with job.show.step(job.host, "back to what ran before"):
            job.quietly(*back)
    except CatdogError:
        return CatdogError(
            job.host,
            f"went wrong ({why}), and so did the way back",
            f"Push again: the board goes back by itself after three starts; python -m edge.deploy logs {job.host}",
        )
    return CatdogError(
        job.host, f"runs what it ran before: the new one gave no answer ({why})", "Mend that, and push again"
    )
