"""`python -m train DATA...` trains a network; `python -m train COMMAND --help` shows the other tools."""

import argparse
import os
import sys
from importlib import import_module

from edge.cli import report_errors
from edge.commands import wrapped
from edge.record import written_command

COMMANDS = {
    "doctor": "find photos that spoil a data set",
    "evaluate": "measure a model on labelled photos",
    "explain": "show what a network sees in a photo",
}


def main(argv: list[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's) and return its exit status."""
    arguments = sys.argv[1:] if argv is None else argv
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's start-up notes help nobody here
    command = arguments[0] if arguments and arguments[0] in COMMANDS else "run"
    words = arguments if command == "run" else arguments[1:]

    def work() -> int:
        options = parser_of(command).parse_args(words)
        options.command_line = written_command("python", "-m", "train", *arguments)
        return int(import_module(f"train.{command}").main(options))

    return report_errors("train", work)


def parser_of(command: str) -> argparse.ArgumentParser:
    """Return the parser of one of COMMANDS, or of "run", the trainer itself."""
    module = import_module(f"train.{command}")
    about, name = wrapped(module.__doc__), "python -m train"
    if command == "run":
        about += "\n\nother commands:\n" + "\n".join(f"  {word:<9} {purpose}" for word, purpose in COMMANDS.items())
    else:
        name += f" {command}"
    parser = argparse.ArgumentParser(prog=name, description=about)
    module.add_arguments(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
