"""`catdog eval`: the figures of `python -m train evaluate`, on a board; bad input is one line."""

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import pytest

from edge.errors import EXIT_FAILED
from tests.conftest import Command, one_line, picture, python, write_photos
from tests.tiny import tiny_model


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders where two of the red photos are green, so that a model must be wrong about them."""
    folder = write_photos(tmp_path_factory.mktemp("eval") / "photos", count=4)
    for number in range(2):
        cv2.imwrite(str(folder / "red" / f"odd{number}.jpg"), picture("green", seed=900 + number))
    return folder


def report(path: Path) -> dict[str, Any]:
    return json.loads(path.read_bytes())


def test_the_figures_are_those_of_the_workstation(here: Command, model: Path, photos: Path, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "board.json", tmp_path / "workstation.json"
    here("edge", "eval", photos, "--model", model, "--json", ours)
    here("train", "evaluate", model, photos, "--quick", "--json", theirs)
    board, workstation = report(ours), report(theirs)
    assert workstation.pop("robustness") is None
    for once in ("command", "seconds"):
        del board[once], workstation[once]
    assert board == workstation
    assert (board["accuracy"]["hits"], board["accuracy"]["n"]) == (12, 14)
    assert board["confusion"] == [[4, 2, 0], [0, 4, 0], [0, 0, 4]]
    assert {Path(row["file"]).name for row in board["mistakes"]} == {"odd0.jpg", "odd1.jpg"}


def test_people_see_accuracy_confusion_and_mistakes(here: Command, model: Path, photos: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    shown = here("edge", "eval", photos, "--model", model, "--html", page).stdout
    for words in ("85.7%", "accuracy (60.1% to 96.0%)", "says green", "labelled red", "odd1.jpg"):
        assert words in shown
    assert "Robustness" not in shown
    assert page.read_text().count("data:image/jpeg;base64,") == 2


def test_it_needs_neither_tensorflow_nor_the_trainer(model: Path, photos: Path) -> None:
    program = (
        "import sys\nfor name in ('tensorflow', 'keras', 'train', 'convert'): sys.modules[name] = None\n"
        f"from edge.cli import main; sys.exit(main(['eval', {str(photos)!r}, '--model', {str(model)!r}]))"
    )
    assert "85.7%" in python(program).stdout


def test_what_nobody_has_named_yet_is_left_out(here: Command, model: Path, photos: Path, tmp_path: Path) -> None:
    kept = Path(shutil.copytree(photos, tmp_path / "kept"))
    (kept / ".unsure").mkdir()
    cv2.imwrite(str(kept / ".unsure/0000007-20260501T123000Z-red.jpg"), picture("green"))
    here("edge", "eval", kept, "--model", model, "--json", tmp_path / "report.json")
    assert report(tmp_path / "report.json")["accuracy"]["n"] == 14


def test_a_photo_that_cannot_be_read_is_named(here: Command, model: Path, photos: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(photos, tmp_path / "photos"))
    (folder / "blue/broken.jpg").write_bytes(b"no photo")
    done = here("edge", "eval", folder, "--model", model, "--json", tmp_path / "report.json", expect=EXIT_FAILED)
    assert one_line(done).startswith(f"catdog: skipped {folder / 'blue/broken.jpg'}: ")
    found = report(tmp_path / "report.json")
    assert (found["accuracy"]["n"], len(found["skipped"])) == (14, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing"], "missing: there is no such folder"),
        (["{folder}/empty"], "has no class folders"),
        (["{folder}/other"], "class folder cat: is none of the classes that the model knows: red, green, blue"),
        (["{folder}/unread"], "photos: none of 1 could be read"),
        (["{folder}/other", "--label", "x"], "is not FOLDER=LABEL"),
        (["{folder}/other", "--json", "{folder}"], "is a folder"),
        (["{folder}/other", "--model", "README.md"], "is not a TFLite model"),
    ],
)
def test_what_cannot_be_measured_is_one_line(here: Command, tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "empty").mkdir()
    write_photos(tmp_path / "other", ("red",), 1).joinpath("red").rename(tmp_path / "other/cat")
    (tmp_path / "unread/red").mkdir(parents=True)
    (tmp_path / "unread/red/broken.jpg").write_bytes(b"no photo")
    own = ["--model", tiny_model(tmp_path / "tiny.tflite")]
    asked = [word.format(folder=tmp_path) for word in words]
    done = here("edge", "eval", *(asked if "--model" in asked else [*asked, *own]), expect=2)
    assert said in one_line(done)
