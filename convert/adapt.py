"""Any Keras image classifier becomes one form: RGB pixels 0..255 in, one probability per label out.

What can be seen in the network is not asked for: a layer that scales pixels tells which range it takes, the last
activation tells what its outputs are. The layers put around it are Keras' own and go into the .tflite file, so that
every later step, the certificate and the device see the same network.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import InputError, first_line

# What the network takes -> (scale, offset) of the layer that makes it from pixels 0..255.
PIXEL_RANGES = {"0..255": None, "0..1": (1 / 255, 0.0), "-1..1": (1 / 127.5, -1.0)}
_PROBES = 8  # pictures of noise that show what the outputs are
_SLACK = 1e-3  # by which a row of probabilities may miss 1, for networks that compute in half precision


def adapt(path: Path, model: Any, side: tuple[int, int], labels: int, pixel_range: str | None) -> Any:
    """Return a network float32 (1, height, width, 3) RGB 0..255 -> float32 (1, labels) that sums to 1.

    The batch is fixed to 1: a Flatten of unknown batch becomes three more operations and two XNNPACK partitions.

    Args:
        path: what errors call the model.
        model: a Keras model with one picture of `side`, height and width, as input and one row of `labels` as output.
        pixel_range: a key of PIXEL_RANGES; None finds out.

    Raises:
        InputError: what the network takes or gives cannot be known, or contradicts `labels` or `pixel_range`.
    """
    import keras

    scaling = PIXEL_RANGES[_pixel_range(path, model, pixel_range)]
    picture = keras.Input(batch_shape=(1, *side, 3), name="picture")
    x = picture if scaling is None else keras.layers.Rescaling(scaling[0], offset=scaling[1])(picture)
    try:
        bare = keras.Model(picture, model(x))
    except Exception as fault:  # Keras raises many kinds, e.g. for a layer that insists on another batch
        wrong = f"does not take a single picture ({first_line(fault)})"
        raise InputError(path, wrong, "Save it without a batch") from None
    finish = _finish(path, model, _answers(bare, side), labels)
    return bare if finish is None else keras.Model(picture, finish(bare.output))


def _pixel_range(path: Path, model: Any, asked: str | None) -> str:
    """Return the range of pixels that the network takes: as its own scaling shows, else as asked."""
    found = _found_range(model)
    if found and asked and found != asked:
        wrong = f"contradicts the model, whose own scaling takes {found}"
        raise InputError(f"--pixel-range {asked}", wrong, "Leave it out")
    if not (found or asked):
        remedy = f"Say how it was trained: --pixel-range {', '.join(PIXEL_RANGES)}"
        raise InputError(path, "does not show which pixels it takes (no Rescaling layer)", remedy)
    return str(found or asked)


def _found_range(model: Any) -> str | None:
    for layer in layers_of(model):
        kind = type(layer).__name__
        if kind == "Rescaling":
            # A picture of 255 should become a small number: by which scale it does, shows what goes in.
            return "0..255" if float(np.max(layer.scale)) * 255 < 16 else "0..1"
        if kind == "Normalization":
            mean = np.max(np.asarray(layer.mean)) if layer.mean is not None else 0.0
            return "0..255" if mean > 2 else None  # means of 0..1 look much like those of -1..1
        if layer.trainable_weights:
            return None  # what scales later scales no pixels
    return None


def layers_of(model: Any) -> Iterator[Any]:
    """Yield the layers from the picture on, those of nested models in their place."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from layers_of(layer)
        else:
            yield layer


def _answers(model: Any, side: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Return the outputs float64 (pictures, outputs) for black, white and noise."""
    noise = np.random.default_rng(1).integers(0, 256, (_PROBES, *side, 3))
    pictures = np.concatenate([np.zeros((1, *side, 3)), np.full((1, *side, 3), 255), noise]).astype(np.float32)
    return np.concatenate([np.asarray(model(picture[None], training=False), np.float64) for picture in pictures])


def _finish(path: Path, model: Any, found: npt.NDArray[np.float64], labels: int) -> Any:
    """Return what turns the outputs into one probability per label; None where they are that already.

    The last activation says what they are; `found` is float64 (pictures, outputs), those of some pictures.
    """
    if not np.isfinite(found).all():
        raise InputError(path, "gives outputs that are no numbers (NaN or infinite)", "Train it again")
    outputs, last = found.shape[1], _last_activation(model)
    if max(outputs, 2) != labels:
        means = "one output tells two classes" if outputs == 1 else f"{outputs} outputs tell {outputs} classes"
        raise InputError(path, f"has {labels} labels, but {means}", "Name each of them once: --labels A,B,...")
    if outputs > 1 and found.min() >= -_SLACK and np.abs(found.sum(1) - 1).max() < _SLACK:
        return None
    if outputs == 1 and last == "sigmoid":
        return _both
    if last == "linear":
        import keras

        softmax, sigmoid = keras.layers.Softmax(name="probabilities"), keras.layers.Activation("sigmoid")
        return softmax if outputs > 1 else lambda logit: _both(sigmoid(logit))
    low, high = found.min(), found.max()
    wrong = f"ends in {last}, and gives {low:.3g} to {high:.3g}: neither probabilities nor logits of {labels} labels"
    raise InputError(path, wrong, "End it in a softmax, in one sigmoid, or in a Dense layer without activation")


def _last_activation(model: Any) -> str:
    """Return the activation at the network's end, e.g. "softmax", "linear"; else the kind of its last layer."""
    layer = model.outputs[0]._keras_history.operation
    if hasattr(layer, "layers"):
        return _last_activation(layer)
    if activation := getattr(layer, "activation", None):
        return str(getattr(activation, "__name__", activation))
    return type(layer).__name__.lower()


def _both(probability: Any) -> Any:
    """Of the second label's probability (1, 1) make both (1, 2)."""
    import keras

    # A dense layer of fixed weights: 1 - p and p in one operation that every converter knows.
    layer = keras.layers.Dense(2, trainable=False, name="probabilities")
    both = layer(probability)
    layer.set_weights([np.array([[-1.0, 1.0]], np.float32), np.array([1.0, 0.0], np.float32)])
    return both
