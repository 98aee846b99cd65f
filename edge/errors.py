"""The errors that people see, and the exit statuses of every command.

Each error says which thing, what is wrong with it and what to do; a command prints it as one line.
Anything that is not a `CatdogError` is a bug and keeps its traceback.
"""

import os
import sys

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 0, 1, 2, 130
EXITS = {
    EXIT_OK: "the work was done",
    EXIT_FAILED: "the work was done, but something was skipped, lost, wrong or over its budget",
    EXIT_USAGE: "nothing was done: bad arguments or bad input",
    EXIT_INTERRUPTED: "Ctrl-C before there was anything to summarise",
}


class CatdogError(Exception):
    """Something a person can put right.

    Args:
        thing: what the error is about: a path, a camera, an option.
        wrong: what is wrong with it, without a full stop.
        remedy: what to do about it, as an imperative.
    """

    def __init__(self, thing: object, wrong: str, remedy: str) -> None:
        self.thing, self.wrong, self.remedy = printable(thing), wrong, remedy
        super().__init__(f"{self.thing}: {wrong}. {remedy}")


class InputError(CatdogError, ValueError):
    """A photo, a folder or an argument that cannot be used."""


class ModelError(CatdogError, ValueError):
    """A model file that cannot be trusted or does not fit."""


class SourceError(CatdogError, OSError):
    """A camera, a stream or a file that gives no frames."""


def printable(thing: object) -> str:
    """Return `thing` as text that any terminal can show on one line: no control character, no lone surrogate."""
    text = os.fspath(thing) if isinstance(thing, os.PathLike) else str(thing)
    if text.isprintable():
        return text
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return shown.encode("utf-8", "backslashreplace").decode("utf-8")


def first_line(fault: object) -> str:
    """Return what a library says of a fault, of which the first line tells enough."""
    return printable((str(fault).strip() or type(fault).__name__).splitlines()[0][:200])


def columns_of(text: str) -> int:
    """Return how many columns a text takes in a terminal: 2 for an East Asian wide character, 0 for a combining one."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def can_show(text: str, encoding: str | None) -> bool:
    """True where an encoding has all letters of a text."""
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def tell(line: str) -> None:
    """Print a line on standard error. Where that is closed or full there is nobody to tell, which is no fault."""
    if sys.stderr is not None:  # print() would take standard output instead
        try:
            print(line, file=sys.stderr, flush=True)
        except OSError:
            sys.stderr = None  # or Python 3.13 would try again at its end, and exit with a status of its own
