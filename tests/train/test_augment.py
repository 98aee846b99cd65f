"""Augmentation: what it may change, and what it must leave alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from train.augment import RandomLight, RandomPaste, RandomView, Views

SEED = tf.constant([1, 7])


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """32 pictures of 24 x 24 pixels, float32: coarse patches between 20 and 200."""
    coarse = np.random.default_rng(1).uniform(20, 200, (32, 6, 6, 3)).astype(np.float32)
    return coarse.repeat(4, 1).repeat(4, 2)


def test_no_views_leave_a_picture_as_it_is(pictures: np.ndarray) -> None:
    seen = RandomLight(Views())(RandomView(Views(flip=False), 24)(pictures, seed=SEED), seed=SEED)
    assert np.abs(seen - pictures).max() < 0.01


def test_the_same_seed_gives_the_same_view_and_another_one_another(pictures: np.ndarray) -> None:
    view = RandomView(Views(zoom=(0.5, 1.2), aspect=1.5, rotation=15), 16)
    assert view(pictures, seed=SEED).shape == (32, 16, 16, 3)
    assert (view(pictures, seed=SEED).numpy() == view(pictures, seed=SEED).numpy()).all()
    assert np.abs(view(pictures, seed=SEED) - view(pictures, seed=SEED + 1)).max() > 20


def test_light_changes_brightness_within_its_bounds(pictures: np.ndarray) -> None:
    plain = np.full_like(pictures, 60)
    means = RandomLight(Views(light=2.0))(plain, seed=SEED).numpy().mean((1, 2, 3))
    assert means.max() > 70
    assert means.min() < 50
    assert means.min() >= 60 / 2 * 0.7  # the tone curve takes a little more
    assert means.max() <= 60 * 2 * 1.3


def test_grey_pictures_have_no_colour_but_their_light(pictures: np.ndarray) -> None:
    grey = RandomLight(Views(grey=1.0))(pictures, seed=SEED).numpy()
    assert np.ptp(grey, axis=-1).max() < 0.01
    assert np.abs(grey[..., 0] - pictures @ np.array([0.299, 0.587, 0.114], np.float32)).max() < 0.1


def test_noise_has_no_mean_and_at_most_the_stated_deviation(pictures: np.ndarray) -> None:
    noise = RandomLight(Views(noise=12))(pictures, seed=SEED).numpy() - pictures
    deviations = noise.std((1, 2, 3))
    assert deviations.max() <= 12.5
    assert deviations.min() < 4
    assert np.abs(noise.mean()) < 0.5


def test_some_pictures_are_shown_small_in_a_scene_of_the_fallback(pictures: np.ndarray) -> None:
    targets = np.eye(3, dtype=np.float32)[[0, 1] * 14 + [2] * 4]
    scenes = pictures.copy()
    scenes[28:] = 255.0  # brighter than any other picture
    shown = RandomPaste(0.25, 2)(scenes, targets, seed=SEED).numpy()
    assert (shown[8:] == scenes[8:]).all()
    for picture in shown[:4]:  # as many as there are scenes
        outside = (picture == 255).all(-1)
        assert 0.4 < outside.mean() < 0.95
        assert picture[~outside].min() >= 20
        assert picture[~outside].max() <= 200
    for picture in shown[4:8]:  # on their own colours
        assert picture.max() <= 201


@pytest.mark.parametrize("fallback", [None, 1])
def test_without_a_scene_the_pictures_own_colours_serve(pictures: np.ndarray, fallback: int | None) -> None:
    targets = np.eye(2, dtype=np.float32)[[0] * 32]
    shown = RandomPaste(1.0, fallback)(pictures, targets, seed=SEED).numpy()
    assert shown.shape == pictures.shape
    assert np.abs(shown.mean((1, 2)) - pictures.mean((1, 2))).max() < 25
    assert np.abs(shown - pictures).max((1, 2, 3)).min() > 20


def test_half_precision_leaves_augmentation_in_full(pictures: np.ndarray) -> None:
    views = Views(zoom=(0.5, 1.2), light=1.5, colour=0.3, grey=0.1, blur=0.2, noise=10, erase=0.2)
    targets = np.eye(2, dtype=np.float32)[[0] * 32]

    def seen() -> tf.Tensor:
        images = RandomPaste(0.2, None)(RandomView(views, 24)(pictures, seed=SEED), targets, seed=SEED)
        return RandomLight(views)(images, seed=SEED)

    full = seen()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = seen()
    finally:
        keras.config.set_dtype_policy("float32")
    assert half.dtype == tf.float32
    assert (half.numpy() == full.numpy()).all()
