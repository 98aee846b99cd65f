"""Photos are decoded once, and a damaged cache is mended."""

import errno
from collections.abc import Callable
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
Table = tuple[Photo, ...]


@pytest.fixture
def table(photos: Path) -> Table:
    return load([photos], {}).photos


def whole(table: Table, folder: Path, rule: FitRule = RULE) -> np.ndarray:
    return cache.pictures(table, rule, folder).take(np.arange(len(table)))


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A list that grows with every photo that is really decoded."""
    seen: list[Path] = []

    def spy(path: Path, hush: bool = True) -> Any:
        seen.append(path)
        return read_photo(path, hush)

    monkeypatch.setattr(cache, "read_photo", spy)
    return seen


def test_the_second_time_nothing_is_decoded(tmp_path: Path, table: Table, decoded: list[Path]) -> None:
    cache.pictures(table[:30], RULE, tmp_path)
    decoded.clear()
    cache.pictures(table[:30], RULE, tmp_path)
    assert decoded == []
    cache.pictures(table, RULE, tmp_path)
    assert sorted(decoded) == sorted(photo.path for photo in table[30:])


def test_a_photo_is_decoded_once_as_the_device_fits_it(tmp_path: Path, table: Table, decoded: list[Path]) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no photo")
    other = RULE._replace(width=16)
    cache.pictures(table[:5], other, tmp_path / "cache")
    decoded.clear()
    wanted = [(RULE, [*table[:20], Photo(bad, "red", "train", "00" * 32)]), (other, table[10:]), (RULE, table[30:])]
    cache.prepare(wanted, tmp_path / "cache")
    assert sorted(decoded) == sorted([bad, *(photo.path for photo in table)])
    for rule in (RULE, other):
        expected = np.stack([fit(read_photo(photo.path), rule) for photo in table])
        np.testing.assert_array_equal(whole(table, tmp_path / "cache", rule), expected)


def flip(content: bytes) -> bytes:
    pixel = len(content) // 2 + 500  # halfway begins a record, with its digest
    return content[:pixel] + bytes([content[pixel] ^ 4]) + content[pixel + 1 :]


@pytest.mark.parametrize(
    ("damage", "most"),
    [(lambda c: c[:-1], 2), (lambda c: c[:-700], 2), (lambda c: c[:-2000], 2), (flip, 1)],
    ids=["1", "700", "2000", "flip"],
)
def test_a_torn_tail_and_a_damaged_picture_are_decoded_again(
    tmp_path: Path, table: Table, decoded: list[Path], damage: Callable[[bytes], bytes], most: int
) -> None:
    before = whole(table, tmp_path)
    pack = next(tmp_path.glob("*.pack"))
    pack.write_bytes(damage(pack.read_bytes()))
    decoded.clear()
    assert (whole(table, tmp_path) == before).all()
    assert 1 <= len(decoded) <= most


def test_a_full_disk_is_said_and_harms_no_cache(tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
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
