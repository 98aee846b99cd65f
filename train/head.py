"""The last layer, fitted to features of a frozen backbone in closed form.

A random last layer would send its noise through the whole backbone in the first hundred steps.
"""

from collections.abc import Callable
from dataclasses import replace

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from train.calibrate import best_temperature
from train.feed import Samples, predict_logits


def features_of(model: keras.Model) -> keras.Model:
    """Return what gives the features that a network's last layer sees, float32 (batch, channels)."""
    return keras.Model(model.input, model.layers[-3].output)  # pooling, dropout, dense


def fit_head(model: keras.Model, samples: Samples, side: int) -> None:
    """Fit the layer `logits` to features that are computed of every photo once.

    Ridge regression on the labels, its answers scaled to be as sure as they are right.

    Args:
        model: pictures float32 (batch, side, side, 3) -> logits; its last three layers are pooling, dropout, dense.
        samples: what to fit it to, at any size.
        side: of the pictures that the features are to be those of, in pixels.
    """
    features = predict_logits(features_of(model), replace(samples, take=_at(side, samples.take)))
    mean, shares = features.mean(0), samples.targets.mean(0)
    features -= mean
    gram = (features.T @ features).astype(np.float64)
    penalty = 0.1 * np.trace(gram) / len(gram)  # relative, so that it fits any backbone and number of photos
    kernel = np.linalg.solve(gram + penalty * np.eye(len(gram)), features.T @ (samples.targets - shares))
    answers = (features @ kernel + shares).astype(np.float32)
    sureness = 6 / best_temperature(answers * 6, samples.targets.argmax(1))
    model.get_layer("logits").set_weights([kernel * sureness, (shares - mean @ kernel) * sureness])


Take = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.uint8]]


def _at(side: int, take: Take) -> Take:
    """Return `take` with pictures of this side."""

    def small(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        pixels = take(rows)
        if pixels.shape[1] == side:
            return pixels
        return np.asarray(tf.round(tf.image.resize(pixels, (side, side))), np.uint8)

    return small
