"""Verbs that change what a board has already: rollback and uninstall."""

from edge.deploy.items import RESTART, Step, answer_step
from edge.deploy.job import Job, installed, state, went_back
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
    try:
        job.carry_out(answer_step(job.layout))
    except CatdogError as fault:
        raise went_back(job, fault, (back, RESTART)) from None
    return f"{what} {shelf.previous} runs, {shelf.current} is kept: {state(job.learn())}"


def uninstall(job: Job, keep_data: bool) -> str:
    """Take everything away, data and settings too unless they are to stay."""
    facts = job.learn()
    layout = job.layout
    unit = f"{layout.units}/catdog.service"
    links = f"{unit} {layout.units}/multi-user.target.wants/catdog.service"
    own = "" if keep_data else f"; rm -rf {unit}.d"  # what systemctl edit has left
    cache = f"{layout.root}/var/cache/catdog"
    gone = (
        f"{layout.program} {cache}" if keep_data else f"{layout.program} {cache} {layout.data} {layout.settings_folder}"
    )
    service = f"systemctl stop {SERVICE} 2>/dev/null; rm -f {links}{own}; systemctl daemon-reload"
    user = f"userdel {layout.user} 2>/dev/null || true"
    if not (facts.releases.items or facts.unit or facts.signers or (facts.user and not layout.root)):
        return "nothing to do: there is no catdog on it"
    job.carry_out(Step("service", (service,)))
    job.carry_out(Step("program" if keep_data else "program, models, settings and data", (f"rm -rf {gone}",)))
    if not keep_data and not layout.root:
        job.carry_out(Step(f"user {layout.user}", (user,)))
    return "gone" if not keep_data else f"gone, but for {layout.data} and {layout.settings_folder}"
