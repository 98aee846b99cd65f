"""Train a network on folders of photos, and save it as NAME.keras with a record NAME.json beside it.

DATA holds a folder per class (photos/cat, photos/dog), or such folders per split (photos/train/cat, photos/test/cat).
Several DATA merge by class. Test photos choose nothing: the best epoch is the one that is best on validation photos.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.errors import EXIT_INTERRUPTED, EXIT_OK, InputError, tell
from edge.files import writing
from edge.fit import FitRule
from edge.quiet import quiet
from edge.record import file_digest
from train.curves import curves
from train.dataset import Dataset
from train.options import add_arguments, file_name, recipe_of
from train.record import Trained, load_same_classes
from train.samples import load_data, samples_of, separate

if TYPE_CHECKING:  # TensorFlow takes seconds to import: not before the arguments and the photos are known to be good
    from train.fit import Epoch, Trainer
    from train.networks import Network
    from train.recipe import Recipe

__all__ = ["add_arguments", "main"]


def main(options: argparse.Namespace) -> int:
    """Train, save, and say what came of it."""
    if not options.data and not options.list:
        raise InputError("DATA", "is missing", "Name a folder of class folders: python -m train photos/")
    name = file_name(options)
    data = None if options.list else load_data(options)
    with quiet(2):
        from train.networks import NETWORKS

    if data is None:
        for key, row in NETWORKS.items():
            print(f"{key:<16} {row.side:>3} px  {row.purpose}")
        return EXIT_OK
    if options.network not in NETWORKS:
        raise InputError(f"--network {options.network}", "is unknown", f"Choose one of {', '.join(NETWORKS)}")
    if options.fallback not in (None, *data.labels):
        raise InputError(f"--fallback {options.fallback}", f"is none of {', '.join(data.labels)}", "Name one of them")
    return _run(data, name, NETWORKS[options.network], options)


def _run(data: Dataset, name: str, network: "Network", options: argparse.Namespace) -> int:
    """Train `network` on `data`, or go on with a run that was stopped, and save what was best."""
    from train.checkpoint import restore
    from train.save import record_of, save, weights_digest
    from train.start import memory_is_short, set_precision, start_from_backbone, start_from_models

    recipe = recipe_of(network, options)
    side = options.side or network.side
    rule = FitRule(side, side, options.crop, options.interpolation)
    started = time.perf_counter()
    precision = set_precision(options.precision)
    teachers = load_same_classes(options.teacher, data.labels)
    larger = larger_rule(rule, recipe, teachers)
    data = separate(data, {"train": larger, "val": rule}, options.cache)
    with memory_is_short():
        trainer = prepare(data, network, recipe, rule, larger, teachers, options)
    identity = _identity(trainer, data, recipe, rule, precision, options)
    with writing(options.out, "cannot be made", "Choose another --out"):
        options.out.mkdir(parents=True, exist_ok=True)
    checkpoint = options.out / f"{name}.checkpoint"
    resumed = options.resume and checkpoint.exists()
    if recipe.hold or not resumed:
        if options.start:
            start_from_models(trainer, options.start, data.labels)
        elif network.backbone is not None:
            start_from_backbone(trainer, network.backbone, options.weights, resumed)
    if recipe.hold:
        trainer.hold_features()
    if resumed:
        restore(trainer, checkpoint, identity)
    with curves(options.tensorboard) as draw, memory_is_short():
        complete = _train(trainer, checkpoint, identity, draw)
    if not trainer.best:
        return EXIT_INTERRUPTED
    if trainer.workers > 1:
        print(f"worker {trainer.worker + 1} of {trainer.workers}: weights {weights_digest(trainer.best)}")
    if trainer.worker == 0:  # the others hold the same weights
        record = {
            "name": name,
            **record_of(trainer, data, identity, options, complete),
            "seconds": round(time.perf_counter() - started, 1),
        }
        save(trainer, network, data, rule, record, options.fallback, options.out / f"{name}.keras")
    if complete:
        checkpoint.unlink(missing_ok=True)
    return EXIT_OK if complete else EXIT_INTERRUPTED


def _identity(
    trainer: "Trainer", data: Dataset, recipe: "Recipe", rule: FitRule, precision: str, options: argparse.Namespace
) -> dict[str, Any]:
    """Return what makes a run this one: a checkpoint of another is not gone on with."""
    return {
        "network": options.network,
        "side": rule.width,
        "crop": rule.crop,
        "interpolation": rule.interpolation,
        "seed": options.seed,
        "data": data.digest(),
        "labels": list(data.labels),
        "weights": file_digest(options.weights) if options.weights else None,
        "workers": trainer.workers,
        "shown": trainer.shown,
        **({"start": [file_digest(path) for path in options.start]} if options.start else {}),
        "teachers": [file_digest(path) for path in options.teacher],
        "precision": precision,
        **recipe.document(),
    }


def larger_rule(rule: FitRule, recipe: "Recipe", teachers: list[Trained]) -> FitRule:
    """Return how the pictures to learn from are fitted: with a margin to cut from, at the largest teacher's size."""
    seen = max([rule.height, *(int(teacher.model.input.shape[1]) for teacher in teachers)])
    return rule._replace(height=round(seen * recipe.margin), width=round(seen * recipe.margin))


def prepare(
    data: Dataset,
    network: "Network",
    recipe: "Recipe",
    rule: FitRule,
    larger: FitRule,
    teachers: list[Trained],
    options: argparse.Namespace,
) -> "Trainer":
    """Take the pictures and build the network."""
    import keras

    from train.fit import Trainer
    from train.networks import build

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
        [teacher.model for teacher in teachers],
        data.labels.index(options.fallback) if options.fallback else None,
    )


def _train(trainer: "Trainer", checkpoint: Path, identity: dict[str, Any], draw: Callable[["Epoch"], None]) -> bool:
    """Train to the end and say so, or until Ctrl-C; return whether it came to its end."""
    from train.checkpoint import save

    recipe = trainer.recipe
    try:
        for epoch in range(len(trainer.history), recipe.epochs):
            with progress_bar(f"epoch {epoch + 1}/{recipe.epochs}", trainer.steps_per_epoch) as progress:
                result = trainer.train_epoch(progress)
            save(trainer, checkpoint, identity)
            draw(result)
            judged = f"loss {result.val_loss:.4f}, accuracy {result.val_accuracy:.2%}"
            done = f"epoch {result.epoch:>3}/{recipe.epochs}  loss {result.loss:.4f}"
            print(f"{done}  validation: {judged}  {result.seconds:.1f} s", flush=True)
            best_epoch = max(range(len(trainer.history)), key=lambda i: trainer.history[i].val_accuracy)
            if recipe.patience and epoch - best_epoch >= recipe.patience:
                print(f"no better epoch since {best_epoch + 1}: stopped early")
                break
    except KeyboardInterrupt:
        tell(f"train: stopped after epoch {len(trainer.history)}; --resume goes on from there")
        return False
    return True


@contextmanager
def progress_bar(name: str, total: int) -> Iterator[Callable[[int, int, float], None]]:
    """Give a function of (steps done, steps, loss) that moves a bar on a terminal."""
    from tqdm import tqdm

    with tqdm(total=total, desc=name, leave=False, disable=None) as bar:

        def progress(done: int, _: int, loss: float) -> None:
            bar.update(done - bar.n)
            bar.set_postfix(loss=f"{loss:.3f}")

        yield progress
