"""Folders become a table; content alone decides where a photo goes."""

import shutil
from pathlib import Path

import pytest

from edge.errors import InputError
from tests.conftest import write_photos
from train.dataset import load


def where(folder: Path, **options: object) -> dict[str, str]:
    return {photo.digest: photo.split for photo in load([folder], {}, **options).photos}


def test_classes_are_folders_and_labels_can_be_chosen(photos: Path) -> None:
    assert load([photos], {}).labels == ("blue", "green", "red")
    assert load([photos], {"red": "cat", "green": "dog", "blue": "dog"}).labels == ("cat", "dog")


@pytest.mark.parametrize("names", [("train", "val", "test"), ("training_set", "validation", "test_set")])
def test_splits_are_read_from_folders(tmp_path: Path, names: tuple[str, str, str]) -> None:
    for position, name in enumerate(names):
        write_photos(tmp_path / name, count=2 + position, seed=100 * position)
    data = load([tmp_path], {})
    assert [len(data.part(split)) for split in ("train", "val", "test")] == [6, 9, 12]


def test_several_folders_merge_by_class(tmp_path: Path) -> None:
    first = write_photos(tmp_path / "a", ("red", "green"), count=3)
    second = write_photos(tmp_path / "b", ("blue",), count=4)
    third = write_photos(tmp_path / "c", ("red",), count=5, seed=50)
    counts = load([first, second, third], {})
    assert counts.labels == ("blue", "green", "red")
    assert sum(photo.label == "red" for photo in counts.photos) == 8


def test_adding_photos_moves_no_old_one(tmp_path: Path) -> None:
    folder = write_photos(tmp_path, count=40)
    before = where(folder, validation=0.3)
    write_photos(tmp_path, count=80)
    after = where(folder, validation=0.3)
    assert len(after) == 2 * len(before)
    assert {digest: after[digest] for digest in before} == before


def test_renaming_and_moving_files_changes_nothing(tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "a", count=20)
    before = load([folder], {}).digest()
    for path in list(folder.rglob("*.jpg")):
        path.rename(path.with_name(f"x{path.name}"))
    assert load([shutil.move(folder, tmp_path / "b")], {}).digest() == before


def test_validation_is_the_share_asked_for_and_differs_by_seed(tmp_path: Path) -> None:
    folder = write_photos(tmp_path, count=120)
    shares = [list(where(folder, validation=0.25, seed=seed).values()).count("val") / 360 for seed in (1, 2)]
    assert all(0.18 < share < 0.32 for share in shares)
    assert where(folder, validation=0.25, seed=1) != where(folder, validation=0.25, seed=2)


def test_a_photo_that_also_judges_is_not_learned_from(tmp_path: Path) -> None:
    write_photos(tmp_path / "train", count=5)
    write_photos(tmp_path / "test", count=2)
    data = load([tmp_path], {}, validation=0)
    assert [len(data.part(split)) for split in ("train", "test")] == [9, 6]
    assert data.left_out == {"copy of another photo": 6}


def test_excluded_photos_are_left_out(photos: Path) -> None:
    first = load([photos], {}).photos[0]
    data = load([photos], {}, excluded={first.digest: "blurred"})
    assert first not in data.photos
    assert data.left_out == {"excluded": 1}


def test_bad_folders_are_refused(tmp_path: Path, photos: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "hollow" / "cat").mkdir(parents=True)
    (tmp_path / "one").mkdir()
    write_photos(tmp_path / "one", ("red",), count=2)
    (tmp_path / "file").write_text("")
    cases = {
        "nowhere": "no such folder",
        "file": "is a file",
        "empty": "no class folders",
        "hollow": "without a photo",
        "one": "only the class 'red'",
    }
    for name, words in cases.items():
        with pytest.raises(InputError, match=words):
            load([tmp_path / name], {})
    with pytest.raises(InputError, match="cannot be renamed"):
        load([photos], {"reds": "cat"})
