"""Train a network on folders of photos, and save it as NAME.keras with a record NAME.json beside it.

DATA holds a folder per class (photos/cat, photos/dog), or such folders per split (photos/train/cat, photos/test/cat).
Several DATA merge by class. Test photos choose nothing: the best epoch is the one that is best on validation photos.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.commands import positive
from edge.errors import EXIT_INTERRUPTED, EXIT_OK, CatdogError, InputError
from edge.fit import CROPS, INTERPOLATIONS, FitRule
from edge.labelled import parse_renames
from edge.quiet import quiet
from edge.record import file_digest
from train import dataset, twins
from train.curves import Curves
from train.record import Trained, load_trained

if TYPE_CHECKING:  # TensorFlow takes seconds to import: not before the arguments and the photos are known to be good
    from train.fit import Samples, Trainer
    from train.networks import Network
    from train.recipe import Recipe


TEACHER_HELP = "learn from this network's answers, too; several are averaged"
PRECISION_HELP = "of the arithmetic; auto takes bfloat16 where there is a GPU"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the trainer's arguments."""
    parser.add_argument("data", nargs="*", type=Path, metavar="DATA", help="folder of class folders, or of splits")
    parser.add_argument("--network", default="origin", metavar="NAME", help="origin; see --list")
    parser.add_argument("--list", action="store_true", help="list the networks and end")
    parser.add_argument("--name", metavar="NAME", help="of the model (default: the network's)")
    parser.add_argument("--out", type=Path, default=Path("models"), metavar="DIR", help="where it goes (models)")
    add_data_arguments(parser)
    parser.add_argument("--validation", type=float, default=0.1, metavar="SHARE", help="of the training photos (0.1)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of everything random (1)")
    parser.add_argument("--side", type=positive, metavar="PIXELS", help="of the input (default: the network's)")
    parser.add_argument("--crop", choices=CROPS, default="none", help="how a photo becomes square: none squashes it")
    parser.add_argument("--interpolation", choices=tuple(INTERPOLATIONS), default="linear", help="of the resize")
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="ImageNet weights, where they cannot be downloaded"
    )
    parser.add_argument("--cache", type=Path, default=Path(".cache/photos"), metavar="DIR", help="of decoded photos")
    parser.add_argument(
        "--epochs", type=int, metavar="N", help="passes over the photos; 0 trains the last layer alone, in seconds"
    )
    parser.add_argument("--batch", type=positive, metavar="N", help="photos per step; halve it when memory is short")
    parser.add_argument("--learning-rate", type=float, metavar="RATE", help="lower it when the loss jumps")
    parser.add_argument("--set", action="append", default=[], metavar="KNOB=VALUE", help="any other knob of the recipe")
    parser.add_argument("--teacher", action="append", default=[], type=Path, metavar="FILE.keras", help=TEACHER_HELP)
    parser.add_argument("--tensorboard", type=Path, metavar="DIR", help="write curves for TensorBoard")
    parser.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto", help=PRECISION_HELP)
    parser.add_argument("--resume", action="store_true", help="go on where a run with the same options was stopped")


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how DATA is read; every command that reads DATA has them."""
    parser.add_argument(
        "--label", action="append", default=[], metavar="FOLDER=LABEL", help="name a class, e.g. --label cats=cat"
    )
    parser.add_argument("--exclusions", type=Path, metavar="FILE", help="photos to leave out, as the doctor lists them")


def load_data(options: argparse.Namespace, validation: float, seed: int) -> dataset.Dataset:
    """Read the table of photos that the arguments name, and say what was left out."""
    excluded = None
    if options.exclusions:
        from train.exclusions import read_exclusions

        excluded = read_exclusions(options.exclusions)
    data = dataset.load(options.data, parse_renames(options.label), seed=seed, validation=validation, excluded=excluded)
    data = twins.separate(data, options.cache)
    report_skipped(list(data.skipped))
    for reason, number in data.left_out.items():
        print(f"left out: {number} ({reason})", file=sys.stderr)
    return data


def report_skipped(faults: list[CatdogError]) -> None:
    """Say which photos were skipped: the first ten by name."""
    for fault in faults[:10]:
        print(f"train: skipped {fault}", file=sys.stderr)
    if len(faults) > 10:
        print(f"train: skipped {len(faults) - 10} more", file=sys.stderr)


def main(options: argparse.Namespace) -> int:
    """Train, save, and say what came of it."""
    if not options.data and not options.list:
        raise InputError("DATA", "is missing", "Name a folder of class folders: python -m train photos/")
    name = options.name or options.network
    data = None if options.list else load_data(options, options.validation, options.seed)
    with quiet(2):
        from train.networks import NETWORKS

    if options.list:
        for key, row in NETWORKS.items():
            print(f"{key:<16} {row.side:>3} px  {row.purpose}")
        return EXIT_OK
    assert data is not None
    if options.network not in NETWORKS:
        raise InputError(f"--network {options.network}", "is unknown", f"Choose one of {', '.join(NETWORKS)}")
    network = NETWORKS[options.network]
    recipe = change_recipe(network.recipe, options)
    if recipe.epochs < (0 if network.backbone else 1):
        raise InputError(f"--epochs {recipe.epochs}", "is too few for this network", "Give 1 or more")
    side = options.side or network.side
    rule = FitRule(side, side, options.crop, options.interpolation)
    started = time.perf_counter()
    precision = set_precision(options.precision)
    trainer = prepare(data, network, recipe, rule, options)
    identity = {
        "network": options.network,
        "side": rule.width,
        "crop": rule.crop,
        "interpolation": rule.interpolation,
        "seed": options.seed,
        "data": data.digest(),
        "labels": list(data.labels),
        "weights": file_digest(options.weights) if options.weights else None,
        "workers": trainer.workers,
        "teachers": [file_digest(path) for path in options.teacher],
        "precision": precision,
        **recipe.document(),
    }
    options.out.mkdir(parents=True, exist_ok=True)
    checkpoint = options.out / f"{name}.checkpoint"
    if options.resume and checkpoint.exists():
        trainer.restore(checkpoint, identity)
    elif network.backbone is not None:
        _start_from_backbone(trainer, network, recipe, options)
    with Curves(options.tensorboard) as curves:
        complete = _train(trainer, checkpoint, identity, recipe, curves)
    if not trainer.best:
        return EXIT_INTERRUPTED
    if trainer.workers > 1:
        from train.fit import weights_digest

        print(f"worker {trainer.worker + 1} of {trainer.workers}: weights {weights_digest(trainer.best)}")
    if trainer.worker == 0:  # the others hold the same weights
        from train.save import record_of, save

        record = {
            "name": name,
            **record_of(trainer, data, identity, options, complete),
            "seconds": round(time.perf_counter() - started, 1),
        }
        save(trainer, network, data, rule, record, options.out / f"{name}.keras")
    if complete:
        checkpoint.unlink(missing_ok=True)
    return EXIT_OK if complete else EXIT_INTERRUPTED


def change_recipe(recipe: "Recipe", options: argparse.Namespace) -> "Recipe":
    """Return the recipe with the knobs that the command line names.

    Raises:
        InputError: a knob is unknown or its value has another type.
    """
    given = {key: getattr(options, key) for key in ("epochs", "batch", "learning_rate")}
    named = {key: value for key, value in given.items() if value is not None}
    recipe = recipe._replace(**named)
    for option in options.set:
        knob, _, text = option.partition("=")
        place, _, inner = knob.partition(".")
        known = recipe.views._asdict() if place == "views" and inner else recipe._asdict()
        key = inner or place
        if key not in known or key == "views":
            raise InputError(f"--set {option}", "is no knob of the recipe", f"Choose one of {', '.join(known)}")
        try:
            value = _tuples(json.loads(text)) if known[key] is not None and not isinstance(known[key], str) else text
        except json.JSONDecodeError:
            raise InputError(f"--set {option}", f"{text!r} is no number", f"Write --set {knob}={known[key]}") from None
        if isinstance(known[key], float) and isinstance(value, int):
            value = float(value)
        if type(value) is not type(known[key]):
            raise InputError(
                f"--set {option}", f"{text!r} does not fit", f"Write for instance --set {knob}={known[key]}"
            )
        recipe = (
            recipe._replace(views=recipe.views._replace(**{key: value})) if inner else recipe._replace(**{key: value})
        )
    return recipe


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def prepare(
    data: dataset.Dataset, network: "Network", recipe: "Recipe", rule: FitRule, options: argparse.Namespace
) -> "Trainer":
    """Decode the photos and build the network."""
    import keras

    from train.fit import Trainer
    from train.networks import build

    margin = recipe.margin if recipe.epochs else 1.0
    larger = rule._replace(height=round(rule.height * margin), width=round(rule.width * margin))
    samples, labels = samples_of(data, "train", larger, options.cache)
    if len(set(labels)) < len(data.labels):
        missing = ", ".join(sorted(set(data.labels) - set(labels)))
        raise InputError(f"class {missing}", "has no photo to learn from", "Add some, or rename it with --label")
    validation, _ = samples_of(data, "val", rule, options.cache)
    if not len(validation):
        raise InputError("validation", "has no photo", "Give more photos, or a greater --validation")
    keras.utils.set_random_seed(options.seed)
    flexible = None if recipe.grow else rule.width
    return Trainer(
        lambda: build(network, len(data.labels), flexible),
        recipe,
        samples,
        validation,
        rule.width,
        options.seed,
        [teacher.model for teacher in load_teachers(options.teacher, data.labels)],
    )


def load_teachers(paths: list[Path], labels: tuple[str, ...]) -> list[Trained]:
    """Load the networks to learn from, which must know the same classes."""
    teachers = [load_trained(path) for path in paths]
    for teacher in teachers:
        if teacher.labels != labels:
            raise InputError(
                teacher.path,
                f"teaches {', '.join(teacher.labels)}, the photos show {', '.join(labels)}",
                "Train it on the same classes",
            )
    return teachers


def set_precision(asked: str) -> str:
    """Choose the arithmetic of the networks built from now on, and return its name."""
    import keras
    import tensorflow as tf

    half = asked == "bfloat16" or (asked == "auto" and bool(tf.config.list_physical_devices("GPU")))
    # Weights and logits stay float32. bfloat16 has float32's range, so that no loss need be scaled.
    keras.config.set_dtype_policy("mixed_bfloat16" if half else "float32")
    return "bfloat16" if half else "float32"


def samples_of(data: dataset.Dataset, split: str, rule: FitRule, cache_folder: Path) -> tuple["Samples", list[str]]:
    """Return the fitted pictures of a split, and their labels."""
    import numpy as np

    from train import cache
    from train.fit import Samples

    found = cache.pictures(data.part(split), rule, cache_folder, progress=show_progress(f"decoding {split}"))
    report_skipped(list(found.skipped))
    labels = [photo.label for photo in found.photos]
    targets = np.eye(len(data.labels), dtype=np.float32)[[data.labels.index(label) for label in labels]]
    return Samples(found.take, targets.reshape(-1, len(data.labels))), labels


def show_progress(what: str) -> Callable[[int, int], None]:
    """Return a function that keeps a line of progress on a terminal."""

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done >= total else ""
            print(f"\r{what}: {done:,} of {total:,} photos", end=end, file=sys.stderr, flush=True)

    return show


def _start_from_backbone(trainer: "Trainer", network: "Network", recipe: "Recipe", options: argparse.Namespace) -> None:
    from train.networks import load_backbone

    assert network.backbone is not None
    load_backbone(trainer.model, network.backbone, options.weights)
    if recipe.head_epochs:
        trainer.fit_head()
    trainer.start_average()
    if not recipe.epochs:
        trainer.judge_untrained()


def _train(trainer: "Trainer", checkpoint: Path, identity: dict[str, Any], recipe: "Recipe", curves: Curves) -> bool:
    """Train to the end and say so, or until Ctrl-C; return whether it came to its end."""
    from tqdm import tqdm

    best_epoch = 0
    for epoch in range(len(trainer.history), recipe.epochs):
        bar = tqdm(total=trainer.steps_per_epoch, desc=f"epoch {epoch + 1}/{recipe.epochs}", leave=False, disable=None)

        def progress(done: int, total: int, loss: float, bar: Any = bar) -> None:
            bar.update(min(done, total) - bar.n)
            bar.set_postfix(loss=f"{loss:.3f}")

        try:
            with bar:
                result = trainer.train_epoch(progress)
            trainer.save(checkpoint, identity)
            curves.write(result)
        except KeyboardInterrupt:
            print(f"train: stopped in epoch {epoch + 1}; --resume goes on from its start", file=sys.stderr)
            return False
        print(
            f"epoch {result.epoch:>3}/{recipe.epochs}  loss {result.loss:.4f}  validation: loss {result.val_loss:.4f}, "
            f"accuracy {result.val_accuracy:.2%}  {result.seconds:.1f} s",
            flush=True,
        )
        best_epoch = max(range(len(trainer.history)), key=lambda i: trainer.history[i].val_accuracy)
        if recipe.patience and epoch - best_epoch >= recipe.patience:
            print(f"no better epoch since {best_epoch + 1}: stopped early")
            break
    return True
