"""A photo goes through a network while every layer is watched; what was seen comes back as plain arrays.

Nothing is known of the network beforehand: its stages are found by following which layer takes what another gave. So
any Keras image classifier will do, nested ones too.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import layers

from edge.errors import InputError
from edge.fit import Image
from train.record import Trained

Floats = npt.NDArray[np.float32]

STAGES = 6  # as many rows fit on a page
_CONVOLUTIONS = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D, layers.Conv2DTranspose)
_POOLINGS = (layers.MaxPooling2D, layers.AveragePooling2D)


class Stage(NamedTuple):
    """After the first, second ... "convolution" or "pooling": maps float32 (height, width, channels), activated."""

    kind: str
    number: int
    maps: Floats


class Sight(NamedTuple):
    """All that was seen while one photo went through a network.

    Attributes:
        filters: float32 (filters, height, width, channels): the kernels of the first convolution; 3 channels, in the
            order of the network's input, or 1 where it sees something else than colours.
        stages: at most `STAGES`, the first convolution first.
        convolutions: how many the network has in all.
        vectors: the sizes of the rows of numbers that follow the last maps, the answer's last.
        probabilities: float32 (classes,).
        maps: class index -> float32 (height, width), evidence for the class, of any sign; see `class_map`.
        exact: whether `maps` are class activation maps, which add up to the answer, or Grad-CAM's approximation.
    """

    filters: Floats
    stages: tuple[Stage, ...]
    convolutions: int
    vectors: tuple[int, ...]
    probabilities: Floats
    maps: dict[int, Floats]
    exact: bool


class _Call(NamedTuple):
    """A layer at work: the tensors it took and the one it gave."""

    layer: Any
    taken: tuple[Any, ...]
    given: Any

    def is_spatial(self) -> bool:
        """True where it gave maps: (1, height, width, channels) of more than one place."""
        return _is_map(self.given)


def look(trained: Trained, picture: Image, classes: Callable[[Floats], Sequence[int]]) -> Sight:
    """Send a picture through a network and note what its layers make of it.

    Args:
        trained: the network.
        picture: uint8 (height, width, 3), as `edge.fit` gives it.
        classes: from the probabilities float32 (classes,) to the indices of the classes to make maps of.

    Raises:
        InputError: the network has no convolution.
    """
    photo = tf.constant(picture[np.newaxis], tf.float32)
    with tf.GradientTape(persistent=True) as tape, _watching() as calls:
        tape.watch(photo)
        scores, outputs = _scores(calls, trained.model(photo, training=False))
        probabilities = _array(outputs)
        # Softmax is blind to what all scores have in common: only what a class has beyond the mean is evidence.
        mean = tf.reduce_mean(scores[0])
        evidence = {index: scores[0, index] - mean for index in classes(probabilities)}
    found = _stages(calls)
    if not any(kind == "convolution" for kind, _, _ in found):
        raise InputError(trained.path, "has no convolution to look into", "Give a convolutional network")
    deepest, exact = _deepest_maps(calls, found)
    return Sight(
        _filters(calls),
        tuple(Stage(kind, number, _array(tensor)) for kind, number, tensor in _thin_out(found)),
        sum(isinstance(call.layer, _CONVOLUTIONS) and call.is_spatial() for call in calls),
        _vectors(calls),
        probabilities,
        {key: class_map(_array(deepest), _array(tape.gradient(value, deepest))) for key, value in evidence.items()},
        exact,
    )


def class_map(maps: Floats, gradient: Floats) -> Floats:
    """Return where in the picture the evidence for a class lies (Grad-CAM, Selvaraju et al., ICCV 2017, eq. 1 and 2).

    Each feature map counts by how much the class's score grows with it. Where the network ends in global average
    pooling and one dense layer these weights are the dense layer's own, and the result is the class activation map of
    Zhou et al. (CVPR 2016) divided by the number of places: its sum and the bias are the score.

    Args:
        maps: float32 (height, width, channels), the deepest feature maps.
        gradient: float32, of that shape: d score / d maps.

    Returns:
        float32 (height, width); what speaks against the class is negative (the papers' ReLU is left to the drawing).
    """
    weights = gradient.mean(axis=(0, 1))  # (channels,)
    return np.asarray(maps @ weights, np.float32)


@contextmanager
def _watching() -> Iterator[list[_Call]]:
    """Note every layer's call while the block runs.

    Keras can give a model of a model's inner tensors, but not across nested models, and nested names may clash.
    """
    calls: list[_Call] = []
    original = layers.Layer.__call__

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        given = original(layer, *args, **kwargs)
        if not isinstance(layer, keras.Model) and tf.is_tensor(given):  # a nested model's layers speak for it
            taken = [value for value in tf.nest.flatten((args, kwargs)) if tf.is_tensor(value)]
            calls.append(_Call(layer, tuple(taken), given))
        return given

    layers.Layer.__call__ = call
    try:
        yield calls
    finally:
        layers.Layer.__call__ = original


def _scores(calls: list[_Call], output: Any) -> tuple[Any, Any]:
    """Return the classes' scores before the last activation, and their probabilities, each (1, classes).

    The score is what the maps explain: a probability near 1 hardly depends on anything any more.
    """
    last = next((call for call in reversed(calls) if call.given is output), None)
    scores, kind = output, getattr(getattr(last and last.layer, "activation", None), "__name__", "")
    if last is not None and isinstance(last.layer, layers.Softmax):
        scores, kind = last.taken[0], "softmax"
    elif last is not None and kind in ("softmax", "sigmoid"):
        scores = _before_activation(last)
    if output.shape[1] == 1:  # one output is the second of two classes
        scores = tf.concat([tf.zeros_like(scores), scores], axis=1)
        return scores, tf.nn.softmax(scores)
    return scores, output if kind in ("softmax", "sigmoid") else tf.nn.softmax(scores)


def _before_activation(call: _Call) -> Any:
    if not isinstance(call.layer, layers.Dense):
        return call.taken[0]  # an Activation layer
    scores = call.taken[0] @ tf.cast(tf.convert_to_tensor(call.layer.kernel), call.taken[0].dtype)
    return scores if call.layer.bias is None else scores + tf.cast(tf.convert_to_tensor(call.layer.bias), scores.dtype)


def _stages(calls: list[_Call]) -> list[tuple[str, int, Any]]:
    """Return (kind, number of its kind, tensor) after each convolution and pooling, in order."""
    takers: dict[int, list[_Call]] = {}
    for call in calls:
        for tensor in call.taken:
            takers.setdefault(id(tensor), []).append(call)
    found: dict[int, tuple[str, int, Any]] = {}
    numbers = {"convolution": 0, "pooling": 0}
    for call in calls:
        if isinstance(call.layer, _CONVOLUTIONS + _POOLINGS) and call.is_spatial():
            kind = "convolution" if isinstance(call.layer, _CONVOLUTIONS) else "pooling"
            numbers[kind] += 1
            settled = _settle(call.given, takers)
            found[id(settled)] = (kind, numbers[kind], settled)
    return list(found.values())


def _settle(tensor: Any, takers: dict[int, list[_Call]]) -> Any:
    """Follow normalisation, sums and activations to where the next convolution or pooling, or a fork, takes over."""
    while len(following := takers.get(id(tensor), [])) == 1:
        call = following[0]
        if isinstance(call.layer, _CONVOLUTIONS + _POOLINGS) or call.given.shape[1:-1] != tensor.shape[1:-1]:
            break
        tensor = call.given
    return tensor


def _thin_out(found: list[tuple[str, int, Any]]) -> list[tuple[str, int, Any]]:
    """Keep the first and the last of each size where there are too many for a page; then evenly spaced ones."""
    if len(found) > STAGES:
        last_of_size = {tuple(row[2].shape[1:3]): row for row in found}
        found = [found[0], *(row for row in last_of_size.values() if row is not found[0])]
    if len(found) > STAGES:
        found = [found[round(i * (len(found) - 1) / (STAGES - 1))] for i in range(STAGES)]
    return found


def _deepest_maps(calls: list[_Call], found: list[tuple[str, int, Any]]) -> tuple[Any, bool]:
    """Return the maps that the answer is made of, (1, height, width, channels), and whether it is linear in them."""
    places = [i for i, call in enumerate(calls) if any(map(_is_map, call.taken)) and not call.is_spatial()]
    if not places:  # it ends in something that is no layer
        return found[-1][2], False
    call, after = calls[places[-1]], calls[places[-1] + 1 :]
    dense = [later.layer for later in after if later.layer.weights]
    if isinstance(call.layer, layers.GlobalAveragePooling2D):
        return call.taken[0], len(dense) == 1
    # Max pooling hands its gradient on to one place of each window: the maps before it give the same weights, finer.
    return next((row[2] for row in reversed(found) if row[0] == "convolution"), call.taken[0]), False


def _vectors(calls: list[_Call]) -> tuple[int, ...]:
    deepest = max(i for i, call in enumerate(calls) if call.is_spatial())
    sizes = [int(call.given.shape[1]) for call in calls[deepest:] if len(call.given.shape) == 2]
    return tuple(size for i, size in enumerate(sizes) if i == 0 or size != sizes[i - 1])


def _filters(calls: list[_Call]) -> Floats:
    kinds = (layers.Conv2D, _CONVOLUTIONS)  # an ordinary one, where there is any
    first = next(call.layer for kind in kinds for call in calls if isinstance(call.layer, kind))
    kernel = keras.ops.convert_to_numpy(first.kernel if hasattr(first, "kernel") else first.depthwise_kernel)
    filters = np.moveaxis(kernel.astype(np.float32), 3, 0)  # (filters, height, width, channels)
    return filters if filters.shape[3] == 3 else filters.mean(axis=3, keepdims=True)


def _is_map(tensor: Any) -> bool:
    return len(tensor.shape) == 4 and tensor.shape[1] * tensor.shape[2] > 1


def _array(tensor: Any) -> Floats:
    return np.asarray(tensor, np.float32)[0]
