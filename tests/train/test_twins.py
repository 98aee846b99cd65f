"""No photo is learned from whose near-duplicate judges."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.fit import fit
from tests.train.test_similar import scene
from train import similar
from train.dataset import Photo, load
from train.twins import FINGERPRINT, lesser, separate


def test_the_cached_picture_is_the_fingerprint() -> None:
    assert (fit(scene(1), FINGERPRINT) == similar.fingerprint(scene(1))).all()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten training and five test photos a class; the first three test photos are training photos, compressed anew."""
    for label, start in (("cat", 0), ("dog", 100)):
        for split, count in (("train", 10), ("test", 5)):
            target = tmp_path / "photos" / split / label
            target.mkdir(parents=True)
            for number in range(count):
                twin = split == "test" and number < 3
                image = scene(start + number + (50 if split == "test" and not twin else 0))
                quality = 60 if twin else 92
                cv2.imwrite(str(target / f"{number}.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return tmp_path / "photos"


def test_twins_of_test_photos_are_not_learned_from(folder: Path, tmp_path: Path) -> None:
    data = load([folder], {}, validation=0)
    apart = separate(data, tmp_path / "cache")
    assert [len(data.part("train")), len(data.part("test"))] == [20, 10]
    assert [len(apart.part("train")), len(apart.part("test"))] == [14, 10]
    assert apart.left_out == {"resembles a photo that judges": 6}
    learned = {(photo.label, photo.path.name) for photo in apart.part("train")}
    assert not learned & {(label, f"{n}.jpg") for label in ("cat", "dog") for n in range(3)}


def test_in_a_group_only_the_split_that_goes_first_stays() -> None:
    splits = ["train", "val", "test", "train", "val", "train", "train"]
    photos = [Photo(Path(str(n)), "a", split, str(n)) for n, split in enumerate(splits)]
    groups = np.array([0, 0, 0, 3, 3, 5, 5])
    assert lesser(photos, groups, ("train", "val", "test")) == [0, 1, 3]
    assert lesser(photos, groups, ("val", "train", "test")) == [0, 1, 4]


@pytest.mark.parametrize("chosen", [False, True])
@pytest.mark.parametrize("others", [0, 30])
def test_frames_of_a_camera_that_never_moves_are_learned_from(tmp_path: Path, chosen: bool, others: int) -> None:
    """Unless somebody chose some of them to validate with, or nothing else would be left for that."""
    root = tmp_path / "photos"
    for label, seed in (("cat", 1000), ("dog", 2000)):
        for number in range(40 + others):
            target = root / ("val" if chosen and number < 4 else "train") / label / f"{number}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng(number).integers(-3, 4, (180, 240, 3))
            image = scene(seed + max(0, number - 39)) + noise
            cv2.imwrite(str(target), np.clip(image, 0, 255).astype(np.uint8))
    data = load([root], {}, validation=0.2)
    apart = separate(data, tmp_path / "cache")
    stays = others and not chosen
    frames = [photo for photo in data.part("train") if int(photo.path.stem) < 40]
    learned = [photo for photo in apart.part("train") if int(photo.path.stem) < 40]
    assert learned == (frames if stays else [])
    assert apart.part("val")
