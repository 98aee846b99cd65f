"""Photos are decoded once, and a damaged cache is mended."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import CatdogError
from edge.fit import FitRule, fit
from edge.photo import read_photo
from train import cache
from train.dataset import Photo, load
from train.pack import Pack

RULE = FitRule(24, 24)


@pytest.fixture
def table(photos: Path) -> tuple[Photo, ...]:
    return load([photos], {}).photos


def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return a list that grows with every photo that is really decoded."""
    seen: list[Path] = []

    def spy(path: Path, hush: bool = True) -> Any:
        seen.append(path)
        return read_photo(path, hush)

    monkeypatch.setattr(cache, "read_photo", spy)
    return seen


def test_pictures_are_what_the_device_fits(tmp_path: Path, table: tuple[Photo, ...]) -> None:
    found = cache.pictures(table, RULE, tmp_path)
    expected = np.stack([fit(read_photo(photo.path), RULE) for photo in table])
    assert (found.take(np.arange(len(table))) == expected).all()


def test_the_second_time_nothing_is_decoded(
    tmp_path: Path, table: tuple[Photo, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.pictures(table[:30], RULE, tmp_path)
    seen = decoded(monkeypatch)
    cache.pictures(table[:30], RULE, tmp_path)
    assert seen == []
    cache.pictures(table, RULE, tmp_path)
    assert sorted(seen) == sorted(photo.path for photo in table[30:])


def test_a_photo_is_decoded_once_for_all_rules(
    tmp_path: Path, table: tuple[Photo, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no photo")
    other = RULE._replace(width=16)
    cache.pictures(table[:5], other, tmp_path / "cache")
    seen = decoded(monkeypatch)
    wanted = [(RULE, [*table[:20], Photo(bad, "red", "train", "00" * 32)]), (other, table[10:]), (RULE, table[30:])]
    cache.prepare(wanted, tmp_path / "cache")
    assert sorted(seen) == sorted([bad, *(photo.path for photo in table)])
    monkeypatch.undo()
    for rule in (RULE, other):
        found = cache.pictures(table, rule, tmp_path / "cache")
        assert (found.take(np.arange(len(table))) == [fit(read_photo(photo.path), rule) for photo in table]).all()


def test_another_rule_has_its_own_pictures(tmp_path: Path, table: tuple[Photo, ...]) -> None:
    assert cache.pictures(table, RULE, tmp_path).take(np.array([0])).shape == (1, 24, 24, 3)
    assert cache.pictures(table, FitRule(16, 20), tmp_path).take(np.array([0])).shape == (1, 16, 20, 3)


@pytest.mark.parametrize("cut", [1, 700, 2000])
def test_a_torn_tail_is_decoded_again(
    tmp_path: Path, table: tuple[Photo, ...], cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cache.pictures(table, RULE, tmp_path).take(np.arange(len(table)))
    pack = next(tmp_path.glob("*.pack"))
    with pack.open("r+b") as file:
        file.truncate(pack.stat().st_size - cut)
    seen = decoded(monkeypatch)
    assert (cache.pictures(table, RULE, tmp_path).take(np.arange(len(table))) == whole).all()
    assert 1 <= len(seen) <= 2


def test_a_damaged_picture_is_decoded_again(
    tmp_path: Path, table: tuple[Photo, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cache.pictures(table, RULE, tmp_path).take(np.arange(len(table)))
    pack = next(tmp_path.glob("*.pack"))
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 4
    pack.write_bytes(content)
    seen = decoded(monkeypatch)
    assert (cache.pictures(table, RULE, tmp_path).take(np.arange(len(table))) == whole).all()
    assert len(seen) == 1


def test_bad_photos_are_skipped(tmp_path: Path, table: tuple[Photo, ...]) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no photo")
    found = cache.pictures([*table, Photo(bad, "red", "train", "00" * 32)], RULE, tmp_path / "cache")
    assert found.photos == table
    assert [fault.thing for fault in found.skipped] == [str(bad)]


def test_a_full_disk_is_said_and_leaves_a_sound_cache(
    tmp_path: Path, table: tuple[Photo, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.pictures(table[:10], RULE, tmp_path)
    size = next(tmp_path.glob("*.pack")).stat().st_size

    def half(pack: Pack, content: memoryview) -> None:
        pack._file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Pack, "_write", half)
    with pytest.raises(CatdogError, match="No space left"):
        cache.pictures(table, RULE, tmp_path)
    assert next(tmp_path.glob("*.pack")).stat().st_size == size
    monkeypatch.undo()
    assert len(cache.pictures(table, RULE, tmp_path).photos) == len(table)
