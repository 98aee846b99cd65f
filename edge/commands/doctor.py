"""`catdog doctor`: is everything on this machine as it should be, and if not, what to do?"""

import argparse
import json

from edge import doctor
from edge.board import Machine
from edge.commands import add_examples
from edge.doctor.finding import FAULT, GOOD, NOTE, Finding
from edge.errors import EXIT_FAILED, EXIT_OK, printable

_MARKS = {GOOD: "ok", NOTE: "note", FAULT: "FAULT"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_examples(parser, "catdog doctor", "catdog doctor --json")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def main(options: argparse.Namespace) -> int:
    """Print a line for each check, and below it what to do. Status 1 when there is a fault."""
    found = doctor.examine(Machine())
    for name, finding in found:
        print(json.dumps({"check": name, **finding._asdict()}) if options.json else as_text(name, finding))
    return EXIT_FAILED if any(finding.state == FAULT for _, finding in found) else EXIT_OK


def as_text(name: str, finding: Finding) -> str:
    """Return a finding as a line, or as two."""
    line = f"{_MARKS[finding.state]:<5}  {name:<12} {printable(finding.words)}"
    return f"{line}\n{'':7}{'-> ':>13}{finding.fix}" if finding.fix else line
