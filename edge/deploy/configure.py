"""The verb `set`: settings that `catdog run` takes, tried, and taken back where the service gives no answer."""

import argparse
from collections.abc import Sequence

from edge import settings
from edge.cli import parser_of
from edge.deploy.demands import check_source
from edge.deploy.items import RESTART, answer_step, settings_back, settings_step
from edge.deploy.job import Job, installed, state
from edge.deploy.layout import watchdog_s
from edge.errors import InputError
from edge.outputs.service import check_rate


def checked(pairs: Sequence[str]) -> dict[str, str]:
    """Return settings that `catdog run` would take; others are an InputError that says why."""
    if not pairs:
        wrong = "is missing"
        raise InputError("NAME=VALUE", wrong, "Write for instance max-fps=5; an empty value takes a setting away")
    found = {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
    if found.get("gpio"):  # neither its fences nor its wheels have room for them
        remedy = "Let mqtt, webhook or on-event tell what switches"
        raise InputError("gpio", "is not for the service of a push, which sees no pins", remedy)
    text = ""
    for name, value in found.items():
        text = settings.changed(text, name, value)
    options = _parsed(text, ", ".join(pairs))
    if options.max_fps is not None:
        check_rate(options.max_fps, watchdog_s())
    return found


def _parsed(text: str, words: str) -> argparse.Namespace:
    """Return the options that some settings stand for; an InputError says what `catdog run` has against them."""
    try:
        return parser_of("run").parse_args([word for line in text.splitlines() for word in settings.words(line)])
    except InputError as fault:
        why = f"{fault.thing}: {fault.wrong}"
        raise InputError(words, f"is nothing that catdog run takes ({why})", "See catdog run --help") from None


def set_(job: Job, pairs: dict[str, str]) -> str:
    """Change settings, and see that the service gives an answer with them; else leave them as they were."""
    check_source(installed(job), pairs.get("source", ""), job.host)
    before = after = job.settings()
    for name, value in pairs.items():
        after = settings.changed(after, name, value)
    if after == before:
        return "nothing to do: the settings are so already"
    job.carry_out(settings_step(after, job.layout))
    job.change((answer_step(job.layout),), (settings_back(job.layout), RESTART))
    return f"{', '.join(f'{name}={value}' for name, value in pairs.items())}: {state(job.learn())}"
