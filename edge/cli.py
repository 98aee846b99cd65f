"""The `catdog` command: one table of sub-commands, each in a file of its own under `edge/commands/`.

Only the chosen sub-command is imported, so that `catdog --help` answers at once on a slow board.
"""

import argparse
import os
import sys
from collections.abc import Callable
from importlib import import_module

from edge import __version__
from edge.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE, CatdogError

COMMANDS = {
    "run": "watch a camera, a stream, a video or photos and say what is there",
    "classify": "say what photos show",
    "cameras": "list the cameras of this machine",
    "info": "show what a model file says of itself",
    "selftest": "prove that a model file is whole and answers here as it should",
    "bench": "measure how fast, large and right models are on this machine",
}


def main(argv: list[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's) and return its exit status."""
    return report_errors("catdog", lambda: _main(sys.argv[1:] if argv is None else argv))


def _main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="catdog", description="Point a camera at a pet: cat, dog or neither.")
    parser.add_argument("--version", action="version", version=f"catdog-edge {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    command = parser
    for name, purpose in COMMANDS.items():
        row = commands.add_parser(name, help=purpose, description=purpose[0].upper() + purpose[1:] + ".")
        if name == chosen:
            command, module = row, import_module(f"edge.commands.{name}")
            module.add_arguments(command)
            command.set_defaults(main=module.main)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:  # said by the sub-command, whose usage is the one that helps
        command.error(f"unrecognized arguments: {' '.join(unknown)}")
    return int(options.main(options))


def report_errors(program: str, work: Callable[[], int]) -> int:
    """Run `work` and turn what a person can put right into one line and an exit status.

    Shared by `catdog`, `python -m train` and `python -m convert`.
    """
    try:
        status = work()
        if sys.stdout is not None:  # None where the program was started with its output closed
            sys.stdout.flush()
    except CatdogError as fault:
        print(f"{program}: {fault}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of our output, e.g. `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that the interpreter's last flush does not complain
        return EXIT_FAILED
    return status
