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

from convert.adapt import PIXEL_RANGES
from convert.budget import Budget
from convert.show import sections, thumbnails
from edge import __version__
from edge.cli import report_errors
from edge.commands import add_examples, positive, seed, wrapped
from edge.errors import EXIT_FAILED, EXIT_OK, CatdogError, InputError, printable, tell
from edge.files import check_target, replacing
from edge.judged import Part, Row, check_labels, choose, only
from edge.labelled import Labelled, list_photos, parse_renames
from edge.record import written_command
from edge.report import as_text, save


def main(argv: list[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's) and return its exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    arguments = sys.argv[1:] if argv is None else argv

    def work() -> int:
        parser = make_parser()
        options = parser.parse_args(_joined(arguments))
        if not (options.check or options.calibration):
            parser.error("the following arguments are required: --calibration")
        options.command_line = written_command("python", "-m", "convert", *arguments)
        return (_check if options.check else _main)(options)

    return report_errors("convert", work)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m convert", description=wrapped(__doc__))
    add_examples(
        parser,
        "python -m convert models/origin.keras --calibration photos/",
        "python -m convert own.keras --labels cat,dog --pixel-range 0..1 \\",
        "    --calibration photos/ --html certificate.html",
        "python -m convert models/origin.keras --check",
    )
    parser.add_argument("model", type=Path, metavar="MODEL.keras", help="a Keras image classifier")
    parser.add_argument(
        "--calibration",
        type=Path,
        nargs="+",
        metavar="DATA",
        help="class folders; int8 takes its ranges from training photos among them",
    )
    parser.add_argument(
        "--photos", type=Path, nargs="+", metavar="DATA", help="to measure with (the test photos of DATA)"
    )
    parser.add_argument("--label", action="append", default=[], metavar="FOLDER=LABEL", help="as the trainer's")
    parser.add_argument(
        "--labels", default="", metavar="A,B,...", help="names of the outputs, where no record has them"
    )
    parser.add_argument(
        "--pixel-range",
        choices=PIXEL_RANGES,
        help="what the input takes, where the model has no Rescaling layer that shows it",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the files go (beside the model)")
    parser.add_argument("--count", type=positive, default=200, metavar="N", help="photos to calibrate with (200)")
    parser.add_argument("--seed", type=seed, default=1, metavar="N", help="of their choice (1)")
    parser.add_argument(
        "--max-drop",
        type=_percent,
        default=Budget().max_drop_points,
        metavar="POINTS",
        help="of accuracy that a variant may lose, rounded up to whole photos (%(default)s)",
    )
    parser.add_argument(
        "--min-agreement",
        type=_percent,
        default=Budget().min_agreement_percent,
        metavar="PERCENT",
        help="of photos that must get Keras' answer, rounded likewise (%(default)s)",
    )
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="write the certificate as a page, with flipped photos"
    )
    parser.add_argument(
        "--no-photos", dest="show_photos", action="store_false", help="leave them out, so that it can be shown"
    )
    parser.add_argument(
        "--check", action="store_true", help="convert nothing: say whether the .tflite files are of this very model"
    )
    return parser


def _joined(arguments: Sequence[str]) -> list[str]:
    """Join `--pixel-range -1..1` by an equals sign: argparse would take -1..1 for an option."""
    joined: list[str] = []
    for word in arguments:
        if joined and joined[-1] == "--pixel-range":
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _percent(text: str) -> float:
    """Parse a number from 0 to 100 for argparse."""
    number = float(text)
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 100")
    return number


def _check(options: argparse.Namespace) -> int:
    """Say that the variants of a model are up to date; raise InputError for one that is stale."""
    from edge.contract import read_model, unseal
    from edge.record import check_fresh, identify

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
    from convert import calibration
    from convert.load import load

    out = options.out or options.model.parent
    for target in filter(None, (out / f"{options.model.stem}.md", options.html)):
        check_target(target)
    parent = load(options.model, tuple(filter(None, options.labels.split(","))), options.pixel_range)
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
        return _convert(options, parent, chosen, judged, Path(folder))


def _convert(options: argparse.Namespace, parent: Any, chosen: Any, judged: list[Part], folder: Path) -> int:
    """Make and judge the variants in `folder`; put them where they belong if they are good enough."""
    from convert.certify import compare, measure, sample
    from convert.mixed import convert_mixed
    from convert.sealing import Origin, contract, write
    from convert.variants import VARIANTS, convert

    origin = Origin(parent, chosen, options.seed, options.calibration)
    photos = sample(parent, judged, _report)
    made = {
        variant: write(folder, origin, variant, convert(parent.model, variant, chosen.pictures)) for variant in VARIANTS
    }
    size_bytes = parent.path.stat().st_size
    keras = compare(photos, contract(origin, "keras"), "keras", size_bytes, photos.reference)
    rows = [keras._replace(sha256=parent.digest)]
    rows += [measure(photos, variant, path) for variant, path in made.items()]
    budget, plain = Budget(options.max_drop, options.min_agreement), None
    if budget.misses(rows[-1:]):
        print("plain int8 is over budget: looking for the layers that lose most", flush=True)
        if mixed := convert_mixed(parent.model, chosen.pictures):
            made["int8"] = write(folder, origin, "int8", mixed.content, mixed.float_layers)
            plain, rows[-1] = rows[-1], measure(photos, "int8", made["int8"], mixed.float_layers)
    document = _certificate(options, parent, chosen, photos, rows, plain, budget)
    print(as_text(f"Certificate of {printable(options.model.name)}", sections(document)))
    if document["missed"]:
        _write_page(options, document, rows)
        for line in document["missed"]:
            tell(f"convert: {line}")
        tell("convert: nothing was written")
        return EXIT_FAILED
    _install(options, parent, document, list(made.values()))
    _write_page(options, document, rows)
    return EXIT_OK


def _certificate(
    options: argparse.Namespace, parent: Any, chosen: Any, photos: Any, rows: list[Any], plain: Any, budget: Budget
) -> dict[str, Any]:
    """Return the certificate as JSON-ready data; `plain` is the int8 that a second attempt replaced."""
    return {
        "name": options.model.stem,
        "command": options.command_line,
        "version": __version__,
        "labels": list(parent.labels),
        "fit": parent.fit._asdict(),
        "keras_sha256": parent.digest,
        "photos": rows[0].photos,
        "what": ", ".join(dict.fromkeys(part.split for part in photos.parts)),
        "calibration": {"photos": len(chosen.digests), "seed": options.seed},
        "budget": budget.document(),
        "missed": budget.misses(rows),
        "plain_int8": plain and plain.document(),
        "variants": [row.document() for row in rows],
    }


def _install(options: argparse.Namespace, parent: Any, document: dict[str, Any], made: list[Path]) -> None:
    """Put the files where they belong, certificate and card last: those say that the conversion is complete."""
    from convert.card import card

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


def _write_page(options: argparse.Namespace, document: dict[str, Any], rows: list[Any]) -> None:
    if options.html:
        flips = [flip for row in rows for flip in row.flips]
        pictures = thumbnails(document, flips) if options.show_photos else None
        title = f"Certificate of {printable(options.model.name)}"
        save(options.html, title, sections(document, pictures), options.command_line)


def _held_out(photos: list[Labelled], folders: list[Path]) -> list[Part]:
    """Return the photos to measure with: test, else validation, else every one (and then nothing is held out)."""
    known = {photo.split for photo in photos}
    split = next((name for name in ("test", "val") if name in known), "all")
    parts = [
        Part(
            folder,
            split,
            tuple(
                Row(p.path, p.label, folder) for p in photos if folder in p.path.parents and split in ("all", p.split)
            ),
        )
        for folder in folders
    ]
    return [part for part in parts if part.rows]


def _report(fault: CatdogError) -> None:
    tell(f"convert: skipped {fault}")


if __name__ == "__main__":
    sys.exit(main())
