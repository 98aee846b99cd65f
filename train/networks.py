"""The networks: one row each in `NETWORKS`, one short builder each.

Every builder takes the number of classes and returns the logits of pictures that are float32
(batch, side, side, 3), RGB, 0..255: scaling is part of the network, so that nobody can forget it. Activations are
ReLU or ReLU6 and there are no squeeze-excite blocks, so that int8 costs nothing.
"""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras
from keras import layers

from edge.errors import InputError
from train.augment import Views
from train.recipe import Recipe


class Network(NamedTuple):
    """A row of the table.

    Attributes:
        build: (pictures tensor, classes) -> logits tensor (batch, classes).
        side: height and width of the input in pixels.
        purpose: what it is for, in one line.
        recipe: how it is trained unless told otherwise.
        any_size: whether it takes pictures of any size, as progressive resizing needs.
        backbone: (alpha) of the MobileNetV2 whose ImageNet weights it starts from; None where it starts from nothing.
    """

    build: Callable[[Any, int], Any]
    side: int
    purpose: str
    recipe: Recipe
    any_size: bool = True
    backbone: float | None = None


def origin(x: Any, classes: int) -> Any:
    """The teaching example this product grew from: two pairs of convolution and pooling, one dense layer."""
    x = layers.Rescaling(1 / 255)(x)  # (64, 64, 3)
    x = layers.Conv2D(32, 3, activation="relu")(x)  # (62, 62, 32)
    x = layers.MaxPooling2D()(x)  # (31, 31, 32)
    x = layers.Conv2D(32, 3, activation="relu")(x)  # (29, 29, 32)
    x = layers.MaxPooling2D()(x)  # (14, 14, 32)
    x = layers.Flatten()(x)  # (6272,)
    x = layers.Dense(128, activation="relu")(x)  # (128,)
    return layers.Dense(classes, name="logits")(x)


def _conv(x: Any, filters: int, stride: int = 1, size: int = 3, relu: bool = True) -> Any:
    x = layers.Conv2D(filters, size, stride, "same", use_bias=False, kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization(momentum=0.95)(x)
    return layers.ReLU()(x) if relu else x


def _residual(x: Any, filters: int, stride: int = 1) -> Any:
    """A basic block of He et al., Deep Residual Learning (2015)."""
    y = _conv(x, filters, stride)
    y = _conv(y, filters, relu=False)
    if stride > 1 or x.shape[-1] != filters:
        if stride > 1:
            x = layers.AveragePooling2D(2, padding="same")(x)
        x = _conv(x, filters, size=1, relu=False)
    return layers.ReLU()(layers.Add()([x, y]))


def compact(x: Any, classes: int) -> Any:
    """A small residual network of plain 3x3 convolutions that learns from nothing."""
    x = layers.Rescaling(1 / 64, offset=-2)(x)  # (128, 128, 3)
    x = _conv(x, 24, 2)  # (64, 64, 24)
    x = _residual(x, 32, 2)  # (32, 32, 32)
    x = _residual(x, 32)
    x = _residual(x, 64, 2)  # (16, 16, 64)
    x = _residual(x, 64)
    x = _residual(x, 128, 2)  # (8, 8, 128)
    x = _residual(x, 128)
    x = _residual(x, 256, 2)  # (4, 4, 256)
    x = layers.GlobalAveragePooling2D()(x)  # (256,)
    x = layers.Dropout(0.2)(x)
    return layers.Dense(classes, name="logits")(x)


def _mobilenet(alpha: float) -> Callable[[Any, int], Any]:
    """MobileNetV2 (Sandler et al., 2018) of keras.applications, with a head of our own."""

    def build(x: Any, classes: int) -> Any:
        x = layers.Rescaling(1 / 127.5, offset=-1)(x)
        base = keras.applications.MobileNetV2(input_tensor=x, alpha=alpha, include_top=False, weights=None)
        x = layers.GlobalAveragePooling2D()(base.output)
        x = layers.Dropout(0.2)(x)
        return layers.Dense(classes, name="logits")(x)

    return build


# Damage is done to a small share only: from the start and to all, it cost a point on good photos.
_FINE_TUNING = Recipe(
    epochs=7,
    learning_rate=3e-4,
    schedule="cosine",
    warmup=0.05,
    smoothing=0.05,
    ema=0.998,
    repeat=3,
    repeat_origin=2,
    # Never a narrow cut: where the animal is not in it, it would teach that a bare wall is one.
    views=Views(
        zoom=(0.7, 1.05),
        aspect=1.33,
        rotation=5,
        light=1.4,
        colour=0.2,
        grey=0.03,
        blur=0.05,
        noise=5,
        paste=0.04,
    ),
    margin=1.2,
    freeze_norm=True,
)

# A small network starts further away, as its weights are of 224 pixels: a higher rate, for longer.
_FINE_TUNING_SMALL = _FINE_TUNING._replace(epochs=12, learning_rate=5e-4)

NETWORKS = {
    "origin": Network(
        origin,
        64,
        "the teaching example: two convolutions, two poolings, one dense layer",
        Recipe(views=Views(zoom=(0.8, 1.2), shear=11.5)),  # Keras' shear_range=0.2 is in radians
        any_size=False,
    ),
    "compact": Network(
        compact,
        128,
        "plain 3x3 convolutions that learn from your photos alone",
        Recipe(
            epochs=150,
            batch=64,
            learning_rate=2e-3,
            schedule="cosine",
            warmup=0.05,
            weight_decay=0.05,
            smoothing=0.05,
            ema=0.999,
            cutmix=0.25,
            mixup=0.15,
            views=Views(zoom=(0.55, 1.05), aspect=1.33, rotation=12, light=1.4, colour=0.3, grey=0.05, erase=0.1),
            margin=1.34,
            grow=((0.3, 0.5), (0.6, 0.625), (0.9, 0.75)),
        ),
    ),
    "mobilenet": Network(
        _mobilenet(1.0), 160, "MobileNetV2 1.0 from ImageNet weights: the most accurate", _FINE_TUNING, backbone=1.0
    ),
    "mobilenet-small": Network(
        _mobilenet(0.35),
        112,
        "MobileNetV2 0.35 from ImageNet weights: small and fast",
        _FINE_TUNING_SMALL,
        backbone=0.35,
    ),
}


def build(network: Network, classes: int, side: int | None) -> keras.Model:
    """Return the untrained network: float32 (batch, side, side, 3) RGB 0..255 -> logits (batch, classes).

    With side None it takes pictures of any size, where the network ends in a global pooling.
    """
    pictures = keras.Input((side, side, 3), name="pictures")
    return keras.Model(pictures, network.build(pictures, classes))


def with_softmax(model: keras.Model, temperature: float = 1.0) -> keras.Model:
    """Return a network that gives probabilities, made from one that gives logits.

    The temperature goes into the last layer's weights, so that it costs nothing and no converter can lose it.
    """
    head = model.get_layer("logits")
    head.set_weights([weight / temperature for weight in head.get_weights()])
    return keras.Model(model.input, layers.Softmax(name="probabilities")(model.output))


def load_backbone(model: keras.Model, alpha: float, weights: Path | None) -> None:
    """Copy ImageNet weights into the MobileNetV2 layers of `model`.

    Args:
        weights: a `..._no_top.weights.h5` file made at any input size; None lets Keras download its own.

    Raises:
        InputError: the weights cannot be had, or are those of another network.
    """
    try:
        source = keras.applications.MobileNetV2(
            (224, 224, 3), alpha=alpha, include_top=False, weights=None if weights else "imagenet"
        )
        if weights:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a hundred of them before the error, where the shapes are others
                source.load_weights(weights)
    except (OSError, ValueError, KeyError) as fault:
        lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
        told = next((line for line in lines if not line.endswith(":")), type(fault).__name__)  # past Keras' heading
        line = told.split(". ")[0][:120]
        raise InputError(
            weights or "ImageNet weights",
            f"cannot be loaded as MobileNetV2 {alpha} without top ({line})",
            "Give the right file with --weights, or a network that needs none: --network compact",
        ) from None
    for layer in source.layers:
        if layer.weights:
            model.get_layer(layer.name).set_weights(layer.get_weights())
