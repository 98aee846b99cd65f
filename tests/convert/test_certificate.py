"""The certificate: what it proves, what it refuses, and the second attempt where plain int8 loses too much."""

import json
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.budget import Budget
from convert.certify import Measured
from convert.mixed import fewest
from edge.classifier import Classifier
from edge.record import file_digest
from tests.conftest import BGR, Command, picture
from tests.convert.networks import colours

LABELS = ("--labels", "red,green,blue")


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos half red and half blue, which a network is torn about: the least difference flips some of them."""
    folder = tmp_path_factory.mktemp("torn")
    rng = np.random.default_rng(1)
    for name in ("red", "blue"):
        (folder / name).mkdir()
        for number in range(20):
            # Red and blue by turns differ by less than a grey level on average.
            image = np.full((24, 24, 3), (120, 20, 120)) + rng.integers(-9, 10, (24, 24, 3))
            cv2.imwrite(str(folder / name / f"{number:03}.png"), image.astype(np.uint8))
    return folder


@pytest.fixture(scope="module")
def even(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that int8 does no harm."""
    return colours(tmp_path_factory.mktemp("even") / "even.keras")


@pytest.fixture(scope="module")
def lopsided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of which plain int8 loses all it knows."""
    return colours(tmp_path_factory.mktemp("lopsided") / "lopsided.keras", lopsided=True)


@pytest.fixture(scope="module")
def judged(here: Command, even: Path, photos: Path, torn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a conversion wrote, judged by easy and by torn photos, with a page of them."""
    out = tmp_path_factory.mktemp("judged")
    words = (*LABELS, "--calibration", photos, "--photos", photos, torn, "--out", out, "--html", out / "page.html")
    here("convert", even, *words, "--max-drop", "100", "--min-agreement", "0")
    return out


def test_flipped_photos_are_named_with_both_answers(judged: Path) -> None:
    certificate = json.loads((judged / "even.certificate.json").read_bytes())
    keras, *_, int8 = certificate["variants"]
    assert keras["flips"] == []
    assert int8["flips"], "torn photos should flip"
    assert int8["agreeing"] == 58 - len(int8["flips"])
    assert int8["agreement_low"] < int8["agreement"] < int8["agreement_high"]
    for flip in int8["flips"]:
        assert flip["file"].startswith("torn")
        assert flip["label"] == flip["file"].split("/")[1]
        assert flip["keras"] != flip["answer"]
        assert 0.3 < flip["keras_probability"] < 0.6
        assert 0.3 < flip["probability"] < 0.6


def test_the_certificate_is_of_the_files_that_it_names(judged: Path) -> None:
    page, certificate = (judged / "page.html").read_text(), json.loads((judged / "even.certificate.json").read_bytes())
    for row in certificate["variants"][1:]:
        digest = file_digest(judged / f"even.{row['variant']}.tflite")
        assert row["sha256"] == digest
        assert f"{row['variant']} {digest[:12]}" in page


def test_the_page_shows_every_flipped_photo_once(judged: Path) -> None:
    certificate = json.loads((judged / "even.certificate.json").read_bytes())
    flipped = {flip["file"] for row in certificate["variants"] for flip in row["flips"]}
    page = (judged / "page.html").read_text()
    assert page.count("data:image/jpeg") == len(flipped)
    assert all(page.count(file) == 1 for file in flipped)
    assert "<script" not in page
    assert "int8 says" in page


def test_page_without_photos(here: Command, even: Path, photos: Path, torn: Path, judged: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    words = (*LABELS, "--calibration", photos, "--photos", photos, torn, "--out", tmp_path, "--html", page)
    here("convert", even, *words, "--no-photos", "--max-drop", "100", "--min-agreement", "0")
    assert "data:image" not in page.read_text()
    assert page.read_text().count("labelled") == (judged / "page.html").read_text().count("labelled")


def test_over_budget_nothing_is_written_but_the_page_that_was_asked_for(
    here: Command, even: Path, photos: Path, torn: Path, tmp_path: Path
) -> None:
    words = (*LABELS, "--calibration", photos, "--photos", torn, "--out", tmp_path / "out")
    done = here("convert", even, *words, "--html", tmp_path / "page.html", "--min-agreement", "100", expect=1)
    lines = done.stderr.splitlines()
    assert lines[-1] == "convert: nothing was written"
    assert any(line.startswith("convert: int8 agrees with Keras on") and "--min-agreement" in line for line in lines)
    assert not (tmp_path / "out").exists()
    assert "Over budget" in (tmp_path / "page.html").read_text()


def test_layers_that_int8_cannot_hold_stay_float(here: Command, lopsided: Path, photos: Path, tmp_path: Path) -> None:
    done = here("convert", lopsided, *LABELS, "--calibration", photos, "--out", tmp_path)
    assert "int8 (2 layers in float)" in done.stdout
    certificate = json.loads((tmp_path / "lopsided.certificate.json").read_bytes())
    int8 = certificate["variants"][-1]
    assert int8["float_layers"] == ["lopsided", "balanced"]
    assert certificate["plain_int8"]["accuracy"] < 0.5
    assert int8["accuracy"] == 1
    assert "| int8 (2 layers in float) |" in (tmp_path / "lopsided.md").read_text()
    classifier = Classifier(tmp_path / "lopsided.int8.tflite")
    assert classifier.contract.origins["float_layers"] == ["lopsided", "balanced"]
    assert [classifier.classify(picture(colour, seed=9)).label for colour in BGR] == list(BGR)


@pytest.mark.parametrize(
    ("losses", "count"),
    [
        ([0.5, 0.5, 0.01, 0.009], 2),  # two layers around one tensor
        ([0.5, 0.1, 0.09, 0.08], 1),  # diminishing returns: nine tenths of what three would cure
        ([0.5, 0.45, 0.4, 0.35], 0),  # no few layers are to blame
        ([0.0, 0.0], 0),
        ([0.5], 0),
    ],
)
def test_as_few_layers_as_do_stay_in_float(losses: list[float], count: int) -> None:
    assert fewest(losses) == count


@pytest.mark.parametrize(
    ("budget", "photos", "lost", "flipped", "misses"),
    [
        ((0.2, 99), 2000, 4, 20, 0),
        ((0.2, 99), 2000, 5, 20, 1),
        ((0.2, 99), 2000, 4, 21, 1),
        ((0.2, 99), 2000, 5, 21, 2),
        ((0.2, 99), 20, 1, 1, 0),  # one photo of so few is 5 points: less cannot be measured
        ((0.2, 99), 20, 2, 1, 1),
        ((0, 100), 20, 1, 1, 2),
        ((0, 100), 20, 0, 0, 0),
    ],
)
def test_budgets_are_rounded_to_whole_photos(budget: tuple, photos: int, lost: int, flipped: int, misses: int) -> None:
    row = Measured("int8", 1, photos, photos - lost, photos - flipped, 0.1, 0.1, lost, 0, [], [], [], (), "")
    found = Budget(*budget).misses([row])
    assert len(found) == misses
    assert all("--max-drop" in line or "--min-agreement" in line for line in found)


def test_few_calibration_photos_are_taken_and_said(here: Command, even: Path, photos: Path, tmp_path: Path) -> None:
    done = here("convert", even, *LABELS, "--calibration", photos, "--out", tmp_path)
    assert "int8 took its ranges from 48 training photos, all there are; 100 or more" in " ".join(done.stdout.split())


def test_a_stale_variant_is_refused_with_remedy(here: Command, command: Command, photos: Path, tmp_path: Path) -> None:
    keras = colours(tmp_path / "model.keras")
    here("convert", keras, *LABELS, "--calibration", photos)
    assert "up to date" in here("convert", keras, "--check").stdout
    judge = ("train", "evaluate", tmp_path / "model.int8.tflite", photos, "--quick")
    here(*judge)
    colours(keras, ending="logits")
    remedy = f"Convert again: python -m convert {keras} --labels red,green,blue --calibration {photos}"
    model = tmp_path / "model.int8.tflite"
    runner = [partial(command, "edge", word, model) for word in ("selftest", "bench")]
    for ask in (partial(here, "convert", keras, "--check"), partial(here, *judge), *runner):
        line = ask(expect=2).stderr.strip()
        assert "is stale: model.keras has changed" in line
        assert line.endswith(remedy)
    keras.unlink()
    here(*judge)  # as on a board, where no parent lies beside it


def test_check_says_when_there_is_nothing_to_check(here: Command, even: Path, tmp_path: Path) -> None:
    assert "even.keras: has no even.*.tflite" in here("convert", even, "--check", "--out", tmp_path, expect=2).stderr
