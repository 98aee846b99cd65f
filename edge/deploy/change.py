"""Verbs that change what a board has already: rollback and uninstall."""

from edge.deploy.items import RESTART, Step, answer_step
from edge.deploy.job import Job, installed, state
from edge.deploy.layout import SERVICE
from edge.errors import CatdogError


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
