"""Small Keras networks of every form that a person may bring: by hand, untrained, or trained for a moment."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from keras import layers

# Range of the pixels that a network takes -> (scale, offset) that makes 0..1 of them.
TO_UNIT = {"0..255": (1 / 255, 0.0), "0..1": (1.0, 0.0), "-1..1": (0.5, 0.5)}


def colours(
    path: Path, takes: str = "0..255", ending: str = "softmax", scaled: bool = True, lopsided: bool = False
) -> Path:
    """Save a network that knows red, green and blue from birth, and return `path`.

    Args:
        path: the .keras file.
        takes: range of its pixels, a key of TO_UNIT.
        ending: activation at its end. One sigmoid, and "logit", mean red with 1 and blue with 0.
        scaled: scale pixels by a Rescaling layer, from which the range can be seen; else by a convolution.
        lopsided: put a channel into it that is 3,000 times the others: int8's 256 steps lose these.
    """
    scale, offset = TO_UNIT[takes]
    x = picture = keras.Input((24, 24, 3))
    x = layers.Rescaling(scale, offset)(x) if scaled else _mixed(x, np.eye(3) * scale, "scale", offset)
    if lopsided:
        x = _mixed(x, np.hstack([np.eye(3), np.full((3, 1), 3000.0)]), "lopsided")
        x = _mixed(x, np.vstack([np.eye(3), np.full((1, 3), 1e-6)]), "balanced")
    x = layers.GlobalAveragePooling2D()(x)
    one = ending in ("sigmoid", "logit")
    activation = None if ending in ("logit", "logits") else ending
    head = layers.Dense(1 if one else 3, activation=activation, name="head")
    x = head(x)
    weights = np.array([[1.0], [0.0], [-1.0]]) if one else np.eye(3)
    head.set_weights([10 * weights, np.zeros(weights.shape[1])])
    keras.Model(picture, x).save(path)
    return path


def _mixed(x: Any, matrix: Any, name: str, bias: float = 0.0) -> Any:
    """Mix the channels by a 1 x 1 convolution of fixed weights, with a ReLU."""
    layer = layers.Conv2D(len(matrix[0]), 1, activation="relu", name=name)
    x = layer(x)
    layer.set_weights([np.reshape(matrix, (1, 1, *np.shape(matrix))), np.full(len(matrix[0]), bias)])
    return x


def tutorial(path: Path, photos: Path) -> Path:
    """Save a tutorial's Sequential, trained for a moment on blue (0) against red (1); its pixels are 0..1."""
    keras.utils.set_random_seed(1)
    pooled = [layer for _ in range(2) for layer in (layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D())]
    head = [layers.Flatten(), layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")]
    network = keras.Sequential([keras.Input((32, 32, 3)), *pooled, *head])
    files = [(path, name == "red") for name in ("blue", "red") for path in sorted((photos / name).iterdir())]
    pictures = [cv2.resize(cv2.imread(str(path)), (32, 32))[..., ::-1] / 255 for path, _ in files]
    network.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    network.fit(np.array(pictures), np.array([float(red) for _, red in files]), 8, 4, verbose=0)
    network.save(path)
    return path


def keras_io(path: Path, side: int = 48, stem: int = 8, widths: Sequence[int] = (16, 24, 32), top: int = 40) -> Path:
    """Save the network of keras.io's "Image classification from scratch" (cats against dogs), small and untrained.

    There it is of side 180, stem 128, widths 256, 512, 728 and top 1024.

    An Xception-like chain: a strided convolution, blocks of two separable convolutions and a pooling with a strided
    1 x 1 convolution around them, one more separable convolution, and a single logit after dropout. Pixels are
    scaled inside.
    """
    keras.utils.set_random_seed(1)
    picture = keras.Input((side, side, 3))
    x = layers.Rescaling(1.0 / 255)(picture)
    x = layers.Conv2D(stem, 3, strides=2, padding="same")(x)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    past = x
    for width in widths:
        for _ in range(2):
            x = layers.SeparableConv2D(width, 3, padding="same")(layers.Activation("relu")(x))
            x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = layers.add([x, layers.Conv2D(width, 1, strides=2, padding="same")(past)])
        past = x
    x = layers.SeparableConv2D(top, 3, padding="same")(x)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.Dropout(0.25)(layers.GlobalAveragePooling2D()(x))
    keras.Model(picture, layers.Dense(1, activation=None)(x)).save(path)
    return path
