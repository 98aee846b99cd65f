"""The command line as a whole: help at once, faults in its own words."""

import subprocess
import sys

from edge import __version__
from edge.cli import COMMANDS
from tests.conftest import ROOT, Command, one_line


def test_help_lists_every_command(command: Command) -> None:
    shown = command("edge", "--help").stdout
    assert all(name in shown for name in COMMANDS)
    assert command("edge", "--version").stdout.strip() == f"catdog-edge {__version__}"


def test_an_unknown_option_shows_the_usage_of_its_command(command: Command) -> None:
    done = command("edge", "run", "--nonsense", expect=2)
    assert done.stderr.startswith("usage: catdog run")
    assert "--nonsense" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_command_and_an_unknown_one_are_usage_errors(command: Command) -> None:
    assert one_line(command("edge", expect=2)).startswith("catdog: COMMAND: was not given. Choose run, classify, ")
    assert one_line(command("edge", "purr", expect=2)).startswith("catdog: COMMAND purr: is no command. Choose run")


def test_a_closed_output_is_no_crash() -> None:
    words = f"{sys.executable} -m edge info >&-"
    done = subprocess.run(words, shell=True, capture_output=True, text=True, cwd=ROOT, check=False)  # noqa: S602
    assert "Traceback" not in done.stderr
