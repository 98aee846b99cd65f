"""Pictures become vectors in which alike things lie near each other: what the search for wrong labels needs.

A backbone that has seen ImageNet serves best. Where there is none, gradients and colours serve for easy data sets;
the report says which it was and how often a classifier on it is right, so that nobody takes its guesses for more.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from edge.errors import InputError
from edge.quiet import quiet
from edge.record import file_digest

Vectors = npt.NDArray[np.float32]
ALPHAS = (1.0, 0.35, 0.5, 0.75, 1.3, 1.4)  # the widths that keras.applications knows, the likeliest first


class Features(NamedTuple):
    """A way from pictures to vectors."""

    name: str  # for people
    key: str  # of the cache; equal keys give equal vectors
    side: int  # pixels; the pictures are squashed to side x side
    compute: Callable[[npt.NDArray[np.uint8]], Vectors]  # uint8 (n, side, side, 3), BGR -> float32 (n, d)


def choose(network: str, weights: Path | None) -> tuple[Features, str]:
    """Return the features to use and, where they are second best, a sentence that says why.

    Args:
        network: "auto", "mobilenet", "simple", or the path of a .keras classifier.
        weights: MobileNetV2 weights without top; None lets Keras download its own.

    Raises:
        InputError: what was asked for by name cannot be had.
    """
    if network == "simple":
        return SIMPLE, ""
    if network.endswith(".keras"):
        return from_model(Path(network)), ""
    if network not in ("auto", "mobilenet"):
        remedy = "Choose auto, mobilenet, simple, none or the path of a .keras model"
        raise InputError(f"--network {network}", "is unknown", remedy)
    try:
        return mobilenet(weights), ""
    except InputError as fault:
        if weights or network == "mobilenet":
            raise
        return SIMPLE, f"No backbone: {fault.wrong}. Wrong labels are looked for by gradients and colours alone."


def _simple(pictures: npt.NDArray[np.uint8]) -> Vectors:
    return np.stack([np.concatenate([_gradients(picture), _colours(picture)]) for picture in pictures])


def _gradients(picture: npt.NDArray[np.uint8]) -> Vectors:
    """Return float32 (576,): histograms of gradient directions in 8 x 8 cells (Dalal and Triggs 2005)."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *order, ksize=1) for order in ((1, 0), (0, 1)))
    strength, angle = cv2.cartToPolar(across, down)
    bins = np.minimum((np.asarray(angle) % np.pi) / np.pi * 9, 8).astype(np.int64)
    rows, columns = np.indices(grey.shape) * 8 // SIMPLE.side
    histogram = np.bincount(((rows * 8 + columns) * 9 + bins).ravel(), np.asarray(strength).ravel(), 576)
    return (histogram / (np.linalg.norm(histogram) + 1e-6)).astype(np.float32)


def _colours(picture: npt.NDArray[np.uint8]) -> Vectors:
    """Return float32 (192,): an 8 x 8 thumbnail in Lab."""
    lab = cv2.cvtColor(cv2.resize(picture, (8, 8), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2Lab)
    return np.asarray((lab.astype(np.float32).ravel() - 128) / 1000, np.float32)


SIMPLE = Features("gradients and colours", "simple-1", 64, _simple)


def mobilenet(weights: Path | None) -> Features:
    """Return the 1,280 pooled features of MobileNetV2 (Sandler et al. 2018), trained on ImageNet, at 160 pixels.

    Raises:
        InputError: there are no weights, or they are those of another network.
    """
    if weights:
        _check(weights)
    with quiet(2):
        import keras
    alpha, source = _load_weights(keras, weights)
    with quiet(2):
        model = keras.applications.MobileNetV2(
            (160, 160, 3), alpha=alpha, include_top=False, weights=None, pooling="avg"
        )
    model.set_weights(source.get_weights())

    def compute(pictures: npt.NDArray[np.uint8]) -> Vectors:
        # The root evens out a few features that are huge in some photos and would decide every distance.
        return np.sqrt(np.maximum(_predict(model, _rgb(pictures) / 127.5 - 1), 0))

    digest = hashlib.sha256(b"".join(w.tobytes() for w in source.get_weights())).hexdigest()[:16]
    return Features(f"MobileNetV2 {alpha}", f"mobilenet-1-{alpha}-{digest}", 160, compute)


def _check(weights: Path) -> None:
    """Refuse what is no HDF5 file before TensorFlow takes seconds to import."""
    try:
        with weights.open("rb") as file:
            start = file.read(8)
    except OSError as fault:
        raise InputError(weights, f"cannot be read ({fault.strerror})", "Check --weights") from None
    if start != b"\x89HDF\r\n\x1a\n":
        raise InputError(weights, "is no MobileNetV2 without top (no HDF5)", "Give a ..._no_top.weights.h5 file")


def _load_weights(keras: Any, weights: Path | None) -> tuple[float, Any]:
    """Return the width and the network whose weights these are."""
    fault: Exception | None = None
    for alpha in ALPHAS if weights else ALPHAS[:1]:
        try:
            with quiet(1, 2):  # the download's progress bar and a dead network's retries
                source = keras.applications.MobileNetV2(
                    (224, 224, 3), alpha=alpha, include_top=False, weights=None if weights else "imagenet"
                )
                if weights:
                    source.load_weights(weights)
        except Exception as caught:  # h5py, urllib and Keras raise whatever they like here
            fault = caught
        else:
            return alpha, source
    wrong = f"({_reason(fault)})"
    if weights:
        raise InputError(weights, f"is no MobileNetV2 without top {wrong}", "Give a ..._no_top.weights.h5 file")
    raise InputError("ImageNet weights", f"they cannot be downloaded {wrong}", "Give a file with --weights FILE")


def from_model(path: Path) -> Features:
    """Return what enters the last dense layer of a .keras classifier of RGB 0..255, as python -m train makes them.

    Raises:
        InputError: the file is no such model.
    """
    with quiet(2):
        import keras
    try:
        model = keras.saving.load_model(path, compile=False)
        dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)][-1]
        inner = keras.Model(model.input, dense.input)
        side = int(model.input_shape[1])
    except Exception as fault:  # Keras raises whatever it likes for a damaged file
        wrong = f"gives no features ({_reason(fault)})"
        raise InputError(path, wrong, "Give a classifier made by python -m train") from None

    def compute(pictures: npt.NDArray[np.uint8]) -> Vectors:
        return _predict(inner, _rgb(pictures)).reshape(len(pictures), -1)

    return Features(path.name, f"keras-1-{file_digest(path)[:16]}", side, compute)


def _reason(fault: object) -> str:
    """Return the first line of what Keras says, past the address that it names first."""
    return str(fault).strip().split("\n")[0].rpartition(" -- ")[2][:100]


def _rgb(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return pictures[..., ::-1].astype(np.float32, order="C")


def _predict(model: Any, pictures: npt.NDArray[np.float32]) -> Vectors:
    """Run a network batch by batch; predict_on_batch, because predict leaks a little memory at every call."""
    parts = [np.asarray(model.predict_on_batch(pictures[i : i + 64])) for i in range(0, len(pictures), 64)]
    return np.concatenate(parts).astype(np.float32)
