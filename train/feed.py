"""What a network is fed, and what it answers."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf


@dataclass(frozen=True)
class Samples:
    """Pictures and what they show."""

    take: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.uint8]]  # int64 (n,) -> uint8 (n, height, width, 3), RGB
    targets: npt.NDArray[np.float32]  # (photos, classes), rows that sum to 1
    origins: npt.NDArray[np.int64]  # (photos,), number of the DATA folder that each came from

    def __len__(self) -> int:
        return len(self.targets)


def ahead(items: Iterator[Any]) -> Iterator[Any]:
    """Yield `items`, always preparing the next two in another thread."""
    with ThreadPoolExecutor(1) as pool:
        waiting = [pool.submit(next, items, None) for _ in range(2)]
        while (item := waiting.pop(0).result()) is not None:
            waiting.append(pool.submit(next, items, None))
            yield item


def predict_logits(model: keras.Model, samples: Samples, batch: int = 256) -> npt.NDArray[np.float32]:
    """Return the network's outputs float32 (photos, classes) for pictures of its own size."""
    forward = _forward(model)
    parts = [
        forward(tf.constant(samples.take(np.arange(start, min(start + batch, len(samples))))))
        for start in range(0, len(samples), batch)
    ]
    return np.concatenate([np.asarray(part, np.float32) for part in parts])


def _forward(model: keras.Model) -> Any:
    """Return the compiled forward pass of a model, kept with the model so that it is compiled once."""
    if not hasattr(model, "_catdog_forward"):
        model._catdog_forward = tf.function(
            lambda pixels: model(tf.cast(pixels, tf.float32), training=False),
            input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)],
        )
    return model._catdog_forward
