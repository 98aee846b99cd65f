"""`catdog review`: photos that were kept, sorted at a terminal, listed and drawn elsewhere."""

import json
import re
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.keep import Keep
from edge.review.desk import Desk
from edge.review.screen import ALL, NONE, SOME, colours, preview
from tests.conftest import Command, one_line, picture
from tests.typist import needs_dash, typist


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Three photos that nobody has named: red, green, blue."""
    made = Keep(tmp_path / "photos")
    for number, colour in enumerate(("red", "green", "blue")):
        made.keep_unsure(picture(colour, seed=number), "red", 1777638600.0 + number)
    return made


def classes(keep: Keep) -> dict[str, list[str]]:
    """Return the seconds of each photo's time, by class."""
    found: dict[str, list[str]] = {"-": [path.name[21:23] for path in keep.unsure()]}
    for path in keep.named():
        found.setdefault(path.parent.name, []).append(path.name[21:23])
    return found


# On the desk


def test_what_is_done_can_be_taken_back(keep: Keep) -> None:
    desk = Desk(keep, keep.unsure())
    assert not desk.undo()
    desk.name("cat")
    desk.drop()
    desk.skip()
    assert (desk.top, desk.count()) == (None, 1)
    assert classes(keep) == {"-": ["01", "02"], "cat": ["00"]}
    assert [desk.undo() for _ in range(4)] == [True, True, True, False]
    assert classes(keep) == {"-": ["01", "02", "00"]}
    assert desk.close() == 0
    assert len(keep.unsure()) == 3
    assert not (keep.folder / "cat").exists()


def test_what_is_deleted_goes_at_the_end(keep: Keep) -> None:
    desk = Desk(keep, keep.unsure())
    desk.drop()
    assert len(keep.unsure()) == 3
    assert (desk.close(), desk.close()) == (1, 0)
    assert classes(keep) == {"-": ["01", "02"]}


def test_a_photo_of_a_class_can_have_another(keep: Keep) -> None:
    for path in keep.unsure():
        keep.name(path, "cat")
    desk = Desk(keep, [], keep.named())
    assert desk.top.path == desk.name("cat"), "it stays where it is"
    desk.name("dog")
    assert classes(keep) == {"-": [], "cat": ["00", "02"], "dog": ["01"]}
    desk.undo()
    assert classes(keep) == {"-": [], "cat": ["00", "02", "01"]}


@given(acts=st.lists(st.sampled_from(["name a", "name b", "drop", "skip", "undo"]), max_size=12))
def test_no_photo_is_lost_but_the_deleted(tmp_path_factory: pytest.TempPathFactory, acts: list[str]) -> None:
    keep = Keep(tmp_path_factory.mktemp("photos"))
    for number in range(4):
        keep.keep_unsure(np.zeros((8, 8, 3), np.uint8), "red", float(number))
    desk = Desk(keep, keep.unsure())
    for act in acts:
        if act == "undo":
            desk.undo()
        elif desk.top is not None:
            desk.name(act[-1]) if act.startswith("name") else getattr(desk, act)()
    gone = desk.close()
    seconds = sorted(second for found in classes(keep).values() for second in found)
    assert len(seconds) + gone == len(set(seconds)) + gone == 4


# In a terminal


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))),
    st.integers(-1, 50),
    st.integers(-1, 30),
    st.sampled_from([NONE, SOME, ALL]),
)
def test_a_picture_keeps_to_the_room_there_is(image: np.ndarray, columns: int, rows: int, depth: int) -> None:
    lines = preview(image, columns, rows, depth)
    assert len(lines) <= max(rows, 0)
    for line in lines:
        assert line.endswith("\x1b[0m")
        assert 1 <= len(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= columns
    assert bool(lines) == (depth != NONE and columns > 0 and rows > 0)


def test_upper_and_lower_pixels_share_a_character() -> None:
    image = np.zeros((2, 2, 3), np.uint8)
    image[0] = (0, 0, 255)
    image[1] = (128, 128, 128)
    assert preview(image, 2, 1, ALL) == ["\x1b[38;2;255;0;0;48;2;128;128;128m▀▀\x1b[0m"]
    assert preview(image, 2, 1, SOME) == ["\x1b[38;5;196;48;5;244m▀▀\x1b[0m"]


@pytest.mark.parametrize(
    ("environment", "encoding", "depth"),
    [
        ({"TERM": "xterm-256color"}, "utf-8", SOME),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "utf-8", ALL),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "utf-8", NONE),
        ({"TERM": "dumb"}, "utf-8", NONE),
        ({}, "utf-8", NONE),
        ({"TERM": "xterm-256color"}, "ascii", NONE),
    ],
)
def test_a_terminal_says_what_it_can_show(environment: dict[str, str], encoding: str, depth: int) -> None:
    assert colours(environment, encoding) == depth


@needs_dash
def test_a_person_sorts_by_keys(keep: Keep, model: Path) -> None:
    with typist() as person:
        person.types(f"{sys.executable} -m edge review {keep.folder} --model {model}\n")
        shown = person.reads(r"1 of 3  (.*)the model says: red 100%.*1 red  2 green  3 blue  n another class")[1]
        assert shown.count("▀") > 100
        person.types("3", "named blue.*2 of 3.*model says: green.*q quit")
        person.types("u", "taken back.*1 of 3.*model says: red.*q quit")
        person.types("n", "another class: ")
        person.types("../x\n", "cannot be a folder's name")
        person.types("n", "another class: ")
        person.types("red panda\n", "named red panda.*2 of 3.*4 red panda.*q quit")
        person.types("d", "deleted, at the end.*3 of 3.*model says: blue.*q quit")
        person.types("s", "1 named, 1 deleted, 1 left to name")
        assert " icanon" in person.mode()
    assert classes(keep) == {"-": ["02"], "red panda": ["00"]}


@needs_dash
def test_ctrl_c_ends_and_leaves_what_was_done(keep: Keep, model: Path) -> None:
    with typist(TERM="dumb") as person:
        person.types(f"{sys.executable} -m edge review {keep.folder} --model {model}\n")
        assert "▀" not in person.reads("1 of 3(.*)q quit")[1]
        person.types("1", "named red.*2 of 3.*q quit")
        person.types("\x03", "1 named, 0 deleted, 2 left to name.*interrupted")
        assert " icanon" in person.mode()
    assert classes(keep) == {"-": ["01", "02"], "red": ["00"]}


# Elsewhere


def test_without_a_terminal_they_are_listed_with_the_models_guess(keep: Keep, model: Path, command: Command) -> None:
    keep.name(keep.unsure()[2], "blue")
    (keep.folder / ".unsure" / "0000009-20260501T123009Z-red.jpg").write_bytes(b"no photo")
    done = command("edge", "review", keep.folder, "--model", model, expect=1)
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [["-", "red"], ["-", "green"]]
    assert "is no photo" in one_line(done)
    shown = command("edge", "review", keep.folder, "--all", "--json", "--model", model, expect=1).stdout
    told = [(row["class"], row["label"]) for row in map(json.loads, shown.splitlines())]
    assert told == [(None, "red"), (None, "green"), ("blue", "blue")]


def test_all_of_them_on_one_page(keep: Keep, model: Path, command: Command, tmp_path: Path) -> None:
    keep.name(keep.unsure()[2], "salt & pepper")
    command("edge", "review", keep.folder, "--all", "--sheet", tmp_path / "sheet.html", "--model", model)
    page = (tmp_path / "sheet.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 3
    assert "nobody has named these" in page
    assert "salt &amp; pepper" in page
    assert stat.S_IMODE((tmp_path / "sheet.html").stat().st_mode) == 0o600


def test_nothing_to_sort_is_said(command: Command, model: Path, tmp_path: Path) -> None:
    assert "there is no photo that nobody has named" in one_line(command("edge", "review", tmp_path, "--model", model))
    done = command("edge", "review", tmp_path / "none", "--model", model, expect=2)
    assert "there is no such folder" in one_line(done)
    assert not (tmp_path / "none").exists()
