"""The corruptions: each does what its name and its number say, to photos of any size, the same for the same seed."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.fit import Image
from tests.conftest import ROOT
from train.corruptions import CORRUPTIONS, STRENGTHS, Corruption, corrupt

BY_NAME = {corruption.name: corruption for corruption in CORRUPTIONS}


def scene(height: int = 60, width: int = 90) -> Image:
    """Return a smooth coloured picture, away from black and white, with a sharp square in its middle."""
    rows, columns = np.mgrid[0:height, 0:width]
    image = np.stack([60 + columns, 90 + rows, 120 - rows // 2], axis=-1).clip(0, 200).astype(np.uint8)
    image[height // 3 : height // 2, width // 3 : width // 2] = (40, 60, 160)
    return image


def under(name: str, strength: str, image: Image | None = None, seed: int = 1) -> np.ndarray:
    given_image = scene() if image is None else image
    return corrupt(given_image, BY_NAME[name], strength, (seed,)).astype(np.float64)


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda corruption: corruption.name)
def test_each_is_pure_and_seeded_and_stronger_when_stronger(corruption: Corruption) -> None:
    image = scene()
    before = image.copy()
    results = [corrupt(image, corruption, strength, (7, 3)) for strength in STRENGTHS]
    again = [corrupt(image, corruption, strength, (7, 3)) for strength in STRENGTHS]
    assert np.array_equal(image, before)
    assert all(np.array_equal(one, two) for one, two in zip(results, again, strict=True))
    sized = [cv2.resize(result, (90, 60)).astype(np.float64) for result in results]
    away = [float(np.abs(result - image).mean()) for result in sized]
    assert away[0] > 0
    if corruption.name not in ("squashed", "small in the frame"):  # which have tests of their own below
        assert away[0] < away[1] < away[2]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 3))
def test_photos_of_any_size_stay_photos(height: int, width: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    for corruption in CORRUPTIONS:
        for strength in STRENGTHS:
            result = corrupt(image, corruption, strength, (seed,))
            assert result.dtype == np.uint8
            assert result.ndim == 3
            assert result.shape[2] == 3
            assert result.size
            if corruption.name != "squashed":
                assert result.shape == image.shape


def test_light_is_halved_and_doubled_in_stops() -> None:
    flat = np.full((8, 8, 3), 100, np.uint8)
    for strength, stops in zip(STRENGTHS, BY_NAME["dark"].strengths, strict=True):
        light = (under("dark", strength, flat).mean() / 255) ** 2.2
        assert light == pytest.approx((100 / 255) ** 2.2 / 2**stops, rel=0.06)
    assert (under("bright", "moderate", flat).mean() / 100) ** 2.2 == pytest.approx(2, rel=0.02)
    assert under("bright", "strong", np.full((8, 8, 3), 230, np.uint8)).min() == 255


def test_noise_has_the_stated_deviation() -> None:
    flat = np.full((200, 200, 3), 128, np.uint8)
    for strength, deviation in zip(STRENGTHS, BY_NAME["noise"].strengths, strict=True):
        noisy = under("noise", strength, flat)
        assert noisy.std() == pytest.approx(deviation, rel=0.02)
        assert noisy.mean() == pytest.approx(128, abs=0.5)


def test_blur_spreads_a_point_as_far_as_stated() -> None:
    point = np.zeros((200, 300, 3), np.uint8)
    point[95:106, 145:156] = 255
    spread = under("blur", "strong", point)[:, :, 0].sum(0)
    middle = (spread * np.arange(300)).sum() / spread.sum()
    variance = (spread * (np.arange(300) - middle) ** 2).sum() / spread.sum()
    of_the_square = (11**2 - 1) / 12
    assert np.sqrt(variance - of_the_square) == pytest.approx(0.02 * 200, rel=0.05)


def test_a_turn_has_the_stated_angle_and_both_sides_occur() -> None:
    line = np.zeros((101, 101, 3), np.uint8)
    line[49:52, 20:81] = 255
    angles = []
    for seed in range(12):
        rows, columns = np.nonzero(under("rotation", "moderate", line, seed)[:, :, 0] > 128)
        angles.append(np.degrees(np.arctan2(*np.polyfit(columns, rows, 1)[:1], 1)))
    assert np.abs(angles) == pytest.approx(20, abs=1)
    assert {round(angle / 20) for angle in angles} == {-1, 1}


def test_small_in_the_frame_keeps_the_photo_near_the_middle_and_no_shape_elsewhere() -> None:
    image = scene(120, 160)
    for strength, size in (("mild", (112, 84)), ("moderate", (80, 60)), ("strong", (56, 42))):
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        for seed in range(4):
            frame = corrupt(image, BY_NAME["small in the frame"], strength, (seed,))
            left, top = cv2.minMaxLoc(cv2.matchTemplate(frame, small, cv2.TM_SQDIFF))[2]
            assert np.array_equal(frame[top : top + size[1], left : left + size[0]], small)
            assert (120 - size[1]) // 4 - 1 <= top <= 3 * (120 - size[1]) // 4
            assert (160 - size[0]) // 4 - 1 <= left <= 3 * (160 - size[0]) // 4
            rest = frame.astype(float)
            rest[top - 1 : top + size[1] + 1, left - 1 : left + size[0] + 1] = np.nan
            assert np.nanmax(np.abs(np.diff(rest, axis=1))) <= 4  # smooth: the sharp square is only in the small one


def test_squashing_changes_the_ratio_and_keeps_the_area() -> None:
    ratios = set()
    for seed in range(12):
        height, width = under("squashed", "strong", scene(100, 100), seed).shape[:2]
        assert height * width == pytest.approx(10_000, rel=0.02)
        ratios.add(round(width / height, 1))
    assert ratios == {0.5, 2.0}


def test_grey_at_full_strength_has_no_colour_left() -> None:
    strong = under("grey", "strong")
    assert np.array_equal(strong[..., 0], strong[..., 1])
    assert np.array_equal(strong[..., 0], strong[..., 2])
    spread = [np.ptp(under("grey", strength), axis=2).mean() for strength in ("mild", "moderate")]
    assert spread == pytest.approx([np.ptp(scene().astype(float), axis=2).mean() * s for s in (0.5, 0.2)], rel=0.1)


def test_a_colour_cast_is_warm_or_cold() -> None:
    flat = np.full((8, 8, 3), 100, np.uint8)
    casts = {tuple(np.sign(under("colour cast", "mild", flat, seed)[0, 0] - 100)) for seed in range(12)}
    assert casts == {(-1, 0, 1), (1, 0, -1)}


def test_jpeg_leaves_blocks_of_eight() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    strong = under("JPEG", "strong", noise)[:, :, 1]
    steps = np.abs(np.diff(strong, axis=1)).mean(0)
    assert steps[7::8].mean() > 1.1 * np.delete(steps, np.s_[7::8]).mean()


def test_the_page_about_them_states_the_same_strengths() -> None:
    page = (ROOT / "docs" / "evaluate.md").read_text()
    for corruption in CORRUPTIONS:
        row = next(line for line in page.splitlines() if line.startswith(f"| {corruption.name} |"))
        assert row.endswith("| " + " | ".join(f"{value:g}" for value in corruption.strengths) + " |")
