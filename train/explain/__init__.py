"""Show what a network sees in a photo: filters, feature maps, the map of a class and the answer, as one picture.

MODEL is a Keras image classifier; its classes are named by the record beside it (NAME.json), which the trainer writes.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from edge.commands import add_examples
from edge.errors import EXIT_OK, InputError, printable
from edge.files import write_atomically
from edge.fit import Image, fit
from edge.photo import read_photo
from edge.quiet import quiet
from train.record import Trained, load_trained

if TYPE_CHECKING:  # TensorFlow takes seconds to import: not before the arguments are known to be good
    from train.explain.page import Scene

# Without the usual halving of the colours' resolution, which smears filters and feature maps.
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 85, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
_FORMATS = {".png": (cv2.IMWRITE_PNG_COMPRESSION, 9), ".jpg": _JPEG, ".jpeg": _JPEG}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_examples(
        parser,
        "python -m train explain models/origin.keras cat.jpg",
        "python -m train explain models/origin.keras cat.jpg --class dog --out cat.png",
    )
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL.keras", help="the network")
    add("photo", type=Path, metavar="PHOTO", help="what it is to look at")
    add("--out", type=Path, metavar="FILE", help="the picture, .png or .jpg (./PHOTO.explained.png)")
    add("--class", dest="label", metavar="LABEL", help="map what speaks for this class (the answer)")
    add("--parts", type=Path, metavar="DIR", help="also write each part as a picture of its own")


def main(options: argparse.Namespace) -> int:
    """Draw what the network sees, and say what it answers."""
    out = options.out or Path(f"{options.photo.stem}.explained.png")
    if out.suffix.lower() not in _FORMATS:
        raise InputError(out, "is no .png or .jpg file", "Name the picture FILE.png")
    photo = read_photo(options.photo)
    if out.exists() and out.samefile(options.photo):
        raise InputError(out, "is the photo itself", "Name another file with --out")
    scene = _look(load_trained(options.model), photo, options)
    with quiet(2):
        from train.explain.page import MARGIN, page, panels
    from train.explain.blocks import framed

    if options.parts:
        for name, part in panels(scene).items():
            _write((options.parts / name).with_suffix(out.suffix), framed(part, MARGIN // 3))
    _write(out, page(scene))
    for label, probability in zip(scene.labels, scene.sight.probabilities, strict=True):
        print(f"{label:<10} {probability:6.1%}")
    print(out)
    return EXIT_OK


def _look(trained: Trained, photo: Image, options: argparse.Namespace) -> "Scene":
    with quiet(2):
        from train.explain.look import look
        from train.explain.page import Scene

    chosen = _index_of(options.label, trained)
    picture = fit(photo, trained.fit)
    sight = look(trained, picture, lambda shares: sorted({int(shares.argmax()), *([] if chosen is None else [chosen])}))
    best = int(sight.probabilities.argmax())
    shown = best if chosen is None else chosen
    labels = tuple(printable(label) for label in trained.labels)
    model, file = printable(trained.path.stem), printable(options.photo.name)
    return Scene(photo, trained.fit, picture, labels, shown, sight, model, file)


def _index_of(label: str | None, trained: Trained) -> int | None:
    if label is None:
        return None
    if label not in trained.labels:
        known = ", ".join(trained.labels[:10])
        raise InputError(f"--class {label}", f"is no class of {trained.path.name}", f"Choose one of {known}")
    return trained.labels.index(label)


def _write(path: Path, picture: Image) -> None:
    suffix = path.suffix.lower()
    write_atomically(path, cv2.imencode(suffix, picture, _FORMATS[suffix])[1].tobytes())
