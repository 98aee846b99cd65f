"""What a run starts with: the machine's arithmetic and memory, and the weights of a backbone or of trained models."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import tensorflow as tf

from edge.errors import CatdogError, InputError
from train.fit import Trainer
from train.head import fit_head
from train.networks import load_backbone
from train.record import load_same_classes


def set_precision(asked: str) -> str:
    """Choose the arithmetic of the networks built from now on, and return its name."""
    half = asked == "bfloat16" or (asked == "auto" and bool(tf.config.list_physical_devices("GPU")))
    # Weights and logits stay float32. bfloat16 has float32's range, so that no loss need be scaled.
    keras.config.set_dtype_policy("mixed_bfloat16" if half else "float32")
    return "bfloat16" if half else "float32"


@contextmanager
def memory_is_short() -> Iterator[None]:
    """Say what to do where the memory of the machine, or of its GPU, does not suffice."""
    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError):
        raise CatdogError("training", "needs more memory than there is", "Lower --batch or --side") from None


def start_from_backbone(trainer: Trainer, alpha: float, weights: Path | None, resumed: bool) -> None:
    """Take over ImageNet weights of a MobileNetV2 `alpha` wide, and fit the last layer to them.

    They are in the file `weights`; None downloads Keras' own. A resumed run needs them to hold its features to, alone.
    """
    load_backbone(trainer.model, alpha, weights)
    if not resumed:
        fit_head(trainer.model, trainer.samples, trainer.side)
        trainer.begin()


def start_from_models(trainer: Trainer, paths: list[Path], labels: tuple[str, ...]) -> None:
    """Take over the mean of trained models' weights: networks that began at the same ones lie in one valley.

    Wortsman et al., Model soups (2022). A model's temperature is in its last layer, and is chosen anew afterwards.
    """
    ours, models = trainer.model.get_weights(), load_same_classes(paths, labels)
    for trained in models:
        if [weight.shape for weight in trained.model.get_weights()] != [weight.shape for weight in ours]:
            other = "is of another network than --network"
            raise InputError(trained.path, other, "Give the --network that it was trained as")
    alike = zip(*(trained.model.get_weights() for trained in models), strict=True)
    trainer.model.set_weights([sum(weights) / len(weights) for weights in alike])
    trainer.begin()
