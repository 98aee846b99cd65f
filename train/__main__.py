"""`python -m train DATA...` trains a network; `python -m train COMMAND --help` shows the other tools."""

import argparse
import os
import sys
from importlib import import_module

from edge.cli import report_errors
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
    module = import_module(f"train.{command}")
    tools = "; other commands: " + ", ".join(f"{name} ({purpose})" for name, purpose in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m train" if command == "run" else f"python -m train {command}",
        description=module.__doc__,
        epilog=tools[2:].capitalize() + "." if command == "run" else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    options = parser.parse_args(arguments if command == "run" else arguments[1:])
    options.command_line = written_command("python", "-m", "train", *arguments)
    return report_errors("train", lambda: module.main(options))


if __name__ == "__main__":
    sys.exit(main())
