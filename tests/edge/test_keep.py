"""Photos for the next training: in class folders as the trainer reads them, private, bounded, whole or not there."""

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.board import RESERVE_BYTES
from edge.errors import CatdogError, InputError
from edge.keep import Keep, class_name
from edge.labelled import list_photos
from edge.shelf import Rules, Shelf
from tests.conftest import picture


def noisy(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (64, 64, 3), np.uint8)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_trainer_reads_what_was_kept_and_nothing_that_nobody_has_named(tmp_path: Path) -> None:
    keep = Keep(tmp_path / "photos")
    for number, label in enumerate(("cat", "dog", "Élise, the hamster", "cat")):
        keep.keep(picture("red", seed=number), label, "key", time_s=1777638600.0)
    keep.keep_unsure(picture("blue"), "dog", 1777638600.0)
    rows = list_photos([tmp_path / "photos"], {})
    assert [row.label for row in rows] == ["cat", "cat", "dog", "Élise, the hamster"]
    assert [row.path.name for row in rows][:2] == [f"000000{n}-20260501T123000Z-key.jpg" for n in (1, 4)]
    assert {row.split for row in rows} == {None}
    assert np.abs(cv2.imread(str(rows[0].path)).astype(int) - picture("red")).mean() < 10
    assert [path.parent.name for path in keep.unsure()] == [".unsure"]


def test_nobody_else_can_read_them(tmp_path: Path) -> None:
    os.umask(previous := os.umask(0))
    keep = Keep(tmp_path / "photos")
    photos = [keep.keep(noisy(), "cat", "page"), keep.keep_unsure(noisy(), "cat", 0.0)]
    os.umask(previous)
    assert {mode(path) for path in photos} == {0o600}
    assert {mode(path) for path in (tmp_path / "photos", *(photo.parent for photo in photos))} == {0o700}


def test_the_oldest_go_first_and_a_class_that_is_gone_leaves_no_folder(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "mine.jpg").write_bytes(b"x" * 90_000)
    keep = Keep(tmp_path, bound_mb=0.1)
    keep.keep(noisy(), "dog", "key")
    for number in range(40):
        keep.keep(noisy(number), "cat", "key")
    photos = keep.named()
    assert photos == sorted(photos, key=lambda path: path.name)
    assert sum(path.stat().st_size for path in photos) <= 80_000
    assert 5 < len(photos) < 40
    assert int(photos[-1].name[:7]) == 41
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cat"]
    assert (tmp_path / "cat" / "mine.jpg").exists(), "it is not ours to delete"


def test_what_the_model_keeps_by_itself_costs_no_photo_that_a_person_named(tmp_path: Path) -> None:
    keep = Keep(tmp_path, bound_mb=0.1)
    mine = keep.keep(noisy(), "cat", "key")
    for number in range(40):
        keep.keep_unsure(noisy(number), "cat", float(number))
    assert mine.exists()
    assert 1 < len(keep.unsure()) < 10


def test_a_person_names_a_photo_and_takes_it_back(tmp_path: Path) -> None:
    keep = Keep(tmp_path)
    keep.keep(noisy(1), "dog", "key")
    unsure = keep.keep_unsure(noisy(2), "dog", 1777638600.0)
    content = unsure.read_bytes()
    named = keep.name(unsure, "cat")
    assert named == tmp_path / "cat" / "0000002-20260501T123000Z-dog.jpg"
    assert (named.read_bytes(), keep.unsure()) == (content, [])
    named = keep.name(named, "tiger")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dog", "tiger"]
    back = keep.unname(named)
    assert keep.unsure() == [back]
    keep.drop(back)
    assert keep.unsure() == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dog"], "an empty class folder would stop a training"


def test_in_a_full_folder_a_photo_can_still_change_its_class(tmp_path: Path) -> None:
    keep = Keep(tmp_path, bound_mb=0.1)
    for number in range(20):
        keep.keep(noisy(number), "cat", "key")
    before = keep.named()
    oldest = keep.name(before[0], "dog")
    assert keep.named() == [*before[1:], oldest]


def test_threads_that_keep_at_once_lose_nothing(tmp_path: Path) -> None:
    keep = Keep(tmp_path)
    with ThreadPoolExecutor(24) as pool:
        list(pool.map(lambda n: keep.keep(noisy(n), f"class {n % 3}", "api"), range(24)))
    assert len({path.name[:7] for path in keep.named()}) == 24


def test_a_disk_that_is_nearly_full_is_left_alone(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, Rules(10e6, "--keep-mb"), free=lambda _: RESERVE_BYTES)
    with pytest.raises(CatdogError, match="the disk is full"):
        shelf.add(noisy(), 0.0, "key")
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_nothing_can_be_kept_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CatdogError, match="cannot be written to"):
        Keep(tmp_path / "file" / "photos")
    keep = Keep(tmp_path)
    with pytest.raises(CatdogError, match=os.strerror(errno.EEXIST)):
        keep.keep(noisy(), "file", "key")


@pytest.mark.parametrize(
    "label",
    ["", " ", ".", "..", ".unsure", "a/b", "../a", "a\\b", "C:", "a\nb", "a\0b", "-rf", "cat.", "x" * 101, "é" * 51,
     "test", "Train", "validation_set", "\udc80"],
)  # fmt: skip
def test_a_label_that_cannot_name_a_class_folder_is_refused(label: str, tmp_path: Path) -> None:
    keep = Keep(tmp_path)
    with pytest.raises(InputError, match=r"^class .*Give a plain name"):
        keep.keep(noisy(), label, "api")
    assert list(tmp_path.iterdir()) == []


@given(st.text(max_size=60))
def test_a_label_is_refused_or_one_folder_that_the_trainer_takes(label: str) -> None:
    try:
        name = class_name(label)
    except InputError:
        return
    assert Path(name).parts == (name,)
    assert class_name(name) == name
    assert not name.startswith(".")
