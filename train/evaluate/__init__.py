"""Measure a model on labelled photos: how often it is right, on which classes, how sure, and in bad light.

MODEL is NAME.keras with its record NAME.json, or a sealed .tflite file. Each DATA is a folder of class folders, or of
splits; of a folder that has test photos these are measured, of any other all. Nothing is changed.
"""

import argparse
import time
from pathlib import Path
from typing import Any

from edge import __version__, judged
from edge.commands import LABEL, add_examples, names, positive, seed, show_progress
from edge.errors import EXIT_FAILED, EXIT_OK, InputError
from edge.evaluate import show
from edge.evaluate.figures import figures, model_document
from edge.files import write_document
from edge.labelled import parse_renames
from edge.report import as_text, save
from train.evaluate import model as models
from train.evaluate import show_damage
from train.evaluate.damage import examples, robustness, sample
from train.evaluate.measure import Answers, measure
from train.samples import report_skipped


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the evaluation's arguments."""
    add_examples(
        parser,
        "python -m train evaluate models/origin.keras photos/",
        "python -m train evaluate mine.int8.tflite photos/ --html report.html --quick",
    )
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL", help="NAME.keras with its record, or NAME.tflite")
    add("data", nargs="+", type=Path, metavar="DATA", help="folder of class folders, or of splits")
    add("--label", **LABEL)
    add("--classes", type=names, default=(), metavar="A,B,...", help="measure photos of these alone (all)")
    add("--split", choices=judged.SPLITS, help="which photos (test where a folder has some, else all)")
    add("--html", type=Path, metavar="FILE", help="write a page with plots and the worst mistakes")
    add("--no-photos", dest="photos", action="store_false", help="leave them out of the page, so that it can be shown")
    add("--json", type=Path, metavar="FILE", help="write all figures as data")
    add("--quick", action="store_true", help="skip the robustness table, which takes most of the time")
    add("--robust-photos", type=positive, default=400, metavar="N", help="photos for the robustness table (400)")
    add("--fallback", metavar="LABEL", help="class that means none of the others, where the model does not say")
    add("--seed", type=seed, default=1, metavar="N", help="of the sample and of the damage done (1)")
    add("--threads", type=positive, default=1, metavar="N", help="of one .tflite inference (1)")


def main(options: argparse.Namespace) -> int:
    """Measure, and say and write what was found. Status 1 when photos had to be skipped."""
    started = time.perf_counter()
    model = models.load(options.model, options.threads, options.fallback)
    parts = _chosen(options, model)
    rows = [row for part in parts for row in part.rows]
    judged.check_labels(rows, model.contract.labels)
    sampled = [] if options.quick else sample(rows, options.robust_photos, options.seed)
    answers = measure(model, rows, sampled, options.seed, show_progress("measuring"))
    report_skipped(answers.skipped)
    document = {
        "command": options.command_line,
        "version": __version__,
        "model": model_document(model.path, model.bytes, model.digest, model.contract),
        "seconds": round(time.perf_counter() - started, 1),
        "skipped": [{"file": fault.thing, "wrong": fault.wrong} for fault in answers.skipped],
        **figures(answers.rows, answers.probabilities, parts, model.contract, options.seed),
        "robustness": robustness(answers, model.contract, options.seed),
    }
    _write(options, document, model, answers)
    return EXIT_FAILED if answers.skipped else EXIT_OK


def _chosen(options: argparse.Namespace, model: models.Model) -> list[judged.Part]:
    parts = judged.choose(options.data, model.renames, parse_renames(options.label), options.split)
    if kept := judged.only(parts, options.classes):
        return kept
    asked = ",".join(options.classes)
    raise InputError(f"--classes {asked}", "leaves no photo to measure", "Name classes that DATA shows")


def _write(options: argparse.Namespace, document: dict[str, Any], model: models.Model, answers: Answers) -> None:
    title = show.title(options.model, options.data)
    print(as_text(title, show_damage.sections(document)))
    if options.json:
        write_document(options.json, document)
    if options.html:
        mistakes = show.thumbnails(document["mistakes"], options.photos)
        damaged = examples(answers, model.contract, options.seed) if options.photos else {}
        save(options.html, title, show_damage.sections(document, mistakes, damaged), options.command_line)
