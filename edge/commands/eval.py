"""`catdog eval DATA...`: how often a model is right on one's own labelled photos, and where it is wrong."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from edge.commands import LABEL, add_examples, add_model_arguments, load_classifier, show_progress
from edge.errors import EXIT_FAILED, EXIT_OK, tell
from edge.files import check_target, write_document
from edge.record import file_digest, refuse_stale, written_command

_SEED = 1  # of the calibration error that is mere chance; nothing else is drawn


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_examples(
        parser,
        "catdog eval photos          what catdog run --keep photos has kept, sorted",
        "catdog eval photos --label cats=cat --html report.html",
    )
    add = parser.add_argument
    add("data", nargs="+", type=Path, metavar="DATA", help="folder of class folders, or of splits of them")
    add("--label", **LABEL)
    add("--json", type=Path, metavar="FILE", help="write all figures as data")
    add("--html", type=Path, metavar="FILE", help="write a page with plots and the worst mistakes, photos and all")
    add_model_arguments(parser)


def main(options: argparse.Namespace) -> int:
    """Measure, and say and write what was found. Status 1 when photos had to be skipped."""
    from edge import __version__, judged
    from edge.evaluate.answers import ask
    from edge.evaluate.figures import figures, model_document
    from edge.labelled import parse_renames

    started = time.perf_counter()
    for path in filter(None, (options.json, options.html)):
        check_target(path)
    classifier = load_classifier(options)
    contract, path = classifier.contract, classifier.path
    refuse_stale(path, contract.name, contract.origins)
    parts = judged.choose(options.data, {}, parse_renames(options.label), None)
    rows = [row for part in parts for row in part.rows]
    judged.check_labels(rows, contract.labels)
    answers = ask(classifier, rows, show_progress("measuring"))
    for fault in answers.skipped:
        tell(f"catdog: skipped {fault}")
    document = {
        "command": written_command("catdog", *sys.argv[1:]),
        "version": __version__,
        "model": model_document(path, len(classifier.content), file_digest(path), contract),
        "seconds": round(time.perf_counter() - started, 1),
        "skipped": [{"file": fault.thing, "wrong": fault.wrong} for fault in answers.skipped],
        **figures(answers.rows, answers.probabilities, parts, contract, _SEED),
    }
    _write(options, document)
    return EXIT_FAILED if answers.skipped else EXIT_OK


def _write(options: argparse.Namespace, document: dict[str, Any]) -> None:
    from edge.evaluate import show
    from edge.report import as_text, save

    title = show.title(options.model, options.data)
    print(as_text(title, show.sections(document)))
    if options.json:
        write_document(options.json, document)
    if options.html:
        save(options.html, title, show.sections(document, show.thumbnails(document["mistakes"])), document["command"])
