"""The verb `push`: make a board run this release and this model, or leave it as it was."""

import time
from contextlib import suppress
from typing import NamedTuple

from edge import settings
from edge.deploy.demands import check_board, check_source
from edge.deploy.facts import Facts
from edge.deploy.items import Item, Wish
from edge.deploy.job import Job, describe, state
from edge.deploy.kit import Kit
from edge.deploy.layout import SETTINGS
from edge.deploy.plan import plan
from edge.errors import CatdogError


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
        source = job.board.target.source or told.source
        check_source(facts, source, job.host)
    job.show.note(job.host, describe(facts))
    with job.show.step(job.host, "wheels resolved and hashed, here"):
        release = told.kit.release(facts, job.layout)
    text = _settings(job, facts, source)
    wish = Wish(release, told.model, text, told.older, told.adopt)
    steps = plan(facts, wish, told.kit.signer, job.layout, job.host)
    if told.dry_run:
        job.show.note(job.host, *(f"would do: {step.words}" for step in steps.steps))
        return f"{len(steps.steps)} steps to do, nothing was changed" if steps.steps else "nothing to do"
    try:
        for step in steps.prepare:
            job.carry_out(step)
    except CatdogError:
        with suppress(CatdogError):  # a lost connection: the next push takes it away
            for command in steps.clear:
                job.quietly(command)
        raise
    job.change(steps.change, steps.back)
    for step in steps.after:
        job.carry_out(step)
    return _prove(job, wish, changed=bool(steps.steps))


def _settings(job: Job, facts: Facts, source: str) -> str:
    """Return the settings to write; "" where they are to stay."""
    if not facts.settings:
        first = source or facts.first_camera
        if not first:
            note = f"no camera found: it watches the demo. Later: python -m edge.deploy set {job.host} source=0"
            job.show.note(job.host, note)
        return settings.changed(SETTINGS.read_text("utf-8"), "source", first or "demo")
    if not source:
        return ""
    before = job.settings()
    after = settings.changed(before, "source", source)
    return "" if settings.read(after) == settings.read(before) else after


def _prove(job: Job, wish: Wish, changed: bool) -> str:
    facts = job.learn()
    here = (facts.releases.current, facts.models.current)
    wanted = (facts.releases.find(wish.release.signed.digest), facts.models.find(wish.model.signed.digest))
    if here != wanted or not facts.active:
        raise CatdogError(job.host, f"is not as wanted: {here} runs, {state(facts)}", "Push again")
    if not facts.answers:  # nothing was to do, or the camera went away just now
        raise CatdogError(job.host, f"runs it, but gives {state(facts)}", f"python -m edge.deploy doctor {job.host}")
    words = f"{wish.release.name} ({here[0]}), {wish.model.name} ({here[1]}): {state(facts)}"
    return words if changed else f"nothing to do: {words}"
