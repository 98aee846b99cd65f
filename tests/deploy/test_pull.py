"""Kept photos, brought home over a real ssh server: all of them, none twice, and nothing else."""

import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.deploy.pull import There, listed
from edge.keep import Keep, is_kept
from edge.labelled import list_photos
from tests.conftest import picture
from tests.deploy.board import Board

STAMP_S = 1777638600.0


@pytest.fixture
def kept(board: Board) -> Keep:
    """A board that keeps photos: two of cats, one of a red panda, one that nobody has named."""
    with Path(board.layout.settings).open("a") as file:
        file.write("keep = photos\n")
    keep = Keep(Path(board.layout.data, "state", "photos"))
    for number, label in enumerate(("cat", "it's a red panda", "cat")):
        keep.keep(picture("red", seed=number), label, "key", STAMP_S + number)
    keep.keep_unsure(picture("blue"), "dog", STAMP_S)
    return keep


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.jpg"))


def test_photos_come_home_once_whatever_becomes_of_them_there(board: Board, kept: Keep, tmp_path: Path) -> None:
    home = tmp_path / "photos"
    out = board.deploy("pull", board.host, "--to", home).stdout
    assert f"4 new of 4 photos, in {home}" in out.splitlines()[-1]
    host = board.host.replace("@", "-").replace(".", "-").replace(":", "-")
    assert names(home) == [
        f".unsure/0000001-20260501T123000Z-dog-{host}.jpg",
        f"cat/0000001-20260501T123000Z-key-{host}.jpg",
        f"cat/0000003-20260501T123002Z-key-{host}.jpg",
        f"it's a red panda/0000002-20260501T123001Z-key-{host}.jpg",
    ]
    assert (home / names(home)[1]).read_bytes() == kept.named()[0].read_bytes()
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*.jpg")} == {0o600}
    assert {row.label for row in list_photos([home], {})} == {"cat", "it's a red panda"}
    mine = Keep(home)
    mine.name(mine.unsure()[0], "dog")
    kept.keep(picture("green"), "dog", "key", STAMP_S)
    before = names(home)
    out = board.deploy("pull", board.host, "--to", home).stdout
    assert "1 new of 5 photos" in out.splitlines()[-1]
    assert len(names(home)) == len(before) + 1
    assert "0 new of 5 photos" in board.deploy("pull", board.host, "--to", home).stdout.splitlines()[-1]


def test_more_than_fits_into_one_step(board: Board, kept: Keep, tmp_path: Path) -> None:
    for number in range(60):
        kept.keep(picture("red", seed=number), "cat", "key", STAMP_S + number)
    large = np.random.default_rng(0).integers(0, 255, (1500, 2500, 3), np.uint8)
    kept.keep(large, "dog", "key", STAMP_S)
    assert kept.named()[-1].stat().st_size > 4_000_000
    out = board.deploy("pull", board.host, "--to", tmp_path / "photos").stdout
    assert "65 new of 65 photos" in out.splitlines()[-1]
    assert len(names(tmp_path / "photos")) == 65


def test_what_is_no_kept_photo_stays_where_it_is(board: Board, kept: Keep, tmp_path: Path) -> None:
    folder = kept.folder
    (folder / "cat" / "0000009-20260501T123000Z-key.jpg").write_text("no picture")
    (folder / "cat" / "notes.jpg").write_text("mine")
    (folder / "cat" / "0000008-20260501T123000Z-key.jpg").symlink_to("/etc/passwd")
    out = board.deploy("pull", board.host, "--to", tmp_path / "photos").stdout
    assert "4 new of 5 photos" in out.splitlines()[-1]


def test_a_board_that_keeps_none_says_how_to(board: Board, tmp_path: Path) -> None:
    done = board.deploy("pull", board.host, "--to", tmp_path / "photos", expect=1)
    assert "keeps no photos" in done.stdout.splitlines()[-1]
    assert f"edge.deploy set {board.host} keep=photos" in done.stdout
    with Path(board.layout.settings).open("a") as file:
        file.write("keep = photos\n")
    Path(board.layout.data, "state").mkdir(exist_ok=True)
    assert "0 new of 0 photos" in board.deploy("pull", board.host, "--to", tmp_path / "photos").stdout


def test_a_folder_that_cannot_be_written_is_one_line(board: Board, kept: Keep, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = board.deploy("pull", board.host, "--to", tmp_path / "file" / "x", expect=1)
    assert "cannot be written to" in done.stdout.splitlines()[-1]
    assert kept.named()


@pytest.mark.parametrize(
    "line",
    ["12 ../../.ssh/0000001-20260501T123000Z-x.jpg", "12 ../0000001-20260501T123000Z-x.jpg", "12 cat/evil.sh",
     "12 /etc/0000001-20260501T123000Z-x.jpg", "12 .ssh/0000001-20260501T123000Z-x.jpg",
     "12 train/0000001-20260501T123000Z-x.jpg",
     "12 cat/dog/0000001-20260501T123000Z-x.jpg", "999999999999 cat/0000001-20260501T123000Z-x.jpg",
     "0 cat/0000001-20260501T123000Z-x.jpg", "x cat/0000001-20260501T123000Z-x.jpg", "", "12"],
)  # fmt: skip
def test_a_board_that_lies_writes_nothing_elsewhere(line: str) -> None:
    assert listed([line]) == []


def test_a_line_of_a_listing() -> None:
    path = "red panda/0000001-20260501T123000Z-key.jpg"
    assert listed([f"12 {path}"]) == [There(path, 12)]


@settings(deadline=None)
@given(st.text(max_size=30), st.sampled_from(["0000001-20260501T123000Z-key.jpg", "x.jpg", "../x"]))
def test_no_path_leads_out_of_the_folder(folder: str, name: str) -> None:
    path = f"{folder}/{name}"
    if is_kept(path):
        assert Path(path).parts == (folder, name)
