"""Convert a Keras image classifier to TFLite, and prove that nothing was lost.

Writes NAME.float32.tflite, NAME.float16.tflite, NAME.dynamic.tflite and NAME.int8.tflite, each with its whole
contract inside, NAME.certificate.json and the card NAME.md. Where int8 loses more than the budget, nothing is
written and the exit status is 1.
"""

import argparse
import json
import os
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Any

from edge import __version__
from edge.cli import report_errors
from edge.commands import positive
from edge.errors import EXIT_FAILED, EXIT_OK, CatdogError
from edge.files import write_atomically
from edge.judged import Part, Row, check_labels, choose
from edge.labelled import Labelled, list_photos, parse_renames


def main(argv: list[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's) and return its exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    parser = argparse.ArgumentParser(
        prog="python -m convert", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, metavar="MODEL.keras", help="a Keras image classifier")
    parser.add_argument(
        "--calibration",
        type=Path,
        nargs="+",
        required=True,
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
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the files go (beside the model)")
    parser.add_argument("--count", type=positive, default=200, metavar="N", help="photos to calibrate with (200)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of their choice (1)")
    parser.add_argument("--max-drop", type=float, default=1.0, metavar="POINTS", help="budget of int8's accuracy (1.0)")
    arguments = sys.argv[1:] if argv is None else argv
    options = parser.parse_args(arguments)
    options.command_line = shlex.join(["python", "-m", "convert", *arguments])
    return report_errors("convert", lambda: _main(options))


def _main(options: argparse.Namespace) -> int:
    from convert import calibration
    from convert.load import load

    parent = load(options.model, tuple(filter(None, options.labels.split(","))))
    renames = {**parent.record.get("renames", {}), **parse_renames(options.label)}
    learned = parent.record.get("classes") or ()  # the trainer's --classes: folders of others are left alone
    photos = [photo for photo in list_photos(options.calibration, renames) if not learned or photo.label in learned]
    check_labels(photos, parent.labels)
    chosen = calibration.choose(photos, parent.fit, options.count, options.seed)
    for fault in chosen.skipped:
        _report(fault)
    judged = choose(options.photos, renames, {}, None) if options.photos else _held_out(photos, options.calibration)
    parts = [
        part._replace(rows=tuple(row for row in part.rows if not learned or row.label in learned)) for part in judged
    ]
    judged = [part for part in parts if part.rows]
    check_labels([row for part in judged for row in part.rows], parent.labels)
    with tempfile.TemporaryDirectory(prefix="catdog-") as folder:
        return _convert(options, parent, chosen, judged, Path(folder))


def _convert(options: argparse.Namespace, parent: Any, chosen: Any, judged: list[Part], folder: Path) -> int:
    """Make and judge the variants in `folder`; put them where they belong if they are good enough."""
    from convert.card import card
    from convert.certify import measure
    from convert.metadata import attach, describe
    from convert.variants import VARIANTS, convert
    from edge.contract import Contract, seal

    name = options.model.stem
    sealed = {variant: folder / f"{name}.{variant}.tflite" for variant in VARIANTS}
    for variant, path in sealed.items():
        contract = Contract(
            name,
            variant,
            parent.labels,
            parent.fit,
            parent.record.get("temperature", 1.0),
            parent.record.get("thresholds", {}),
            parent.record.get("fallback"),
            _origins(parent, chosen, options),
        )
        model = convert(parent.model, variant, chosen.pictures)
        path.write_bytes(seal(attach(model, describe(contract)), contract))
    rows = measure(parent, sealed, judged, _report)
    certificate = {
        "name": name,
        "labels": list(parent.labels),
        "fit": parent.fit._asdict(),
        "keras_sha256": parent.digest,
        "photos": rows[0].photos,
        "what": ", ".join(dict.fromkeys(part.split for part in judged)),
        "variants": [row.document() for row in rows],
    }
    _print_table(rows)
    drop = (rows[0].accuracy - rows[-1].accuracy) * 100
    if drop > options.max_drop:
        print(
            f"convert: int8 loses {drop:.2f} points, more than the budget of {options.max_drop:g}. Nothing was written",
            file=sys.stderr,
        )
        return EXIT_FAILED
    out = options.out or options.model.parent
    for path in sealed.values():
        write_atomically(out / path.name, path.read_bytes())
    write_atomically(out / f"{name}.certificate.json", json.dumps(certificate, indent=1).encode() + b"\n")
    write_atomically(out / f"{name}.md", card(name, parent.record, certificate, options.command_line).encode())
    print(f"written to {out}: {', '.join(path.name for path in sealed.values())}")
    return EXIT_OK


def _origins(parent: Any, chosen: Any, options: argparse.Namespace) -> dict[str, Any]:
    import keras
    import tensorflow

    return {
        "keras_sha256": parent.digest,
        "data_sha256": parent.record.get("run", {}).get("data", ""),
        "versions": f"catdog-edge {__version__}, tensorflow {tensorflow.__version__}, keras {keras.__version__}",
        "calibration": {"seed": options.seed, "photos": list(chosen.digests)},
    }


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
    print(f"convert: skipped {fault}", file=sys.stderr)


def _print_table(rows: list[Any]) -> None:
    print(f"{'':<9}{'bytes':>11}  {'accuracy':>9}  {'95 % interval':>16}  {'agrees':>8}  {'largest diff.':>13}")
    for row in rows:
        figures = row.document()
        print(
            f"{row.variant:<9}{row.bytes:>11,}  {row.accuracy:>9.2%}  "
            f"{figures['accuracy_low']:>7.2%} - {figures['accuracy_high']:.2%}  "
            f"{row.agreement:>8.2%}  {row.largest:>13.4f}"
        )
    print(f"on {rows[0].photos:,} photos, through the code that runs on the device")


if __name__ == "__main__":
    sys.exit(main())
