"""The fit rule, held against a slow honest twin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.fit import FitRule, crop_box, fit


def slow_linear(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize by the textbook: half-pixel centres, two by two source pixels, the border repeated."""
    result = np.empty((height, width, 3))
    for y in range(height):
        for x in range(width):
            v = min(max((y + 0.5) * image.shape[0] / height - 0.5, 0), image.shape[0] - 1)
            u = min(max((x + 0.5) * image.shape[1] / width - 0.5, 0), image.shape[1] - 1)
            top, left = int(v), int(u)
            bottom, right = min(top + 1, image.shape[0] - 1), min(left + 1, image.shape[1] - 1)
            dv, du = v - top, u - left
            upper = image[top, left] * (1 - du) + image[top, right] * du
            lower = image[bottom, left] * (1 - du) + image[bottom, right] * du
            result[y, x] = upper * (1 - dv) + lower * dv
    return result


@pytest.mark.parametrize("shape", [(17, 23), (48, 64), (9, 5)])
def test_linear_is_the_textbook_resize(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    fitted = fit(image, FitRule(11, 13, colour="BGR"))
    assert np.abs(fitted - slow_linear(image, 11, 13)).max() <= 1


def test_area_is_the_mean_of_the_pixels_below() -> None:
    image = np.random.default_rng(2).integers(0, 256, (24, 36, 3), np.uint8)
    expected = image.reshape(6, 4, 6, 6, 3).mean((1, 3))
    assert np.abs(fit(image, FitRule(6, 6, interpolation="area", colour="BGR")) - expected).max() <= 1


@pytest.mark.parametrize(("shape", "halvings"), [((15, 90), 0), ((24, 36), 1), ((51, 77), 2), ((200, 137), 3)])
def test_a_mipmap_is_halved_by_means_of_four_and_then_resized(shape: tuple[int, int], halvings: int) -> None:
    image = np.random.default_rng(4).integers(0, 256, (*shape, 3), np.uint8)
    halved = image.astype(float)
    for _ in range(halvings):
        height, width = halved.shape[0] // 2, halved.shape[1] // 2
        halved = halved[: 2 * height, : 2 * width].reshape(height, 2, width, 2, 3).mean((1, 3))
    fitted = fit(image, FitRule(12, 10, interpolation="mipmap", colour="BGR"))
    assert np.abs(fitted - slow_linear(halved, 12, 10)).max() <= 2


def test_colours_are_ordered_as_the_rule_says() -> None:
    blue = np.zeros((4, 4, 3), np.uint8)
    blue[..., 0] = 255
    assert fit(blue, FitRule(2, 2))[0, 0].tolist() == [0, 0, 255]
    assert fit(blue, FitRule(2, 2, colour="BGR"))[0, 0].tolist() == [255, 0, 0]


def test_centre_keeps_the_middle_and_none_keeps_all() -> None:
    image = np.zeros((10, 30, 3), np.uint8)
    image[:, 10:20] = 255
    assert fit(image, FitRule(8, 8, "centre")).min() == 255
    assert fit(image, FitRule(8, 8, "none")).min() == 0


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 512), st.integers(1, 512))
def test_the_crop_lies_inside_and_has_the_inputs_shape(height: int, width: int, rule_h: int, rule_w: int) -> None:
    top, left, kept_height, kept_width = crop_box(height, width, FitRule(rule_h, rule_w, "centre"))
    assert min(top, left) >= 0
    assert 1 <= kept_height <= height - top
    assert 1 <= kept_width <= width - left
    assert kept_height == height or kept_width == width
    assert abs(kept_width * rule_h - kept_height * rule_w) <= max(rule_h, rule_w)


def test_buffers_are_written_in_place_and_follow_the_picture() -> None:
    random = np.random.default_rng(3)
    rule = FitRule(8, 8, interpolation="mipmap")
    out, scratch = np.zeros((8, 8, 3), np.uint8), {}
    for shape in ((48, 64, 3), (48, 64, 3), (90, 30, 3), (8, 8, 3)):
        image = random.integers(0, 256, shape, np.uint8)
        assert fit(image, rule, out, scratch) is out
        assert (out == fit(image, rule)).all()


@pytest.mark.parametrize(
    ("shape", "dtype"), [((4, 4), "uint8"), ((4, 4, 4), "uint8"), ((4, 4, 3), "float32"), ((0, 4, 3), "uint8")]
)
def test_what_is_no_colour_picture_is_refused(shape: tuple[int, ...], dtype: str) -> None:
    with pytest.raises(ValueError, match="uint8"):
        fit(np.zeros(shape, dtype), FitRule(2, 2))
