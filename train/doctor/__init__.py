"""Find photos that spoil a data set: unreadable, doubled, leaking between splits, of the wrong class, or no photos.

DATA is what python -m train takes. Nothing in it is changed: the findings go to the terminal, to an exclusion list
that you can edit and training honours (--exclusions), and on request to JSON and to an HTML page with the photos.
"""

import argparse
import os
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge.commands import LABEL, add_examples, positive, show_progress
from edge.errors import EXIT_OK
from edge.files import write_document
from edge.labelled import list_photos, parse_renames
from edge.report import as_text, save
from train import similar
from train.dataset import JUDGES
from train.doctor import features, findings, show, suspects
from train.doctor.scan import Photo, scan_photos
from train.exclusions import add_exclusions

TITLE = "Data set doctor"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the doctor's arguments."""
    add_examples(
        parser,
        "python -m train doctor photos/ --html doctor.html",
        "python -m train doctor photos/ --exclusions exclusions.txt",
    )
    add = parser.add_argument
    add("data", nargs="+", type=Path, metavar="DATA", help="folder of class folders, or of splits")
    add("--label", **LABEL)
    add("--exclusions", type=Path, metavar="FILE", help="add what should be left out to this list")
    add("--html", type=Path, metavar="FILE", help="write a page with the photos")
    add("--json", type=Path, metavar="FILE", help="write everything as data")
    add(
        "--network",
        default="auto",
        metavar="NAME",
        help="what judges the photos: mobilenet, a .keras classifier, simple (gradients and colours: easy data sets "
        "only) or none; auto is mobilenet where its weights can be had, else simple",
    )
    add("--weights", type=Path, metavar="FILE", help="MobileNetV2 ImageNet weights, where they cannot be downloaded")
    add("--cache", type=Path, default=Path(".cache/doctor"), metavar="DIR", help="of what was seen")
    add("--workers", type=positive, default=os.cpu_count(), metavar="N", help="decoding threads (the cores)")


def main(options: argparse.Namespace) -> int:
    """Examine the data set, and say and write what was found."""
    started = time.perf_counter()
    rows = list_photos(options.data, parse_renames(options.label))
    chosen, note = (None, "No network: photos of the wrong class were not looked for.")
    if options.network != "none":
        chosen, note = features.choose(options.network, options.weights)
    photos = scan_photos(rows, chosen, options.cache, options.workers)
    found, accuracy = examine(photos)
    judge = {"name": chosen.name if chosen else "none", "note": note, "accuracy": accuracy}
    data = show.as_data(found, _counts(photos), judge)
    data["seconds"] = round(time.perf_counter() - started, 1)
    _write(options, data, found)
    return EXIT_OK


def examine(photos: Sequence[Photo]) -> tuple[list[findings.Finding], float | None]:
    """Return all findings, arranged, and how often the classifier is right (None where there is none)."""
    seen: dict[str, Photo] = {}
    for photo in photos:
        if photo.scan.fingerprint is not None:
            # Of exact copies the one that judges stands for all, as in training.
            copies = (seen.get(photo.digest, photo), photo)
            seen[photo.digest] = min(copies, key=lambda copy: JUDGES.index(copy.split))
    unique = list(seen.values())
    prints = np.array([photo.scan.fingerprint for photo in unique], np.uint8).reshape(-1, similar.SIDE, similar.SIDE, 3)
    pairs = similar.pairs(prints, show_progress("comparing"))
    suspicious, accuracy = _judge(unique, similar.join(len(unique), pairs))
    found = [
        *(found for photo in photos for found in findings.of_file(photo)),
        *findings.of_drawings(photos),
        *findings.of_copies(photos),
        *findings.of_pairs(unique, pairs),
        *suspicious,
        *findings.of_folders(photos),
    ]
    return findings.arrange(found), accuracy


def _judge(photos: Sequence[Photo], groups: np.ndarray[Any, Any]) -> tuple[list[findings.Finding], float | None]:
    """Return what the classifier has against photos of classes that the training split has two of or more."""
    counts = Counter(photo.label for photo in photos if photo.split == "train")
    labels = sorted(label for label, count in counts.items() if count > 1)
    kept = [i for i, photo in enumerate(photos) if photo.label in labels]
    vectors = [photos[i].scan.vector for i in kept]
    if len(labels) < 2 or any(vector is None for vector in vectors):
        return [], None
    judged = suspects.judge(
        np.array(vectors, np.float32),
        np.array([labels.index(photos[i].label) for i in kept]),
        groups[kept],
        np.array([photos[i].split == "train" for i in kept]),
        show_progress("judging"),
    )
    return list(findings.of_judgement([photos[i] for i in kept], judged, labels)), round(judged.accuracy, 4)


def _counts(photos: Sequence[Photo]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for photo in photos:
        counts[photo.split][photo.label] += 1
    return {split: counts[split] for split in ("train", "val", "test") if split in counts}


def _write(options: argparse.Namespace, data: dict[str, Any], found: Sequence[findings.Finding]) -> None:
    print(as_text(TITLE, show.summary(data, found)))
    if options.json:
        write_document(options.json, data)
    if options.html:
        save(options.html, TITLE, show.sections(data, found), f"{options.command_line}, {data['seconds']:.0f} s")
    if options.exclusions:
        added = add_exclusions(options.exclusions, *show.exclusions(found))
        print(f"\n{added} lines added to {options.exclusions}: look at them, then train with --exclusions")
