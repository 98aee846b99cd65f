"""`python -m train evaluate`: figures that a slow count confirms, for .keras and .tflite; bad input is one line."""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest

from tests.conftest import Command, one_line, picture, python, write_photos
from tests.tiny import tiny_model
from tests.train.conftest import write_record
from train.corruptions import CORRUPTIONS, STRENGTHS

COLOURS = ("red", "green", "blue")


def evaluate(here: Command, tmp_path: Path, *words: object) -> Any:
    """Run the command and return its JSON report."""
    here("train", "evaluate", *words, "--json", tmp_path / "report.json")
    return json.loads((tmp_path / "report.json").read_bytes())


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders where a third of the red photos are green, so that a model must be wrong about them."""
    folder = write_photos(tmp_path_factory.mktemp("mixed"), count=6)
    for number in range(3):
        cv2.imwrite(str(folder / "red" / f"odd{number}.jpg"), picture("green", seed=900 + number))
    return folder


def save_keras(path: Path, last: str = "softmax", named: Sequence[str] = COLOURS, **record: Any) -> Path:
    """Write the model of tests/tiny.py as a .keras file with a record."""
    first = keras.Input((32, 32, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(first)
    model = keras.Model(first, keras.layers.Dense(3, activation=last)(pooled))
    model.set_weights([np.eye(3) * 10 / 255, np.zeros(3)])
    model.save(path)
    return write_record(path, **{"labels": named, "fit": {"height": 32, "width": 32}, **record})


def test_figures_are_those_of_classify_counted_one_by_one(
    here: Command, command: Command, model: Path, mixed: Path, tmp_path: Path
) -> None:
    report = evaluate(here, tmp_path, model, mixed, "--quick")
    lines = command("edge", "classify", mixed, "--json", "--model", model).stdout.splitlines()
    answers = {row["source"]: row["label"] for row in map(json.loads, lines)}
    right = sum(Path(path).parent.name == label for path, label in answers.items())
    assert report["accuracy"]["hits"] == right == 18
    assert report["accuracy"]["n"] == len(answers) == 21
    wrong = {path for path, label in answers.items() if Path(path).parent.name != label}
    assert {mistake["file"] for mistake in report["mistakes"]} == wrong
    assert report["confusion"] == [[6, 3, 0], [0, 6, 0], [0, 0, 6]]
    assert report["classes"]["green"]["precision"]["share"] == pytest.approx(6 / 9)
    assert report["classes"]["red"]["recall"]["share"] == pytest.approx(6 / 9)
    assert report["robustness"] is None


def test_the_worst_mistakes_come_first(here: Command, model: Path, mixed: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(mixed, tmp_path / "photos"))
    cv2.imwrite(str(folder / "blue" / "faint.png"), np.full((32, 32, 3), (100, 140, 100), np.uint8))
    mistakes = evaluate(here, tmp_path, model, folder, "--quick")["mistakes"]
    assert [Path(mistake["file"]).name for mistake in mistakes][-1] == "faint.png"
    gaps = [mistake["probability"] - mistake["probability_of_label"] for mistake in mistakes]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] > 0


def test_keras_and_tflite_are_measured_alike(here: Command, model: Path, mixed: Path, tmp_path: Path) -> None:
    keras = evaluate(here, tmp_path, save_keras(tmp_path / "tiny.keras"), mixed, "--robust-photos", "6")
    tflite = evaluate(here, tmp_path, model, mixed, "--robust-photos", "6")
    assert keras["model"]["variant"] == "keras"
    assert tflite["model"]["variant"] == "float32"
    for part in ("accuracy", "confusion", "classes", "robustness"):
        assert keras[part] == tflite[part], part
    assert keras["calibration"]["ece"] == pytest.approx(tflite["calibration"]["ece"], abs=1e-4)


def test_a_tflite_model_needs_no_tensorflow(model: Path, mixed: Path) -> None:
    program = (
        "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None; from train.__main__ import main; "
        f"sys.exit(main(['evaluate', {str(model)!r}, {str(mixed)!r}, '--quick']))"
    )
    assert "85.7%" in python(program).stdout


def test_the_fallback_has_figures_of_its_own(here: Command, tmp_path: Path, mixed: Path) -> None:
    cv2.imwrite(str(mixed.parent / "grey.png"), np.full((40, 40, 3), 128, np.uint8))
    folder = Path(shutil.copytree(mixed, tmp_path / "photos"))
    shutil.copy(mixed.parent / "grey.png", folder / "red" / "grey.png")  # below red's threshold: called blue
    model = tiny_model(tmp_path / "m.tflite", thresholds={"red": 0.9, "green": 0.9}, fallback="blue")
    report = evaluate(here, tmp_path, model, folder, "--robust-photos", "5")
    figures = {name: (share["hits"], share["n"]) for name, share in report["fallback"].items()}
    # Among red and green alone grey is a tie that the first label wins; three of the red photos are green.
    assert figures == {"among_others": (13, 16), "kept": (6, 6), "lost": (1, 16)}
    assert report["confusion"][0] == [6, 3, 1]
    assert report["robustness"]["rows"][0]["strengths"]["mild"]["fallback"]["kept"]["n"] > 0
    assert "red against green" in here("train", "evaluate", model, folder, "--quick").stdout


def test_a_fallback_can_be_named_where_a_model_has_none(
    here: Command, model: Path, mixed: Path, tmp_path: Path
) -> None:
    assert evaluate(here, tmp_path, model, mixed, "--quick")["fallback"] is None
    named = evaluate(here, tmp_path, model, mixed, "--quick", "--fallback", "blue")["fallback"]
    assert named["kept"]["share"] == 1
    line = one_line(here("train", "evaluate", model, mixed, "--fallback", "violet", expect=2))
    assert "--fallback violet: is none of red, green, blue" in line


def test_of_each_folder_the_test_photos_are_taken_or_else_all(here: Command, model: Path, tmp_path: Path) -> None:
    split = tmp_path / "split"
    write_photos(split / "train", count=4, seed=1)
    write_photos(split / "test_set", count=2, seed=2)
    plain = write_photos(tmp_path / "plain", ("red", "blue"), count=3)
    cv2.imwrite(str(plain / "red" / "odd.jpg"), picture("blue"))
    report = evaluate(here, tmp_path, model, split, plain, split, "--quick")
    rows = [(row["folder"], row["split"], row["accuracy"]["hits"], row["accuracy"]["n"]) for row in report["folders"]]
    assert rows == [(str(split), "test", 6, 6), (str(plain), "all", 6, 7)]
    assert report["accuracy"]["n"] == 13
    for name, photos in (("train", 12), ("all", 18), ("test", 6)):
        assert evaluate(here, tmp_path, model, split, "--quick", "--split", name)["accuracy"]["n"] == photos
    assert "has no val photos" in one_line(here("train", "evaluate", model, split, "--split", "val", expect=2))
    assert "has no splits" in one_line(here("train", "evaluate", model, plain, "--split", "test", expect=2))


def test_classes_of_model_and_folders(here: Command, model: Path, tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", ("red", "green"), count=3)
    report = evaluate(here, tmp_path, model, folder, "--quick")
    assert report["classes"]["blue"]["photos"] == 0
    assert report["classes"]["blue"]["recall"]["share"] is None
    assert report["macro_f1"] == 1
    (folder / "green").rename(folder / "greens")
    line = one_line(here("train", "evaluate", model, folder, expect=2))
    assert "class folder greens: is none of the classes that the model knows: red, green, blue" in line
    assert "--label greens=LABEL" in line
    assert evaluate(here, tmp_path, model, folder, "--quick", "--label", "greens=green")["accuracy"]["hits"] == 6
    line = one_line(here("train", "evaluate", model, folder, "--label", "Greens=green", expect=2))
    assert "--label Greens: is no class folder" in line


def test_some_classes_can_be_measured_alone(here: Command, model: Path, mixed: Path, tmp_path: Path) -> None:
    report = evaluate(here, tmp_path, model, mixed, "--quick", "--classes", "red,green")
    assert [report["classes"][label]["photos"] for label in ("red", "green", "blue")] == [9, 6, 0]
    assert report["folders"][0]["calibration"] == report["calibration"]
    line = one_line(here("train", "evaluate", model, mixed, "--classes", "pink", expect=2))
    assert "--classes pink: leaves no photo to measure" in line


def test_the_record_of_a_keras_model_renames_and_decides(here: Command, tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", ("red", "green", "blue"), count=2)
    (folder / "green").rename(folder / "greens")
    words = {"renames": {"greens": "green", "elsewhere": "red"}, "fallback": "blue", "thresholds": {"red": 1.0}}
    report = evaluate(here, tmp_path, save_keras(tmp_path / "m.keras", **words), folder, "--quick")
    assert report["confusion"] == [[0, 0, 2], [0, 2, 0], [0, 0, 2]]
    assert report["fallback"]["lost"]["hits"] == 2


def test_the_robustness_table_is_seeded_and_stratified(here: Command, tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", ("red",), count=30)
    write_photos(folder, ("green", "blue"), count=5)
    model = tiny_model(tmp_path / "m.tflite", thresholds={"red": 0.99}, fallback="blue")
    first, same, other = (
        evaluate(here, tmp_path, model, folder, "--robust-photos", "8", "--seed", seed)["robustness"]
        for seed in ("1", "1", "2")
    )
    assert first == same
    assert first["rows"] != other["rows"]
    assert [row["name"] for row in first["rows"]] == [corruption.name for corruption in CORRUPTIONS]
    assert all(tuple(row["strengths"]) == STRENGTHS for row in first["rows"])
    assert first["photos"] == first["undamaged"]["accuracy"]["n"] == 8
    assert first["undamaged"]["fallback"]["lost"]["n"] == 7  # 6 red, 1 green, 1 blue: the folders' proportions
    dark = next(row["strengths"] for row in first["rows"] if row["name"] == "dark")
    assert dark["strong"]["accuracy"]["hits"] < dark["mild"]["accuracy"]["hits"]


def test_the_page_is_one_file_with_plots_and_photos(here: Command, model: Path, mixed: Path, tmp_path: Path) -> None:
    done = here("train", "evaluate", model, mixed, "--robust-photos", "3", "--html", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert not re.search(r"<script|<link|src=\"(?!data:)|href=\"(?!#)", page)
    assert page.count("data:image/jpeg;base64,") == 3 + len(CORRUPTIONS) * len(STRENGTHS)
    assert page.count("<svg") == 3
    assert "says green" in page
    assert "labelled red" in page
    for title in ("Classes", "Confidence", "Robustness", "Mistakes"):
        assert f">{title}</h2>" in page
        assert f"\n{title}\n=" in done.stdout
    assert done.stderr == ""  # no progress where nobody watches


def test_the_page_can_leave_the_photos_out(here: Command, model: Path, mixed: Path, tmp_path: Path) -> None:
    here("train", "evaluate", model, mixed, "--no-photos", "--robust-photos", "3", "--html", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "data:image" not in page
    assert "says green" in page


def test_bad_photos_are_skipped_and_counted(here: Command, model: Path, mixed: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(mixed, tmp_path / "photos"))
    (folder / "red" / "bad.jpg").write_bytes(b"no photo")
    (folder / "red" / "empty.jpg").write_bytes(b"")
    done = here("train", "evaluate", model, folder, "--json", tmp_path / "r.json", "--robust-photos", "99", expect=1)
    report = json.loads((tmp_path / "r.json").read_bytes())
    assert "skipped" in done.stderr
    assert "bad.jpg: is no photo" in done.stderr
    assert sorted(Path(row["file"]).name for row in report["skipped"]) == ["bad.jpg", "empty.jpg"]
    assert report["accuracy"]["n"] == report["robustness"]["photos"] == 21
    assert "2 photos could not be read" in done.stdout


def test_photos_of_which_none_can_be_read_are_refused(here: Command, model: Path, tmp_path: Path) -> None:
    (tmp_path / "red").mkdir()
    (tmp_path / "red" / "bad.jpg").write_bytes(b"no photo")
    assert "none of 1 could be read" in one_line(here("train", "evaluate", model, tmp_path, expect=2))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("none.tflite", None, "cannot be read"),
        ("none.keras", None, "cannot be read"),
        ("text.tflite", b"not a model at all", "is not a TFLite model"),
        ("model.h5", b"text", "is neither a .keras nor a .tflite file"),
        ("text.keras", b"text", "cannot be loaded by Keras"),
    ],
)
def test_bad_models_are_one_line(
    here: Command, mixed: Path, tmp_path: Path, name: str, content: bytes | None, expected: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert expected in one_line(here("train", "evaluate", tmp_path / name, mixed, expect=2))


def test_a_keras_model_must_be_what_its_record_says(here: Command, mixed: Path, tmp_path: Path) -> None:
    def refused(**changes: Any) -> str:
        path = save_keras(tmp_path / "m.keras", **changes)
        return one_line(here("train", "evaluate", path, mixed, expect=2))

    assert "its record says" in refused(fit={"height": 16, "width": 32})
    assert "is the record of another" in refused(keras_sha256="0")
    assert "its record names 2" in refused(named=("red", "green"))
    assert "makes no sense" in refused(fallback="violet")
    assert "makes no sense" in refused(named=("red", "red", "blue"))
    assert "gives no probabilities" in refused(last="linear")
    path = save_keras(tmp_path / "m.keras")
    path.with_suffix(".json").unlink()
    assert "has no record m.json" in one_line(here("train", "evaluate", path, mixed, expect=2))


def test_a_single_output_is_the_probability_of_the_second_class(here: Command, tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", ("red", "blue"), count=3)
    first = keras.Input((8, 8, 3))
    model = keras.Model(first, keras.layers.Dense(1, "sigmoid")(keras.layers.GlobalAveragePooling2D()(first)))
    model.set_weights([np.array([[-0.1], [0], [0.1]]), np.zeros(1)])
    path = tmp_path / "m.keras"
    model.save(path)
    write_record(path, labels=("red", "blue"), fit={"height": 8, "width": 8})
    assert evaluate(here, tmp_path, path, folder, "--quick")["confusion"] == [[3, 0], [0, 3]]


def test_code_inside_a_keras_file_does_not_run(here: Command, mixed: Path, tmp_path: Path) -> None:
    trap, path = tmp_path / "trap", tmp_path / "m.keras"
    first = keras.Input((32, 32, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(first)
    code = eval(f"lambda x: (open({str(trap)!r}, 'w').close(), x)[1]")  # noqa: S307 - what an attacker would write
    keras.Model(first, keras.layers.Softmax()(keras.layers.Lambda(code, output_shape=(3,))(pooled))).save(path)
    trap.unlink(missing_ok=True)
    write_record(path, labels=COLOURS, fit={"height": 32, "width": 32})
    assert "cannot be loaded by Keras" in one_line(here("train", "evaluate", path, mixed, expect=2))
    assert not trap.exists()


def test_a_report_that_cannot_be_written_is_one_line(here: Command, model: Path, mixed: Path) -> None:
    done = here("train", "evaluate", model, mixed, "--quick", "--json", "/proc/nowhere/r.json", expect=2)
    assert "cannot be written" in one_line(done)
