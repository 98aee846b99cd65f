"""`make models`: the recipe of the shipped models, cut short, and what it says when something is missing."""

import json
import shutil
import sys
from pathlib import Path
from subprocess import CompletedProcess

import keras
import pytest

from edge.classifier import Classifier
from tests.conftest import ROOT, finished, one_line, picture

FOLDERS = ("--label", "red=cat", "--label", "green=dog", "--label", "blue=neither")


def make(*words: object, checkout: Path = ROOT, expect: int = 0) -> CompletedProcess[str]:
    return finished(sys.executable, checkout / "scripts" / "make_models.py", *words, expect=expect)


def checkout_in(folder: Path) -> Path:
    """Return a checkout of its own for what a run writes: the packages are links to ours."""
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "make_models.py", folder / "scripts")
    for package in ("edge", "train", "convert"):
        (folder / package).symlink_to(ROOT / package)
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Backbones of noise, in place of ImageNet's."""
    folder = tmp_path_factory.mktemp("weights")
    for alpha in ("1.0", "0.35"):
        backbone = keras.applications.MobileNetV2((224, 224, 3), alpha=float(alpha), include_top=False, weights=None)
        backbone.save_weights(folder / f"mobilenet_v2_{alpha}_224_no_top.weights.h5")
    return folder


def test_the_recipe_cut_short_makes_models_that_answer(photos: Path, weights: Path, tmp_path: Path) -> None:
    checkout, out = checkout_in(tmp_path / "checkout"), tmp_path / "checkout" / "models"
    shutil.copytree(photos, checkout / "photos")
    words = (checkout / "photos", *FOLDERS, "--weights", weights, "--short")
    make(*words, checkout=checkout)
    for name in ("default", "small"):
        classifier = Classifier(out / f"{name}.int8.tflite")
        assert classifier.labels == ("cat", "dog", "neither")
        assert classifier.contract.fallback == "neither"
        assert classifier.classify(picture("red")).label in classifier.labels
    words_of_the_card = (out / "small.md").read_text()
    for expected in ("| small in the frame (% of frame) |", "calibration error (ECE", "## Licences", "Apache-2.0"):
        assert expected in words_of_the_card
    run = json.loads((out / "small.json").read_bytes())["run"]
    assert (run["hold"], run["teachers"]) == (2, [])
    assert Classifier(out / "origin.int8.tflite").labels == ("cat", "dog")  # it leaves the folder blue alone
    before = (out / "default.int8.tflite").read_bytes()
    again = make(*words, checkout=checkout)
    assert again.stdout.count(": complete; delete") == 5
    assert "$ python" not in again.stdout
    assert (out / "default.int8.tflite").read_bytes() == before
    for path in out.glob("*.json"):  # a record names no folder of the machine that it was made on
        assert str(checkout) not in path.read_text()
        assert " photos " in path.read_text()
    (out / "small.evaluation.json").unlink()
    planned = make(*words, "--plan", checkout=checkout)
    assert "small: trained; to be converted and measured" in planned.stdout


def test_the_plan_names_minutes_and_makes_nothing(photos: Path, tmp_path: Path) -> None:
    done = make(photos, *FOLDERS, "--out", tmp_path / "out", "--plan")
    assert "16 cat, 16 dog, 16 neither" in done.stdout
    assert "minutes of training" in done.stdout
    assert not (tmp_path / "out").exists()


def test_what_is_missing_is_said_before_anything_starts(photos: Path, tmp_path: Path) -> None:
    two = tmp_path / "two"
    for label in ("red", "green"):
        shutil.copytree(photos / "train" / label, two / label)
    (tmp_path / "empty").mkdir()
    cases = (
        ((two, *FOLDERS[:4]), "class neither: has no training photo"),
        ((photos, *FOLDERS, "--only", "far"), "held.keras: is not there"),
        ((photos, *FOLDERS, "--only", "large"), "--only large: is none of the shipped models"),
        ((photos, *FOLDERS, "--weights", tmp_path / "empty"), "mobilenet_v2_1.0_224_no_top.weights.h5: is not there"),
        ((tmp_path / "nowhere",), "there is no such folder"),
    )
    for words, expected in cases:
        assert expected in one_line(make(*words, "--out", tmp_path / "out", expect=2))
    assert not (tmp_path / "out").exists()
