"""Mixing: what a picture is made of is what its target says, and it begins when something is known."""

import numpy as np
import pytest
import tensorflow as tf

from train.mix import mixed
from train.recipe import Recipe

STEPS = 400


def mix(recipe: Recipe, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Mix a batch of a black and a white picture; return the share of white in pictures and in targets."""
    images = tf.stack([tf.zeros((32, 32, 3)), tf.ones((32, 32, 3))])
    images, targets = mixed(images, tf.eye(2), tf.constant([1, step]), recipe, STEPS)
    return np.asarray(tf.reduce_mean(images, (1, 2, 3))), np.asarray(targets[:, 1])


@pytest.mark.parametrize("recipe", [Recipe(mixup=1.0), Recipe(cutmix=1.0), Recipe(mixup=0.5, cutmix=0.5)])
def test_the_target_is_what_the_picture_shows(recipe: Recipe) -> None:
    for step in range(STEPS // 2, STEPS):
        pictures, targets = mix(recipe, step)
        np.testing.assert_allclose(pictures, targets, atol=1e-5)


def test_mixing_rises_from_nothing_to_the_recipe_s_share() -> None:
    recipe = Recipe(mixup=0.3, cutmix=0.3)
    changed = np.array([mix(recipe, step)[0][0] > 0 for step in range(STEPS)])
    early, late = changed[: STEPS // 4].mean(), changed[-STEPS // 4 :].mean()
    assert early < 0.15
    assert 0.4 < late < 0.65


def test_without_mixing_nothing_changes() -> None:
    pictures, targets = mix(Recipe(), STEPS)
    assert pictures.tolist() == targets.tolist() == [0, 1]
