"""`catdog bench MODEL...`: how fast, large and right models are on this machine."""

import argparse
import sys
from pathlib import Path
from typing import Any

from edge.commands import LABEL, add_examples, number, positive
from edge.errors import EXIT_FAILED, EXIT_OK, InputError, tell
from edge.files import check_target, write_document
from edge.record import written_command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_examples(
        parser,
        "catdog bench models/*.int8.tflite --quick",
        "catdog bench a.tflite b.tflite --data photos --html bench.html",
        "catdog bench --compare before.json after.json",
    )
    add, amount = parser.add_argument, number(float, 0, 999_999_999, "a number from 0 on")
    add("models", nargs="*", type=Path, metavar="MODEL", help=".tflite files; ratios are against the first one")
    add("--data", action="append", default=[], type=Path, metavar="DIR", help="class folders of photos: accuracy, too")
    add("--label", **LABEL)
    add("--threads", metavar="N,N", help="thread counts to try, the first one for all else (1,2,4, as cores allow)")
    add("--seconds", type=amount, metavar="S", help="time limit of the main rounds, else there are 1,024 (60)")
    add("--quick", action="store_true", help="a short run, to see that all works; the report says so")
    add("--strict", action="store_true", help="status 1 when something disturbed the run")
    add("--json", "--save", type=Path, metavar="FILE", help="write all figures as data: docs/boards/NAME.json")
    add("--html", type=Path, metavar="FILE", help="write a page with plots")
    add("--budget-ms", type=amount, metavar="MS", help="name the model to ship: its p95 must not be above this")
    add("--max-drop", type=amount, metavar="POINTS", help="... its accuracy not further below the best one's (1)")
    add("--compare", nargs=2, type=Path, metavar=("OLD", "NEW"), help="say what changed between two --json files")
    earlier = "hold it against an earlier run, NAME.json in docs/boards or a file: status 1"
    add("--against", metavar="NAME", help=earlier)
    add("--tolerance", type=amount, metavar="PERCENT", help="... if a figure became worse by more than this (10)")
    add("--energy", type=Path, metavar="FILE", help="a meter's file of time,watts lines (seconds since 1970)")


def main(options: argparse.Namespace) -> int:
    """Measure, and say and write what was found. Status 1: over budget or tolerance, photos skipped, or --strict
    and disturbed.
    """
    if options.compare:
        return _compare(*options.compare)
    from edge.bench import compare
    from edge.bench.machine import facts
    from edge.bench.measure import Wishes, bench, names
    from edge.board import Machine
    from edge.labelled import parse_renames

    if options.tolerance is not None and options.against is None:
        raise InputError("--tolerance", "is given without --against", "Name what to hold the run against")

    threads = _threads(options.threads)
    renames = parse_renames(options.label)
    for path in filter(None, (options.json, options.html)):
        check_target(path)
    earlier = compare.reference(options.against, names(options.models), facts(Machine())) if options.against else None
    wishes = Wishes(
        *(options.models, options.data, renames, threads, options.seconds, options.quick),
        *(options.budget_ms, options.max_drop, options.energy, written_command("catdog", *sys.argv[1:])),
    )
    document = bench(wishes, _say)
    _write(options, document)
    for fault in document["skipped"]:
        tell(f"catdog: skipped {fault['file']}: {fault['wrong']}")
    nothing = document["ship"] is not None and document["ship"]["model"] is None
    worse = earlier is not None and not _holds(earlier, document, options.tolerance)
    failed = nothing or worse or document["skipped"] or (options.strict and document["disturbed"])
    return EXIT_FAILED if failed else EXIT_OK


def _threads(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [positive(part) for part in text.split(",")]
    except (ValueError, argparse.ArgumentTypeError):
        raise InputError(f"--threads {text}", "is no list of whole numbers", "Write for instance 1,2,4") from None


def _say(words: str) -> None:
    if sys.stderr is not None and sys.stderr.isatty():
        print(f"catdog: {words} ...", file=sys.stderr)


def _write(options: argparse.Namespace, document: dict[str, Any]) -> None:
    from edge.bench import show
    from edge.report import as_text, save

    if options.json:
        write_document(options.json, document)
    if options.html:
        save(options.html, show.title(document), show.sections(document, page=True), document["command"])
    print(as_text(show.title(document), show.sections(document), show.WIDTH))


def _holds(earlier: dict[str, Any], document: dict[str, Any], percent: float | None) -> bool:
    """Say what changed since an earlier run; return whether nothing became worse beyond the tolerance."""
    from edge.bench import compare, show
    from edge.report import as_text

    tolerance = compare.TOLERANCE if percent is None else percent / 100
    changes = compare.changes(earlier, document)
    worse = sum(change.loss > tolerance for change in changes)
    sections = show.changes_as_sections(changes, compare.notes(earlier, document))
    sections.append(show.within(worse, tolerance))
    print(as_text(f"Against {earlier['started'][:10]}", sections, show.WIDTH))
    return not worse


def _compare(old: Path, new: Path) -> int:
    from edge.bench import compare, show
    from edge.report import as_text

    before, after = compare.read(old), compare.read(new)
    sections = show.changes_as_sections(compare.changes(before, after), compare.notes(before, after))
    print(as_text("What changed", sections, show.WIDTH))
    return EXIT_OK
