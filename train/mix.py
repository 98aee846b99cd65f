"""Mixing of pictures with one another, and of what they show."""

from typing import Any

import tensorflow as tf

from train.recipe import Recipe


def mixed(images: Any, targets: Any, seed: Any, recipe: Recipe, steps: int) -> Any:
    """Mix each picture with its neighbour in the batch, whole (mixup) or by a rectangle (cutmix), or not at all.

    The shares rise from nothing to the recipe's over the run: a network that knows nothing yet learns little from
    mixtures (Tan and Le, EfficientNetV2, 2021).

    Args:
        images: float32 (batch, side, side, 3).
        targets: float32 (batch, classes).
        seed: int32 (2,): of the run, and the number of the step.
        recipe: how many, at most.
        steps: of the whole run.
    """
    if not (recipe.mixup or recipe.cutmix):
        return images, targets
    done = tf.cast(seed[1], tf.float32) / steps
    mixup, cutmix = recipe.mixup * done, recipe.cutmix * done
    draw = [tf.random.stateless_uniform((), tf.stack([seed[0], seed[1] * 64 + 40 + i])) for i in range(4)]
    share = tf.where(draw[0] < mixup, 0.5 * draw[1], 0.0)  # of the neighbour
    side = tf.cast(tf.shape(images)[1], tf.float32)
    line = (tf.range(side) + 0.5) / side
    length = tf.sqrt(0.5 * draw[1])
    top, left = draw[2] * (1 - length), draw[3] * (1 - length)
    rows, columns = (line >= top) & (line < top + length), (line >= left) & (line < left + length)
    box = tf.cast(rows[:, None] & columns[None, :], tf.float32)[None, :, :, None]
    cut = tf.logical_and(draw[0] >= mixup, draw[0] < mixup + cutmix)
    mask = tf.where(cut, box, tf.fill(tf.shape(box), share))
    share = tf.reduce_mean(mask)
    other = tf.roll(images, 1, 0)
    images = images + (other - images) * mask
    return images, targets + (tf.roll(targets, 1, 0) - targets) * share
