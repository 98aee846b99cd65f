"""The converter's arguments."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from convert.adapt import PIXEL_RANGES
from convert.budget import Budget
from edge.commands import LABEL, add_examples, names, number, positive, seed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the converter's arguments."""
    add_examples(
        parser,
        "python -m convert models/origin.keras --calibration photos/",
        "python -m convert own.keras --labels cat,dog --pixel-range 0..1 \\",
        "    --calibration photos/ --html certificate.html",
        "python -m convert models/origin.keras --check",
    )
    add, percent = parser.add_argument, number(float, 0, 100, "a number from 0 to 100")
    add("model", type=Path, metavar="MODEL.keras", help="a Keras image classifier")
    calibration = "class folders; int8 takes its ranges from training photos among them"
    add("--calibration", type=Path, nargs="+", metavar="DATA", help=calibration)
    add("--photos", type=Path, nargs="+", metavar="DATA", help="to measure with (the test photos of DATA)")
    add("--label", **LABEL | {"help": "as the trainer's"})
    add("--labels", type=names, default=(), metavar="A,B,...", help="names of the outputs, where no record has them")
    pixels = "what the input takes, where the model has no Rescaling layer that shows it"
    add("--pixel-range", choices=PIXEL_RANGES, help=pixels)
    add("--out", type=Path, metavar="DIR", help="where the files go (beside the model)")
    add("--count", type=positive, default=200, metavar="N", help="photos to calibrate with (200)")
    add("--seed", type=seed, default=1, metavar="N", help="of their choice (1)")
    drop, agreement = Budget()
    lost = "of accuracy that a variant may lose, rounded up to whole photos (%(default)s)"
    add("--max-drop", type=percent, default=drop, metavar="POINTS", help=lost)
    alike = "of photos that must get Keras' answer, rounded likewise (%(default)s)"
    add("--min-agreement", type=percent, default=agreement, metavar="PERCENT", help=alike)
    add("--html", type=Path, metavar="FILE", help="write the certificate as a page, with flipped photos")
    add("--no-photos", dest="show_photos", action="store_false", help="leave them out, so that it can be shown")
    add("--check", action="store_true", help="convert nothing: say whether the .tflite files are of this very model")


def joined(arguments: Sequence[str]) -> list[str]:
    """Join `--pixel-range -1..1` by an equals sign: argparse would take -1..1 for an option."""
    words: list[str] = []
    for word in arguments:
        if words and words[-1] == "--pixel-range":
            words[-1] += f"={word}"
        else:
            words.append(word)
    return words
