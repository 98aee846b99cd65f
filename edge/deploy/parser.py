"""The command line of python -m edge.deploy: its verbs, each with a line of purpose and its own options."""

import argparse
from pathlib import Path

from edge.classifier import DEFAULT_MODEL
from edge.commands import add_examples, number, positive

VERBS = {
    "push": "make boards run this release and this model, or leave them as they were",
    "status": "say what boards are, what they run, and how that does",
    "logs": "show the last lines of the service",
    "rollback": "go back to the release from before",
    "selftest": "ask the model its golden pictures on the board",
    "doctor": "let the board's own doctor look it over",
    "bench": "measure the model on the board",
    "pull": "bring home the photos that boards have kept for the next training",
    "set": "change settings of the service",
    "uninstall": "take everything away",
}

_EXAMPLES = {
    "push": ("pi@raspberrypi.local", "pi@raspberrypi.local --model mine.int8.tflite"),
    "status": ("pi@raspberrypi.local", "--inventory boards.txt"),
    "logs": ("pi@raspberrypi.local", "pi@raspberrypi.local --lines 200"),
    "rollback": ("pi@raspberrypi.local", "pi@raspberrypi.local --model"),
    "selftest": ("pi@raspberrypi.local", "--inventory boards.txt"),
    "doctor": ("pi@raspberrypi.local", "--inventory boards.txt"),
    "bench": ("pi@raspberrypi.local", "pi@raspberrypi.local --patience 3"),
    "pull": ("pi@raspberrypi.local --to photos", "--inventory boards.txt --to photos"),
    "set": ("pi@raspberrypi.local max-fps=5 when-moving=yes", "pi@raspberrypi.local source=0 max-fps="),
    "uninstall": ("pi@raspberrypi.local --keep-data", "pi@raspberrypi.local"),
}

_times = number(float, 0.1, 1000, "a number from 0.1 to 1000")


def make() -> argparse.ArgumentParser:
    """Return it, to parse words with."""
    about = "Put catdog on boards, and look after it there."
    parser = argparse.ArgumentParser(prog="python -m edge.deploy", description=about)
    add_examples(parser, "python -m edge.deploy push pi@raspberrypi.local", "python -m edge.deploy push --help")
    rows = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, purpose in VERBS.items():
        row = rows.add_parser(verb, help=purpose, description=purpose[0].upper() + purpose[1:] + ".")
        add_examples(row, *(f"python -m edge.deploy {verb} {words}" for words in _EXAMPLES[verb]))
        metavar, what = ("HOST", "a board: USER@HOST:PORT") if verb != "set" else ("WORD", "boards, and NAME=VALUE")
        add = row.add_argument
        add("words", nargs="*", metavar=metavar, help=what)
        add("--inventory", type=Path, metavar="FILE", help="a board on each line: USER@HOST:PORT [source=WORD]")
        add("--jobs", type=positive, default=20, metavar="N", help="so many boards at once (20)")
        add("--ask-sudo-password", action="store_true", help="ask once for the password of sudo")
        add("--ssh-config", type=Path, metavar="FILE", help="instead of ~/.ssh/config")
        add("--patience", type=_times, default=1, metavar="N", help="wait so many times longer for slow boards (1)")
        add("--key", type=Path, metavar="FILE", help="the ssh key to log in with")
        _special(verb, row)
    return parser


def _special(verb: str, row: argparse.ArgumentParser) -> None:
    add = row.add_argument
    if verb == "push":
        add("--model", type=Path, default=DEFAULT_MODEL, metavar="FILE", help="a .tflite made by python -m convert")
        add("--source", default="", metavar="SOURCE", help="what to watch (the first camera, else the demo)")
        add("--offline", action="store_true", help="ask no index: take wheels from the cache")
        add("--wheel", type=Path, metavar="FILE", help="the program's wheel (built from the checkout)")
        add("--older", action="store_true", help="push a model that is older than the board's")
        add("--adopt", action="store_true", help="push to a board that another workstation has set up")
        add("--dry-run", action="store_true", help="say what would be done, step by step; change nothing")
    elif verb == "logs":
        add("--lines", type=positive, default=30, metavar="N", help="how many (30)")
    elif verb == "pull":
        add("--to", type=Path, required=True, metavar="FOLDER", help="where to")
    elif verb == "rollback":
        what = "the model, not the release"
        add("--model", dest="what", action="store_const", const="model", default="release", help=what)
    elif verb == "uninstall":
        add("--keep-data", action="store_true", help="leave models, settings and what the service has kept")
