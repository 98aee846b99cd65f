"""Weights that int8 can hold: so that a model and its quantised file differ in the rounding of activations alone."""

import keras
import numpy as np
import numpy.typing as npt
from keras import layers


def rounded_to_int8(model: keras.Model, weights: list[npt.NDArray[np.float32]]) -> list[npt.NDArray[np.float32]]:
    """Return `weights` (in the order of model.get_weights()) with every kernel on the steps that int8 has for it.

    The converter gives each output channel a step of its own, a 127th of its largest weight, and folds
    BatchNormalization in as a factor per channel, which changes no weight's place on its steps (Jacob et al.,
    Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference, 2018).
    """
    values = list(weights)
    places = {id(variable): place for place, variable in enumerate(model.weights)}
    for layer in model.layers:
        if isinstance(layer, layers.DepthwiseConv2D | layers.Conv2D | layers.Dense):
            place = places[id(layer.kernel)]
            kernel = values[place]
            channels = (0, 1) if isinstance(layer, layers.DepthwiseConv2D) else tuple(range(kernel.ndim - 1))
            step = np.abs(kernel).max(channels, keepdims=True) / np.float32(127)
            values[place] = np.round(kernel / np.where(step > 0, step, 1)) * step
    return values
