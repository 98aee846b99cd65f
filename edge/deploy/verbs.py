"""What can be asked of a board: each verb is a function of one board, and returns a line for the summary."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from edge import settings
from edge.deploy.board import Board
from edge.deploy.demands import check_access, check_board
from edge.deploy.facts import Facts
from edge.deploy.items import Item, Step, Wish, replacing
from edge.deploy.kit import Kit
from edge.deploy.layout import SERVICE, SETTINGS, Layout
from edge.deploy.plan import RESTART, plan
from edge.deploy.show import Show
from edge.errors import CatdogError

_JOURNAL = f"journalctl -u {SERVICE} --no-pager -o cat"
_WORDS_S = 30


class Job(NamedTuple):
    """One verb on one board.

    Attributes:
        board: connected.
        show: where lines go.
        layout: of the board.
        has_password: of sudo.
    """

    board: Board
    show: Show
    layout: Layout
    has_password: bool

    @property
    def host(self) -> str:
        """What the board is called."""
        return self.board.target.word

    def learn(self) -> Facts:
        """Return the board's facts, where one may become root."""
        facts = self.board.learn()
        check_access(facts, self.host, self.has_password)
        return facts

    def carry_out(self, step: Step) -> list[str]:
        """Do a step, ticked."""
        with self.show.step(self.host, step.words):
            return self.board.do(step)

    def quietly(self, *commands: str) -> list[str]:
        """Do what is worth no line of its own."""
        return self.board.do(Step(commands[0], commands, limit_s=_WORDS_S * 10))


def installed(job: Job) -> Facts:
    """Return the facts of a board that has the service; another is a CatdogError."""
    facts = job.learn()
    if not facts.releases.current:
        raise CatdogError(job.host, "has no catdog on it", f"python -m edge.deploy push {job.host}")
    return facts


class Push(NamedTuple):
    """What `push` was told."""

    kit: Kit
    model: Item
    source: str = ""
    older: bool = False
    adopt: bool = False
    dry_run: bool = False


def push(job: Job, told: Push) -> str:
    """Make a board run this release and this model, or leave it as it was."""
    with job.show.step(job.host, "facts"):
        facts = job.learn()
        check_board(facts, job.host, time.time())
    job.show.note(job.host, describe(facts))
    with job.show.step(job.host, "wheels resolved and hashed, here"):
        release = told.kit.release(facts, job.layout)
    text = _settings(job, facts, job.board.target.source or told.source)
    wish = Wish(release, told.model, text, told.older, told.adopt)
    steps = plan(facts, wish, told.kit.signer, job.layout, job.host)
    if told.dry_run:
        for step in steps.steps:
            job.show.note(job.host, f"would do: {step.words}")
        return f"{len(steps.steps)} steps to do"
    try:
        for step in steps.prepare:
            job.carry_out(step)
    except CatdogError:
        _undo(job, steps.clear)
        raise
    try:
        for step in steps.change:
            job.carry_out(step)
    except CatdogError as fault:
        raise _went_back(job, fault, steps.back) from None
    for step in steps.after:
        job.carry_out(step)
    return _prove(job, wish, changed=bool(steps.steps))


def _settings(job: Job, facts: Facts, source: str) -> str:
    """Return the settings to write; "" where they are to stay."""
    if not facts.settings:
        first = source or next(iter(facts.cameras), "")
        if not first:
            note = f"no camera found: it watches the demo. Later: python -m edge.deploy set {job.host} source=0"
            job.show.note(job.host, note)
        return settings.changed(SETTINGS.read_text("utf-8"), "source", first or "demo")
    if not source:
        return ""
    before = "\n".join(job.quietly(f"cat {job.layout.settings}")) + "\n"
    after = settings.changed(before, "source", source)
    return "" if settings.read(after) == settings.read(before) else after


def _undo(job: Job, commands: tuple[str, ...]) -> None:
    if commands:
        with suppress(CatdogError):  # a lost connection: the next push takes it away
            job.quietly(*commands)


def _went_back(job: Job, fault: CatdogError, back: tuple[str, ...]) -> CatdogError:
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


def reason(job: Job) -> str:
    """Return the service's last words; "" where there are none."""
    with suppress(CatdogError):
        lines = [line for line in job.quietly(f"{_JOURNAL} -n 20 || true") if line.startswith(("catdog: ", "guard: "))]
        return lines[-1] if lines else ""
    return ""


def _prove(job: Job, wish: Wish, changed: bool) -> str:
    """Read the facts again, and see that the board is as wanted."""
    facts = job.learn()
    here = (facts.releases.current, facts.models.current)
    wanted = (facts.releases.find(wish.release.signed.digest), facts.models.find(wish.model.signed.digest))
    if here != wanted or not facts.active:
        raise CatdogError(job.host, f"is not as wanted: {here} runs, {state(facts)}", "Push again")
    words = f"{wish.release.name} ({here[0]}), {wish.model.name} ({here[1]}): {state(facts)}"
    return words if changed else f"nothing to do: {words}"


def state(facts: Facts) -> str:
    """Return how the service does, in a few words."""
    if not facts.active:
        return facts.service.get("ActiveState") or "no service"
    return facts.service.get("StatusText") or "active"


def describe(facts: Facts) -> str:
    """Return what a board is, on one line."""
    cameras = ", ".join(f"{number} ({name})" for number, name in facts.cameras.items()) or "none"
    warm = f", {facts.temperature_c:.0f} °C" if facts.temperature_c else ""
    slow = ", throttles now" if facts.throttled & 0xF else ""
    return (
        f"{facts.board or 'a board'}: {facts.system}, {facts.machine}, Python {facts.python[0]}.{facts.python[1]}, "
        f"{facts.free_mb} MB free, {facts.memory_mb} MB memory{warm}{slow}; cameras: {cameras}"
    )


def status(job: Job) -> str:
    """Say what a board is, what it runs, and how that does."""
    facts = installed(job)
    job.show.note(job.host, describe(facts))
    job.show.note(job.host, f"release {facts.releases.current}, before: {facts.releases.previous or 'none'}")
    job.show.note(job.host, f"model {facts.models.current}, before: {facts.models.previous or 'none'} {facts.signed}")
    since, restarts = facts.service.get("ActiveEnterTimestamp", ""), facts.service.get("NRestarts", "0")
    memory = facts.service.get("MemoryCurrent", "")
    used = f", {int(memory) // 10**6} MB" if memory.isdecimal() and int(memory) < 2**40 else ""
    if not facts.active:
        raise CatdogError(
            job.host, f"its service is {state(facts)} ({reason(job)})", f"python -m edge.deploy logs {job.host}"
        )
    return f"{state(facts)}; since {since or '?'}, {restarts} restarts{used}"


def logs(job: Job, lines: int) -> str:
    """Show the service's last lines."""
    installed(job)
    for line in job.quietly(f"journalctl -u {SERVICE} --no-pager -o short-iso -n {lines}"):
        job.show.note(job.host, line)
    return f"the last {lines} lines at most"


def rollback(job: Job, what: str) -> str:
    """Go back to the release or the model from before; once more, and it goes forth again."""
    facts = installed(job)
    shelf, path = (facts.models, job.layout.models) if what == "model" else (facts.releases, job.layout.releases)
    if not shelf.previous or not shelf.items.get(shelf.previous):
        raise CatdogError(job.host, f"has no {what} from before", "Push the one that you want")
    back = job.layout.guard("back", path)
    job.carry_out(Step(f"back to {what} {shelf.previous}", (back,)))
    try:
        job.carry_out(Step("service, a fresh answer", (RESTART,), limit_s=240))
    except CatdogError as fault:
        raise _went_back(job, fault, (back, RESTART)) from None
    return f"{what} {shelf.previous} runs, {shelf.current} is kept: {state(job.learn())}"


def selftest(job: Job) -> str:
    """Ask the model its golden pictures on the board."""
    installed(job)
    command = f"cd / && runuser -u {job.layout.user} -- {job.layout.catdog} selftest {job.layout.model}"
    return "; ".join(job.carry_out(Step("selftest", (command,))))


def doctor(job: Job) -> str:
    """Let the board's own doctor look it over."""
    installed(job)
    lines = job.quietly(f"{job.layout.catdog} doctor || true")
    for line in lines:
        job.show.note(job.host, line)
    faults = sum(line.startswith("FAULT") for line in lines)
    if faults:
        raise CatdogError(job.host, f"has {faults} faults", "Each has its remedy above")
    return "the doctor finds no fault"


def bench(job: Job) -> str:
    """Measure the model on the board, with the service stopped for as long."""
    installed(job)
    command = f"cd / && systemctl stop {SERVICE}; {job.layout.catdog} bench {job.layout.model}; done=$?"
    command += f"; systemctl start {SERVICE}; exit $done"
    for line in job.carry_out(Step("bench, the service stopped meanwhile", (command,), limit_s=1800)):
        job.show.note(job.host, line)
    return "measured"


def set_(job: Job, pairs: dict[str, str]) -> str:
    """Change settings, and see that the service gives an answer with them; else leave them as they were."""
    installed(job)
    before = "\n".join(job.quietly(f"cat {job.layout.settings}")) + "\n"
    after = before
    for name, value in pairs.items():
        after = settings.changed(after, name, value)
    if after == before:
        return "nothing to do: the settings are so already"
    new = replacing(after.encode(), job.layout.settings, "640", job.layout.user)
    job.carry_out(Step("settings", (f"cp -p {job.layout.settings} {job.layout.settings}.before", *new)))
    try:
        job.carry_out(Step("service, a fresh answer", (RESTART,), limit_s=240))
    except CatdogError as fault:
        back = f"mv -T {job.layout.settings}.before {job.layout.settings}"
        raise _went_back(job, fault, (back, RESTART)) from None
    return f"{', '.join(f'{name}={value}' for name, value in pairs.items())}: {state(job.learn())}"


def uninstall(job: Job, keep_data: bool) -> str:
    """Take everything away, data and settings too unless they are to stay."""
    facts = job.learn()
    layout = job.layout
    links = f"{layout.units}/catdog.service {layout.units}/multi-user.target.wants/catdog.service"
    cache = f"{layout.root}/var/cache/catdog"
    gone = (
        f"{layout.program} {cache}" if keep_data else f"{layout.program} {cache} {layout.data} {layout.settings_folder}"
    )
    service = f"systemctl stop {SERVICE} 2>/dev/null; rm -f {links}; systemctl daemon-reload"
    user = f"userdel {layout.user} 2>/dev/null || true"
    if not (facts.releases.items or facts.unit or facts.signers or (facts.user and not layout.root)):
        return "nothing to do: there is no catdog on it"
    job.carry_out(Step("service", (service,)))
    job.carry_out(Step("program" if keep_data else "program, models, settings and data", (f"rm -rf {gone}",)))
    if not keep_data and not layout.root:
        job.carry_out(Step(f"user {layout.user}", (user,)))
    return "gone" if not keep_data else f"gone, but for {layout.data} and {layout.settings_folder}"


Verb = Callable[[Job], str]
