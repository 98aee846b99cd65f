"""The `catdog` command: one table of sub-commands, each in a file of its own under `edge/commands/`.

Only the chosen sub-command is imported, and argparse only with it, so that `catdog --help` answers at once on a slow
board.
"""

import errno
import gc
import io
import os
import sys
from collections.abc import Callable
from importlib import import_module

from edge import __version__
from edge.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, CatdogError, InputError, tell

TYPE_CHECKING = False  # typing's own would cost its import
if TYPE_CHECKING:
    from argparse import ArgumentParser

_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO)  # what a full or broken disk says
COMMANDS = {
    "run": "watch a camera, a stream, a video or photos and say what is there",
    "classify": "say what photos show",
    "eval": "say how often a model is right on labelled photos, and show where it is wrong",
    "review": "sort photos that were kept for the next training",
    "cameras": "list the cameras of this machine",
    "info": "show what a model file says of itself",
    "selftest": "prove that a model file is whole and answers here as it should",
    "doctor": "look over this machine, and say how to mend what is wrong with it",
    "bench": "measure how fast, large and right models are on this machine",
}


def main(argv: list[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's) and return its exit status."""
    arguments = sys.argv[1:] if argv is None else argv
    # A run has other outputs, and says itself where it has none.
    return report_errors("catdog", lambda: _main(arguments), prints=arguments[:1] != ["run"])


def _main(arguments: list[str]) -> int:
    first = arguments[0] if arguments else ""
    if first in ("-h", "--help"):
        print(_help())
        return EXIT_OK
    if first == "--version":
        print(f"catdog-edge {__version__}")
        return EXIT_OK
    if first not in COMMANDS:
        wrong = "is no command" if first else "was not given"
        raise InputError(f"COMMAND {first}".strip(), wrong, f"Choose {', '.join(COMMANDS)}; or catdog --help")
    return _run(first, arguments[1:])


def _help() -> str:
    rows = "\n".join(f"  {name:<10} {purpose}" for name, purpose in COMMANDS.items())
    return (
        "usage: catdog COMMAND ...\n\nPoint a camera at a pet: cat, dog or neither.\n\n"
        f"commands:\n{rows}\n\n"
        "options:\n  -h, --help  show this, or after a command its own help, and exit\n"
        "  --version   show the version and exit\n\n"
        "examples:\n  catdog run\n  catdog classify photos/ --json"
    )


def _run(name: str, arguments: list[str]) -> int:
    # The product multiplies no matrices by numpy: threads for that only cost time and memory at every start.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.disable()  # hardly anything that an import makes is garbage: looking for some takes 5 % of the start
    try:
        parser = parser_of(name)
    finally:
        gc.enable()
    try:
        options = parser.parse_args(arguments)
    except UnicodeError:
        raise InputError("@FILE", "is no text", "Give a file of settings, one a line") from None
    return int(import_module(f"edge.commands.{name}").main(options))


def parser_of(name: str) -> "ArgumentParser":
    """Return the parser of one sub-command."""
    import argparse

    from edge.commands import AS_WRITTEN, speak_plainly

    words = COMMANDS[name][0].upper() + COMMANDS[name][1:] + "."
    parser = argparse.ArgumentParser(prog=f"catdog {name}", description=words, formatter_class=AS_WRITTEN)
    speak_plainly(parser)
    import_module(f"edge.commands.{name}").add_arguments(parser)
    return parser


def report_errors(program: str, work: Callable[[], int], prints: bool = True) -> int:
    """Run `work` and turn what a person can put right into one line and an exit status.

    Shared by `catdog`, `python -m train`, `python -m convert` and `python -m edge.deploy`.
    The line begins with `program`. What `prints` its answers is not begun where standard output is closed.
    """
    _mend_streams()
    try:
        if prints and sys.stdout is None:
            raise InputError("standard output", "is closed, so nothing can be shown", "Send it to a file or /dev/null")
        status = _finish(work)
        if sys.stdout is not None:  # None where the program was started with its output closed
            sys.stdout.flush()
    except CatdogError as fault:
        tell(f"{program}: {fault}")
        return EXIT_USAGE
    except KeyboardInterrupt:
        tell(f"{program}: interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of our output, e.g. `head`, has had enough
        _give_up_output()
        return EXIT_FAILED
    except OSError as fault:
        if fault.errno not in _FULL or fault.filename is not None:  # whatever else could not be written says so itself
            raise
        tell(f"{program}: standard output: cannot be written ({fault.strerror}). Free some space, or send it elsewhere")
        _give_up_output()
        return EXIT_FAILED
    return status


def _finish(work: Callable[[], int]) -> int:
    """Return what `work` does, or the number it ends the program with, as argparse does after a help."""
    try:
        return work()
    except SystemExit as end:
        if isinstance(end.code, str):  # the last word of a program that is not ours, which the interpreter prints
            raise
        return end.code or EXIT_OK


def _mend_streams() -> None:
    """Make the best of the streams that this process was started with."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:  # closed: the next file that is opened must not become what native code takes for stderr
            os.open(os.devnull, os.O_RDWR)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name outside the terminal's alphabet is no fault
        sys.stdout.reconfigure(errors="backslashreplace")


def _give_up_output() -> None:
    """Send the rest nowhere, so that the interpreter's last flush does not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
