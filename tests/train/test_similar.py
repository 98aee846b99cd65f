"""Near-duplicates are found through what happens to photos on the web; different photos stay apart."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from edge.photo import find_photos, read_photo
from tests.conftest import ROOT
from train import similar

DEMO = ROOT / "edge" / "demo"
Image = np.ndarray


def scene(seed: int, height: int = 180, width: int = 240) -> Image:
    """Return a picture with a photo's spectrum: noise of all scales, each as strong as it is large, and an object."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for side in (2, 4, 8, 16, 32, 64):
        noise = rng.normal(0, 60 / side**0.6, (side, side, 3)).astype(np.float32)
        total += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    image = np.clip(total + rng.uniform(80, 170, 3), 0, 255).astype(np.uint8)
    centre = (int(width * rng.uniform(0.25, 0.75)), int(height * rng.uniform(0.25, 0.75)))
    turn, colour = float(rng.uniform(0, 180)), rng.integers(0, 255, 3).tolist()
    cv2.ellipse(image, centre, (width // 6, height // 7), turn, 0, 360, colour, -1)
    return image


def stamped(image: Image) -> Image:
    """Return a copy with a shop's mark in its corner."""
    image = image.copy()
    image[int(image.shape[0] * 0.9) :, : int(image.shape[1] * 0.3) + 1] = 255
    return image


def jpeg(image: Image, quality: int) -> Image:
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def _inner(length: int) -> slice:
    return slice(round(0.03 * length), round(0.97 * length))


COPIES: dict[str, Callable[[Image], Image]] = {
    "the same": lambda image: image,
    "half size": lambda image: cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "enlarged": lambda image: cv2.resize(image, None, fx=1.7, fy=1.7, interpolation=cv2.INTER_CUBIC),
    "squashed to a square": lambda image: cv2.resize(image, (100, 100)),
    "compressed anew": lambda image: jpeg(image, 30),
    "grey": lambda image: cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR),
    "brighter": lambda image: np.clip(image * 1.2 + 8, 0, 255).astype(np.uint8),
    "cut by 3 % each side": lambda image: image[_inner(image.shape[0]), _inner(image.shape[1])],
    "stamped": stamped,
    "mirrored": lambda image: np.ascontiguousarray(image[:, ::-1]),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_found(name: str) -> None:
    images = [read_photo(path) for path in find_photos(DEMO)] + [scene(seed) for seed in range(12)]
    prints = np.stack([similar.fingerprint(image) for image in [*images, *map(COPIES[name], images)]])
    found = similar.pairs(prints)
    assert {pair[:2] for pair in found} <= {(i, i + len(images)) for i in range(len(images))}
    assert len(found) >= len(images) - (4 if name == "stamped" else 1)
    assert all(pair.mirrored == (name == "mirrored") for pair in found)


def test_different_photos_are_not_paired() -> None:
    prints = np.stack([similar.fingerprint(scene(seed, 60, 80)) for seed in range(600)])
    assert similar.pairs(prints) == []


def test_pictures_in_the_same_frame_are_not_paired() -> None:
    def framed(seed: int) -> Image:
        image = scene(seed)
        return cv2.copyMakeBorder(image, 30, 30, 30, 30, cv2.BORDER_CONSTANT, value=(255, 255, 255))

    assert similar.pairs(np.stack([similar.fingerprint(framed(seed)) for seed in range(60)])) == []


def test_blank_pictures_are_not_paired() -> None:
    # A lens cap: all have the same faint glow, and nothing else.
    glow = (cv2.getGaussianKernel(50, 20) @ cv2.getGaussianKernel(50, 20).T)[..., None]
    blank = [(level + 1.5 * glow / glow.max()).repeat(3, 2).astype(np.uint8) for level in range(10, 250, 10)]
    assert similar.pairs(np.stack([similar.fingerprint(image) for image in blank])) == []


def test_a_picture_with_an_empty_middle_is_paired_with_its_copy_alone() -> None:
    def card(words: str) -> Image:
        image = np.full((160, 160, 3), 255, np.uint8)
        cv2.putText(image, words, (2, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2)
        cv2.rectangle(image, (1, 1), (158, 158), (0, 0, 255), 2)
        return image

    cards = [card("ABCDEFG"), jpeg(card("ABCDEFG"), 60)]
    assert [(p.first, p.second) for p in similar.pairs(np.stack(list(map(similar.fingerprint, cards))))] == [(0, 1)]


def test_groups_join_chains_under_their_first_photo() -> None:
    image = scene(0)
    images = [scene(1), image, scene(2), jpeg(image, 40), cv2.resize(image, (90, 90)), scene(3)]
    assert similar.groups(np.stack(list(map(similar.fingerprint, images)))).tolist() == [0, 1, 2, 1, 1, 5]


def test_join_is_transitive_in_any_order() -> None:
    found = [similar.Pair(3, 4, 1.0, False), similar.Pair(1, 3, 1.0, False), similar.Pair(0, 4, 1.0, False)]
    assert similar.join(6, found).tolist() == [0, 0, 2, 0, 0, 5]


def test_the_result_is_the_same_in_every_run_and_for_any_block(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [scene(seed) for seed in range(8)] + [jpeg(scene(seed), 50) for seed in range(8)]
    prints = np.stack(list(map(similar.fingerprint, images)))
    whole = similar.pairs(prints)
    monkeypatch.setattr(similar, "_BLOCK", 3)
    assert [pair[:2] for pair in similar.pairs(prints)] == [pair[:2] for pair in whole]
    assert len(whole) == 8


def test_no_photo_and_one_photo_are_fine() -> None:
    assert similar.groups(np.empty((0, 32, 32, 3), np.uint8)).tolist() == []
    assert similar.groups(similar.fingerprint(scene(0))[None]).tolist() == [0]


def test_a_fingerprint_is_small_and_the_same_for_a_squashed_copy() -> None:
    image = scene(4, 300, 600)
    squashed = cv2.resize(image, (300, 300), interpolation=cv2.INTER_AREA)
    prints = [similar.fingerprint(picture) for picture in (image, squashed)]
    assert prints[0].nbytes == 3072
    assert np.abs(prints[0].astype(int) - prints[1]).max() <= 3


def test_a_hundred_frames_of_one_video_are_one_group() -> None:
    image = scene(5, 64, 64)
    rng = np.random.default_rng(0)
    prints = np.stack([similar.fingerprint(image)] * 100)  # more than a photo has candidates
    prints = np.clip(prints.astype(int) + rng.integers(-3, 4, prints.shape), 0, 255).astype(np.uint8)
    assert set(similar.groups(prints).tolist()) == {0}
