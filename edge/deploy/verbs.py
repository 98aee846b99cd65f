"""Verbs that ask a board, status, logs, selftest, doctor and bench, and two that change it: rollback and uninstall."""

from edge.deploy.items import RESTART, Step, answer_step, selftest_step
from edge.deploy.job import Job, describe, installed, reason, state
from edge.deploy.layout import SERVICE
from edge.errors import CatdogError


def status(job: Job) -> str:
    """Say what a board is, what it runs, and how that does."""
    facts = installed(job)
    job.show.note(job.host, describe(facts))
    job.show.note(job.host, f"release {facts.releases.current}, before: {facts.releases.previous or 'none'}")
    job.show.note(job.host, f"model {facts.models.current}, before: {facts.models.previous or 'none'} {facts.signed}")
    since, restarts = facts.service.get("ActiveEnterTimestamp", ""), facts.service.get("NRestarts", "0")
    memory = facts.service.get("MemoryCurrent", "")
    used = f", {int(memory) // 10**6} MB" if memory.isdecimal() and int(memory) < 2**40 else ""
    if not facts.answers:
        wrong = f"its service: {state(facts)} ({reason(job)})"
        raise CatdogError(job.host, wrong, f"python -m edge.deploy logs {job.host}")
    return f"{state(facts)}; since {since or '?'}, {restarts} restarts{used}"


def logs(job: Job, lines: int) -> str:
    """Show the service's last lines."""
    installed(job)
    job.show.note(job.host, *job.quietly(f"journalctl -u {SERVICE} --no-pager -o short-iso -n {lines}"))
    return f"the last {lines} lines at most"


def selftest(job: Job) -> str:
    """Ask the model its golden pictures on the board."""
    installed(job)
    return "; ".join(job.carry_out(selftest_step("current", "current", job.layout)))


def doctor(job: Job) -> str:
    """Let the board's own doctor look it over."""
    installed(job)
    lines = job.quietly(f"{job.layout.catdog} doctor || true")
    job.show.note(job.host, *lines)
    faults = sum(line.startswith("FAULT") for line in lines)
    if faults:
        raise CatdogError(job.host, "has a fault" if faults == 1 else f"has {faults} faults", "The remedy stands above")
    return "the doctor finds no fault"


def bench(job: Job) -> str:
    """Measure the model on the board, with the service stopped for as long."""
    installed(job)
    command = f"cd / && systemctl stop {SERVICE}; {job.layout.catdog} bench {job.layout.model}; done=$?"
    command += f"; systemctl start {SERVICE}; exit $done"
    step = Step("bench, the service stopped meanwhile", (command,), limit_s=1800)
    job.show.note(job.host, *job.carry_out(step))
    return "measured"


def rollback(job: Job, what: str) -> str:
    """Go back to the release or the model from before; once more, and it goes forth again."""
    facts = installed(job)
    shelf, path = (facts.models, job.layout.models) if what == "model" else (facts.releases, job.layout.releases)
    if not shelf.previous or not shelf.items.get(shelf.previous):
        raise CatdogError(job.host, f"has no {what} from before", "Push the one that you want")
    back = job.layout.guard("back", path)
    job.carry_out(Step(f"back to {what} {shelf.previous}", (back,)))
    job.change((answer_step(job.layout),), (back, RESTART))
    return f"{what} {shelf.previous} runs, {shelf.current} is kept: {state(job.learn())}"


def uninstall(job: Job, keep_data: bool) -> str:
    """Take everything away, data and settings too unless they are to stay."""
    facts = job.learn()
    layout = job.layout
    if not (facts.releases.items or facts.unit or facts.signers or (facts.user and not layout.root)):
        return "nothing to do: there is no catdog on it"
    own = "" if keep_data else f"{layout.unit}.d"  # what systemctl edit has left
    rm_links = f"rm -rf {layout.unit} {layout.wanted} {own}"
    job.carry_out(Step("service", (f"systemctl stop {SERVICE} 2>/dev/null; {rm_links}; systemctl daemon-reload",)))
    program = f"{layout.program} {layout.root}/var/cache/catdog"
    if keep_data:
        job.carry_out(Step("program", (f"rm -rf {program}",)))
        return f"gone, but for {layout.data} and {layout.settings_folder}"
    data = f"{layout.data} {layout.settings_folder}"
    job.carry_out(Step("program, models, settings and data", (f"rm -rf {program} {data}",)))
    if not layout.root:
        job.carry_out(Step(f"user {layout.user}", (f"userdel {layout.user} 2>/dev/null || true",)))
    return "gone"
