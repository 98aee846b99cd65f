"""What a network is told of its answers: by the photos' labels, and by teachers."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from train.recipe import Recipe


def taught(teachers: Sequence[keras.Model], images: Any, recipe: Recipe) -> Any:
    """Return the mean of the teachers' softened answers (batch, classes) on these pictures; None without a teacher."""
    if not teachers:
        return None
    answers = []
    for teacher in teachers:
        side = int(teacher.input.shape[1])
        probabilities = teacher(tf.image.resize(images, (side, side)), training=False)
        answers.append(tf.nn.softmax(tf.math.log(tf.maximum(probabilities, 1e-6)) / recipe.teacher_temperature))
    return tf.stop_gradient(tf.add_n(answers) / len(answers))


def loss_of_held(features: Any, start: Any, recipe: Recipe) -> Any:
    """Return this worker's share of the batch's mean loss for features (of this worker, channels) that left `start`."""
    cosine = tf.reduce_sum(tf.math.l2_normalize(features, 1) * tf.math.l2_normalize(start, 1), 1)
    return recipe.hold * tf.reduce_sum(1 - cosine) / recipe.batch


def loss_of(logits: Any, targets: Any, taught: Any, recipe: Recipe, shares: npt.NDArray[np.float32]) -> Any:
    """Return this worker's share of the batch's mean loss.

    Args:
        logits: float32 (of this worker, classes).
        targets: likewise, rows that sum to 1.
        taught: likewise, the teachers' answers; or None.
        recipe: of the run.
        shares: of the classes among the photos, float32 (classes,).
    """
    classes = len(shares)
    smooth = targets * (1 - recipe.smoothing) + recipe.smoothing / classes
    losses = tf.nn.softmax_cross_entropy_with_logits(smooth, logits)
    if taught is not None:
        heat = recipe.teacher_temperature
        soft = tf.nn.softmax_cross_entropy_with_logits(taught, logits / heat) * heat**2
        losses = recipe.teacher_weight * soft + (1 - recipe.teacher_weight) * losses
    if recipe.class_weights:
        losses *= tf.reduce_sum(targets / (tf.constant(shares) * classes), 1)
    return tf.reduce_sum(losses) / recipe.batch
