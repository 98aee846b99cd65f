"""Convert a Keras image classifier to TFLite, and prove that nothing was lost.

Writes NAME.float32.tflite, NAME.float16.tflite, NAME.dynamic.tflite and NAME.int8.tflite, each with its whole
contract inside, NAME.certificate.json and the card NAME.md. Where int8 loses more than the budget, the layers that
lose it are kept in float; where a variant still does, nothing is written and the exit status is 1.
"""

import argparse
import glob
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from convert import calibration, certify
from convert.budget import Budget
from convert.card import card
from convert.load import Parent, load
from convert.mixed import convert_mixed
from convert.options import add_arguments, joined
from convert.sealing import Origin, contract, write
from convert.show import sections
from convert.variants import VARIANTS, convert
from edge import __version__
from edge.cli import report_errors
from edge.commands import wrapped
from edge.contract import read_model, unseal
from edge.errors import EXIT_FAILED, EXIT_OK, CatdogError, InputError, printable, tell
from edge.files import check_target, replacing
from edge.judged import Part, Row, check_labels, choose, only
from edge.labelled import Labelled, list_photos, parse_renames
from edge.record import check_fresh, identify, written_command
from edge.report import as_text, save


def main(argv: list[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's) and return its exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    arguments = sys.argv[1:] if argv is None else argv

    def work() -> int:
        parser = make_parser()
        options = parser.parse_args(joined(arguments))
        if not (options.check or options.calibration):
            parser.error("the following arguments are required: --calibration")
        options.command_line = written_command("python", "-m", "convert", *arguments)
        return (_check if options.check else _main)(options)

    return report_errors("convert", work)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m convert", description=wrapped(__doc__))
    add_arguments(parser)
    return parser


def _check(options: argparse.Namespace) -> int:
    """Say that the variants of a model are up to date; raise InputError for one that is stale."""
    digest, _ = identify(options.model)
    folder, name = options.out or options.model.parent, options.model.stem
    found = sorted(folder.glob(f"{glob.escape(name)}.*.tflite"))
    if not found:
        raise InputError(options.model, f"has no {name}.*.tflite in {folder}", "Convert it with --calibration DATA")
    for path in found:
        check_fresh(path, options.model, unseal(read_model(path), path).origins.get("keras_sha256"))
    print(f"up to date with {options.model} ({digest[:12]}): {', '.join(path.name for path in found)}")
    return EXIT_OK


def _main(options: argparse.Namespace) -> int:
    out = options.out or options.model.parent
    for target in filter(None, (out / f"{options.model.stem}.md", options.html)):
        check_target(target)
    parent = load(options.model, options.labels, options.pixel_range)
    renames = {**parent.record.get("renames", {}), **parse_renames(options.label)}
    learned = parent.record.get("classes") or ()  # the trainer's --classes: folders of others are left alone
    photos = [photo for photo in list_photos(options.calibration, renames) if not learned or photo.label in learned]
    check_labels(photos, parent.labels)
    chosen = calibration.choose(photos, parent.fit, options.count, options.seed)
    for fault in chosen.skipped:
        _report(fault)
    judged = choose(options.photos, renames, {}, None) if options.photos else _held_out(photos, options.calibration)
    judged = only(judged, learned)
    check_labels([row for part in judged for row in part.rows], parent.labels)
    with tempfile.TemporaryDirectory(prefix="catdog-") as folder:
        return _convert(options, Origin(parent, chosen, options.seed, options.calibration), judged, Path(folder))


def _convert(options: argparse.Namespace, origin: Origin, judged: Sequence[Part], folder: Path) -> int:
    """Make and judge the variants in `folder`; put them where they belong if they are good enough."""
    model, pictures = origin.parent.model, origin.chosen.pictures
    photos = certify.sample(origin.parent, judged, _report)
    made = {variant: write(folder, origin, variant, convert(model, variant, pictures)) for variant in VARIANTS}
    rows = [certify.compare(photos, contract(origin, "keras"), origin.parent.path, photos.reference)]
    rows += [certify.measure(photos, path) for path in made.values()]
    budget = Budget(options.max_drop, options.min_agreement)
    plain: certify.Measured | None = None
    if budget.misses(rows[-1:]):
        print("plain int8 is over budget: looking for the layers that lose most", flush=True)
        if mixed := convert_mixed(model, pictures):
            made["int8"] = write(folder, origin, "int8", mixed.content, mixed.float_layers)
            plain, rows[-1] = rows[-1], certify.measure(photos, made["int8"])
    document = _certificate(options, origin, photos, rows, plain, budget)
    print(as_text(_title(options), sections(document)))
    if document["missed"]:
        for line in (*document["missed"], "nothing was written"):
            tell(f"convert: {line}")
    else:
        _install(options, origin.parent, document, list(made.values()))
    if options.html:
        flips = [flip for row in rows for flip in row.flips] if options.show_photos else []
        save(options.html, _title(options), sections(document, flips), options.command_line)
    return EXIT_FAILED if document["missed"] else EXIT_OK


def _certificate(
    options: argparse.Namespace,
    origin: Origin,
    photos: certify.Sample,
    rows: Sequence[certify.Measured],
    plain: certify.Measured | None,
    budget: Budget,
) -> dict[str, Any]:
    """Return the certificate as JSON-ready data; `plain` is the int8 that a second attempt replaced."""
    parent = origin.parent
    return {
        "name": options.model.stem,
        "command": options.command_line,
        "version": __version__,
        "labels": list(parent.labels),
        "fit": parent.fit._asdict(),
        "keras_sha256": parent.digest,
        "photos": rows[0].photos,
        "what": ", ".join(dict.fromkeys(part.split for part in photos.parts)),
        "calibration": {"photos": len(origin.chosen.digests), "seed": origin.seed},
        "budget": budget._asdict(),
        "missed": budget.misses(rows),
        "plain_int8": plain and plain.document(),
        "variants": [row.document() for row in rows],
    }


def _install(options: argparse.Namespace, parent: Parent, document: dict[str, Any], made: Sequence[Path]) -> None:
    """Put the files where they belong, certificate and card last: those say that the conversion is complete."""
    name, out = options.model.stem, options.out or options.model.parent
    files = {
        f"{name}.md": card(name, parent.record, document).encode(),
        f"{name}.certificate.json": json.dumps(document, indent=1).encode() + b"\n",
        **{path.name: path.read_bytes() for path in made},
    }
    with ExitStack() as all_or_none:  # a disk that fills up on the way leaves the former files; put in place backwards
        for file, content in files.items():
            all_or_none.enter_context(replacing(out / file)).write_bytes(content)
    print(f"\nwritten to {out}: {', '.join(path.name for path in made)}")


def _title(options: argparse.Namespace) -> str:
    return f"Certificate of {printable(options.model.name)}"


def _held_out(photos: Sequence[Labelled], folders: Sequence[Path]) -> list[Part]:
    """Return the photos to measure with: test, else validation, else every one (and then nothing is held out)."""
    known = {photo.split for photo in photos}
    split = next((name for name in ("test", "val") if name in known), "all")
    rows = [photo for photo in photos if split in ("all", photo.split)]
    parts = [
        Part(folder, split, tuple(Row(row.path, row.label, folder) for row in rows if folder in row.path.parents))
        for folder in folders
    ]
    return [part for part in parts if part.rows]


def _report(fault: CatdogError) -> None:
    tell(f"convert: skipped {fault}")


if __name__ == "__main__":
    sys.exit(main())
