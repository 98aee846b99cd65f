"""Make the shipped models again from folders of photos: train, convert, measure; each with its card and its record.

Says beforehand what is missing and how long it will take. A run that was stopped goes on where it was; a model that
is complete is left alone (delete models/NAME.keras to make it again).
"""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from convert.card import card
from edge.cli import report_errors
from edge.commands import LABEL, names
from edge.errors import EXIT_OK, InputError
from edge.files import write_atomically
from edge.labelled import list_photos, parse_renames


class Model(NamedTuple):
    """How a shipped model is made.

    Attributes:
        name: of its files.
        train: arguments of `python -m train`, besides those that all have.
        classes: what it tells apart.
        weights: the file of ImageNet weights that it starts from, where it does.
        start: models to make before, from whose weights this one starts: of several, the mean.
        shipped: False for a model that only others start from.
        notes: the part of its card that no measurement tells.
    """

    name: str
    train: tuple[str, ...]
    classes: tuple[str, ...] = ("cat", "dog", "neither")
    weights: str | None = None
    start: tuple[str, ...] = ()
    shipped: bool = True
    notes: str = ""


_NOTES = """
## Intended use

Telling a pet in front of a camera: cat, dog, or neither. One answer for the whole picture: with both animals in it, the
larger one tends to win. Not for identifying an individual animal, and not where a wrong answer could hurt: it is wrong
about one picture in a hundred on good photos, and more often in the dark, far away or partly hidden (tables above).

## Licences

- The model files: MIT, as all of this project.
- The photos: public research and teaching collections (Kaggle Dogs vs. Cats, shelter cats, Stanford Dogs, stock photos,
  scenes of several collections) whose owners state no licence or restrict use. They were learned from and measured
  with; none is part of this project.
"""
_WEIGHTS = """- The ImageNet weights that training started from: Apache-2.0 ({origin}).
"""


def _set(*knobs: str) -> tuple[str, ...]:
    return tuple(word for knob in knobs for word in ("--set", knob))


# Most photos to learn from are squashed to squares; what a device sees is not, so its middle part is cut.
_THREE_WAY = ("--fallback", "neither", "--validation", "0.08", "--crop", "centre")

MODELS = (
    Model(
        "held",
        # A device meets scenes of kinds that no photo here shows: what ImageNet knew of them is kept.
        ("--network", "mobilenet", *_THREE_WAY, *_set("hold=2")),
        weights="mobilenet_v2_1.0_224_no_top.weights.h5",
        shipped=False,
    ),
    Model(
        "far",
        # From there with strong damage: for bad light and pets far away.
        (
            *("--network", "mobilenet", *_THREE_WAY, "--epochs", "3", "--learning-rate", "1.5e-4"),
            *_set("hold=2", "views.zoom=[0.65,1.5]", "views.aspect=1.4", "views.rotation=12", "views.light=1.7"),
            *_set("views.colour=0.3", "views.grey=0.05", "views.blur=0.12", "views.noise=14", "views.erase=0.05"),
            *_set("views.paste=0.1"),
        ),
        start=("held",),
        shipped=False,
    ),
    Model(
        "default",
        # The mean of both is better than either.
        ("--network", "mobilenet", *_THREE_WAY, "--epochs", "0", *_set("int8_weights=true")),
        start=("held", "far"),
        notes=_NOTES + _WEIGHTS.format(origin="MobileNetV2 1.0 of google-coral/test_data"),
    ),
    Model(
        "small",
        # Held, too; at 128 pixels it is still four times as fast as the default.
        (
            *("--network", "mobilenet-small", *_THREE_WAY, "--side", "128", "--epochs", "24"),
            *_set("hold=2", "int8_weights=true", "grow=[[0.5,0.75]]"),
        ),
        weights="mobilenet_v2_0.35_224_no_top.weights.h5",
        notes=_NOTES + _WEIGHTS.format(origin="MobileNetV2 0.35 of Keras Applications"),
    ),
    Model("origin", ("--network", "origin"), classes=("cat", "dog")),
)


def main() -> int:
    """Plan, say the plan, and carry it out."""
    parser = argparse.ArgumentParser(prog="make models", description=__doc__.split("\n\n")[0])
    add = parser.add_argument
    add("data", nargs="+", type=_path, metavar="DATA", help="folders of class folders, or of splits")
    add("--judge", nargs="*", type=_path, default=[], metavar="DATA", help="photos that only judge")
    add("--label", **LABEL | {"help": "as the trainer's"})
    add("--exclusions", type=_path, metavar="FILE", help="photos to leave out, as the doctor lists them")
    add("--weights", type=_path, metavar="DIR", help="ImageNet weights (else Keras downloads them)")
    add("--out", type=_path, default=Path("models"), metavar="DIR", help="where they go (models)")
    add("--cache", type=_path, default=Path(".cache/photos"), metavar="DIR", help="of decoded photos")
    add("--only", type=names, default=(), metavar="A,B,...", help="these models alone")
    add("--short", action="store_true", help="one epoch at 32 pixels: to see that everything works")
    add("--plan", action="store_true", help="say what would be done, and end")
    options = parser.parse_args()
    os.chdir(ROOT)
    return report_errors("make models", lambda: _main(options))


def _path(text: str) -> Path:
    """Parse a path for argparse into one from the checkout, where the trainer will run; one outside is absolute."""
    path = Path.cwd() / text  # not resolved: data may be a link to where the photos are
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def _main(options: argparse.Namespace) -> int:
    if unknown := sorted(set(options.only) - {model.name for model in MODELS}):
        known = ", ".join(model.name for model in MODELS)
        raise InputError(f"--only {unknown[0]}", "is none of the shipped models", f"Choose among {known}")
    wanted = [model for model in MODELS if not options.only or model.name in options.only]
    photos = list_photos(options.data, parse_renames(options.label))
    counts = Counter(photo.label for photo in photos if photo.split in (None, "train"))
    print("training photos: " + ", ".join(f"{count:,} {label}" for label, count in sorted(counts.items())))
    for model in wanted:
        _check(model, wanted, counts, options)
        print(_plan(model, counts, options))
    if options.plan:
        return EXIT_OK
    for model in wanted:
        if _complete(model, options.out):
            continue
        learn = [] if _trained(model, options.out) else [_train(model, options)]
        prove = [_convert(model, options), _evaluate(model, options)] if model.shipped else []
        for words in (*learn, *prove):
            print("\n$ " + " ".join(words[1:]).replace("-m ", "python -m ", 1), flush=True)
            if status := subprocess.run(words, check=False).returncode:
                return status
        if model.shipped:
            write_atomically(options.out / f"{model.name}.md", card_of(model, options.out).encode())
    return EXIT_OK


def _check(model: Model, wanted: list[Model], counts: Counter[str], options: argparse.Namespace) -> None:
    """Raise InputError when something that `model` needs is missing."""
    for label in model.classes:
        if not counts[label]:
            raise InputError(
                f"class {label}", f"has no training photo, and {model.name} needs some", "Name a folder with --label"
            )
    for start in model.start:
        made = [other.name for other in wanted[: wanted.index(model)]]
        if start not in made and not (options.out / f"{start}.keras").exists():
            raise InputError(f"{start}.keras", f"is not there, and {model.name} starts from it", f"Make {start}, too")
    if options.weights and model.weights and not (options.weights / model.weights).exists():
        raise InputError(options.weights / model.weights, "is not there", "Leave --weights out to download it")


def _plan(model: Model, counts: Counter[str], options: argparse.Namespace) -> str:
    if _complete(model, options.out):
        return f"{model.name}: complete; delete {options.out / model.name}.keras to make it again"
    if _trained(model, options.out):
        return f"{model.name}: trained; to be converted and measured"
    last = _record(ROOT / "models" / f"{model.name}.json")
    if not last or options.short:
        return f"{model.name}: to be made"
    photos = sum(counts[label] for label in model.classes)
    former = sum(count for name, count in last["photos"].items() if not name.startswith("test/"))
    took = last["seconds"] / 60
    words = f"{model.name}: about {took * photos / former:.0f} minutes of training"
    return f"{words} (it took {took:.0f} with {former:,} photos, {last['machine']})"


def _record(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_bytes())) if path.exists() else {}


def _trained(model: Model, out: Path) -> bool:
    """True where the model was trained to its end."""
    return bool((out / f"{model.name}.keras").exists() and _record(out / f"{model.name}.json").get("complete"))


def _complete(model: Model, out: Path) -> bool:
    """True where the model was trained to its end and, if it is shipped, after that converted and measured."""
    if not model.shipped:
        return _trained(model, out)
    record, certificate = _record(out / f"{model.name}.json"), _record(out / f"{model.name}.certificate.json")
    measured = (out / f"{model.name}.evaluation.json").exists()
    return _trained(model, out) and measured and certificate.get("keras_sha256") == record["keras_sha256"]


def _train(model: Model, options: argparse.Namespace) -> list[str]:
    words = [sys.executable, "-m", "train", *map(str, options.data), *model.train, "--name", model.name, "--resume"]
    words += ["--classes", ",".join(model.classes), "--out", str(options.out), "--cache", str(options.cache)]
    for start in model.start:
        words += ["--start", str(options.out / f"{start}.keras")]
    if options.weights and model.weights:
        words += ["--weights", str(options.weights / model.weights)]
    if options.exclusions:
        words += ["--exclusions", str(options.exclusions)]
    for folder in options.judge:
        words += ["--test", str(folder)]
    if options.short:
        words += ["--epochs", "1", "--side", "32"]
    return words + _labels(options)


def _convert(model: Model, options: argparse.Namespace) -> list[str]:
    words = [sys.executable, "-m", "convert", str(options.out / f"{model.name}.keras")]
    words += ["--calibration", *map(str, options.data)]
    judges = _judges(model, options)
    words += ["--photos", *map(str, judges)] if judges else []
    # Without the flipped photos themselves: they are other people's.
    words += ["--html", str(options.out / f"{model.name}.certificate.html"), "--no-photos"]
    return words + (["--max-drop", "100", "--min-agreement", "0"] if options.short else []) + _labels(options)


def _evaluate(model: Model, options: argparse.Namespace) -> list[str]:
    words = [sys.executable, "-m", "train", "evaluate", str(options.out / f"{model.name}.int8.tflite")]
    words += [*map(str, _judges(model, options)), "--json", str(options.out / f"{model.name}.evaluation.json")]
    words += ["--classes", ",".join(model.classes)]
    return words + _labels(options)


def card_of(model: Model, folder: Path) -> str:
    """Return a model's card, out of what was measured and lies in a folder."""
    kinds = ("", ".certificate", ".evaluation")
    record, certificate, evaluation = (_record(folder / f"{model.name}{kind}.json") for kind in kinds)
    return card(model.name, record, certificate, evaluation, model.notes)


def _judges(model: Model, options: argparse.Namespace) -> list[Path]:
    """Return the folders that judge a model: those with test photos of a class that it knows, and --judge."""
    return [*(folder for folder in options.data if _has_test(folder, model, options)), *options.judge]


def _has_test(folder: Path, model: Model, options: argparse.Namespace) -> bool:
    photos = list_photos([folder], parse_renames(options.label))
    return any(photo.split == "test" and photo.label in model.classes for photo in photos)


def _labels(options: argparse.Namespace) -> list[str]:
    return [word for label in options.label for word in ("--label", label)]


if __name__ == "__main__":
    sys.exit(main())
