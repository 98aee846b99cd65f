"""Verbs that ask a board and change nothing: status, logs, selftest, doctor, bench."""

from edge.deploy.items import Step, selftest_step
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
        raise CatdogError(
            job.host, f"its service: {state(facts)} ({reason(job)})", f"python -m edge.deploy logs {job.host}"
        )
    return f"{state(facts)}; since {since or '?'}, {restarts} restarts{used}"


def logs(job: Job, lines: int) -> str:
    """Show the service's last lines."""
    installed(job)
    for line in job.quietly(f"journalctl -u {SERVICE} --no-pager -o short-iso -n {lines}"):
        job.show.note(job.host, line)
    return f"the last {lines} lines at most"


def selftest(job: Job) -> str:
    """Ask the model its golden pictures on the board."""
    installed(job)
    return "; ".join(job.carry_out(selftest_step("current", "current", job.layout)))


def doctor(job: Job) -> str:
    """Let the board's own doctor look it over."""
    installed(job)
    lines = job.quietly(f"{job.layout.catdog} doctor || true")
    for line in lines:
        job.show.note(job.host, line)
    faults = sum(line.startswith("FAULT") for line in lines)
    if faults:
        raise CatdogError(job.host, "has a fault" if faults == 1 else f"has {faults} faults", "The remedy stands above")
    return "the doctor finds no fault"


def bench(job: Job) -> str:
    """Measure the model on the board, with the service stopped for as long."""
    installed(job)
    command = f"cd / && systemctl stop {SERVICE}; {job.layout.catdog} bench {job.layout.model}; done=$?"
    command += f"; systemctl start {SERVICE}; exit $done"
    for line in job.carry_out(Step("bench, the service stopped meanwhile", (command,), limit_s=1800)):
        job.show.note(job.host, line)
    return "measured"
