"""One file per sub-command of `catdog`: `add_arguments(parser)` and `main(options) -> exit status`."""

import argparse
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from edge.errors import InputError

if TYPE_CHECKING:
    from edge.classifier import Classifier

T = TypeVar("T", int, float)

# Texts as they are written, for 80 columns. Without a width of its own, each option that is added would look for the
# terminal's, and import shutil and five compressors at every start for it.
AS_WRITTEN = partial(argparse.RawDescriptionHelpFormatter, width=78)

# What --label is to argparse, wherever photos are read; edge.labelled.parse_renames reads what it gives.
LABEL: dict[str, Any] = {
    "action": "append",
    "default": [],
    "metavar": "FOLDER=LABEL",
    "help": "name a class, e.g. --label cats=cat",
}

# numpy and all are imported where they are needed: `catdog doctor` must run where they cannot be.


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of every command that loads a model."""
    from edge.classifier import DEFAULT_MODEL

    add, threads = parser.add_argument, "threads of one inference; at most the free cores (1)"
    add("--model", type=Path, default=DEFAULT_MODEL, metavar="FILE", help="a .tflite made by python -m convert")
    add("--threads", type=positive, default=1, metavar="N", help=threads)


def load_classifier(options: argparse.Namespace) -> "Classifier":
    """Return the model that the options of `add_model_arguments` name, checked before its first use on this machine.

    Raises:
        ModelError: it cannot be trusted.
    """
    from edge.classifier import Classifier
    from edge.golden import before_first_use

    classifier = Classifier(options.model, options.threads)
    before_first_use(classifier)
    return classifier


def add_examples(parser: argparse.ArgumentParser, *lines: str) -> None:
    """End the help with some uses of the command, as they are written here: a line may take 78 columns."""
    parser.formatter_class = AS_WRITTEN
    parser.epilog = "\n  ".join(["examples:", *lines])
    speak_plainly(parser)


def speak_plainly(parser: argparse.ArgumentParser) -> None:
    """Let a help that cannot be written be an error: argparse's own is silent. And a mistake be one line, like all."""
    parser.print_help = lambda file=None: print(parser.format_help(), end="", file=file)  # type: ignore[method-assign]
    parser.error = partial(_refuse, parser.prog)  # type: ignore[method-assign, assignment]


def _refuse(program: str, message: str) -> None:
    """Raise what argparse complains of, without its names of our functions and without what may be a password."""
    import re

    about = re.fullmatch("argument (.+?): (.*)", message, re.DOTALL)
    thing, wrong = about.groups() if about else ("command line", message)
    wrong = re.sub(r"invalid \w+ value: (.*)", r"\1 is not what it takes", wrong, flags=re.DOTALL)
    wrong = re.sub(r"://(.*@)?\S*", "://...", wrong)  # addresses are cut behind their scheme
    raise InputError(thing, wrong, f"See {program} --help")


def wrapped(text: str | None) -> str:
    """Return the paragraphs of a docstring, for a help that is printed as it is."""
    import textwrap

    return "\n\n".join(textwrap.fill(" ".join(part.split()), 78) for part in (text or "").split("\n\n"))


def show_progress(what: str) -> Callable[[int, int], None]:
    """Return a function that keeps a line of progress on a terminal."""
    import sys

    def show(done: int, total: int) -> None:
        if sys.stderr is not None and sys.stderr.isatty():
            end = "\n" if done >= total else ""
            print(f"\r{what}: {done:,} of {total:,} photos", end=end, file=sys.stderr, flush=True)

    return show


def names(text: str) -> tuple[str, ...]:
    """Parse A,B,... for argparse."""
    return tuple(filter(None, text.split(",")))


def number(kind: Callable[[str], T], low: float, high: float, what: str) -> Callable[[str], T]:
    """Return what parses, for argparse, a number from `low` to `high`, which are `what` in words."""

    def value(text: str) -> T:
        with suppress(ValueError):
            if low <= (found := kind(text)) <= high:
                return found
        raise argparse.ArgumentTypeError(f"{text} is not {what}")

    return value


positive = number(int, 1, inf, "a whole number from 1 on")
seed = number(int, 0, 2**31 - 1, f"a whole number from 0 to {2**31 - 1}")  # which all generators of numbers take
