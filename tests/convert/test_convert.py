"""`python -m convert`: four variants that answer as Keras does, or nothing at all."""

import errno
import json
import os
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.certify import predict_keras
from convert.load import load
from edge import runtime
from edge.classifier import Classifier
from edge.fit import fit
from tests.conftest import BGR, Command, finished, one_line, picture, write_photos

VARIANTS = ("float32", "float16", "dynamic", "int8")


@pytest.fixture(scope="module")
def parent(here: Command, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained .keras file with its record; the folder `red` is the label `warm`."""
    folder = tmp_path_factory.mktemp("parent")
    words = ("--out", folder, "--cache", folder / "cache", "--epochs", "2", "--batch", "8", "--label", "red=warm")
    here("train", photos, *words)
    return folder / "origin.keras"


@pytest.fixture(scope="module")
def converted(here: Command, photos: Path, parent: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a conversion wrote."""
    folder = tmp_path_factory.mktemp("converted")
    here("convert", parent, "--calibration", photos, "--out", folder)
    return folder


@pytest.fixture
def convert(here: Command, photos: Path, parent: Path, tmp_path: Path) -> Command:
    """Convert the parent once more, into tmp_path / "out"."""

    def run(*words: object, expect: int = 0) -> subprocess.CompletedProcess[str]:
        return here("convert", parent, "--calibration", photos, "--out", tmp_path / "out", *words, expect=expect)

    return run


def test_four_variants_a_certificate_and_a_card_are_written(converted: Path) -> None:
    expected = [f"origin.{variant}.tflite" for variant in VARIANTS] + ["origin.certificate.json", "origin.md"]
    assert sorted(path.name for path in converted.iterdir()) == sorted(expected)
    certificate = json.loads((converted / "origin.certificate.json").read_bytes())
    assert [row["variant"] for row in certificate["variants"]] == ["keras", *VARIANTS]
    assert certificate["photos"] == 18
    assert all(row["agreement"] > 0.9 for row in certificate["variants"])
    card = (converted / "origin.md").read_text()
    assert all(variant in card for variant in VARIANTS)
    assert "blue, green, warm" in card


def test_each_folder_that_judges_has_its_own_figures(here: Command, photos: Path, parent: Path, tmp_path: Path) -> None:
    """A second folder holds red photos under the name green, and one that shows what it says."""
    for suffix in (".keras", ".json"):
        shutil.copy(parent.with_suffix(suffix), tmp_path)
    record = json.loads((tmp_path / "origin.json").read_bytes())
    (tmp_path / "origin.json").write_text(json.dumps({**record, "fallback": "blue"}))
    odd = write_photos(tmp_path / "odd", ("green",), count=1)
    for number in range(3):
        cv2.imwrite(str(odd / "green" / f"wrong_{number}.png"), picture("red", seed=number))
    here("convert", tmp_path / "origin.keras", "--calibration", photos, "--photos", photos, odd)
    certificate = json.loads((tmp_path / "origin.certificate.json").read_bytes())
    for row in certificate["variants"]:
        first, second = row["sets"]
        assert (first["folder"], first["split"], first["accuracy"]["n"]) == (photos.name, "test", 18)
        assert (second["folder"], second["split"], second["accuracy"]["n"]) == ("odd", "all", 4)
        assert first["fallback"]["kept"]["n"] == 6
        assert second["fallback"]["kept"]["share"] is None
        assert first["accuracy"]["hits"] + second["accuracy"]["hits"] + len(row["mistakes"]) == 22
        wrong = [mistake for mistake in row["mistakes"] if "wrong" in mistake["file"]]
        assert {(mistake["label"], mistake["answer"]) for mistake in wrong} == {("green", "warm")}
    card = (tmp_path / "origin.md").read_text()
    assert "odd, 4 photos (all)" in card
    assert "| green | warm | 3 | wrong 3 |" in card


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_knows_its_contract_and_answers(converted: Path, variant: str) -> None:
    classifier = Classifier(converted / f"origin.{variant}.tflite")
    assert classifier.contract.variant == variant
    assert classifier.labels == ("blue", "green", "warm")
    for colour in BGR:
        assert classifier.classify(picture(colour, seed=900)).label == {"red": "warm"}.get(colour, colour)


def test_variants_give_the_probabilities_of_keras(converted: Path, parent: Path) -> None:
    # Pictures between the colours, where probabilities are not all 0 or 1.
    mixed = [(picture("red", seed=n) // 2 + picture("blue", seed=n) // 2) for n in range(8)]
    loaded = load(parent)
    expected = predict_keras(loaded, np.stack([fit(image, loaded.fit) for image in mixed]))
    for variant, tolerance in (("float32", 1e-5), ("float16", 1e-2), ("dynamic", 0.1), ("int8", 0.1)):
        found = np.stack([Classifier(converted / f"origin.{variant}.tflite").predict(image) for image in mixed])
        assert np.abs(found - expected).max() < tolerance, variant


def test_int8_takes_pixels_as_they_are_and_is_int8_inside(converted: Path) -> None:
    content = (converted / "origin.int8.tflite").read_bytes()
    interpreter = runtime.load(content, 1, "int8")
    tensor = interpreter.get_input_details()[0]
    assert tensor["dtype"] == np.uint8
    assert tensor["quantization"] == (1.0, 0)
    kinds = [detail["dtype"] for detail in interpreter.get_tensor_details() if detail["shape"].size == 4]
    assert np.float32 not in kinds
    assert len(content) < 0.3 * (converted / "origin.float32.tflite").stat().st_size


def test_calibration_is_balanced_recorded_and_has_no_test_photo(converted: Path, photos: Path, tmp_path: Path) -> None:
    listed = Classifier(converted / "origin.int8.tflite").associated("calibration.sha256")
    (tmp_path / "list").write_bytes(listed or b"")
    finished("sha256sum", "--check", tmp_path / "list", cwd=photos.parent)
    names = [line.split("  ")[1] for line in (listed or b"").decode().splitlines()]
    assert all(name.startswith(f"{photos.name}/train/") for name in names)
    counts = [sum(f"/{colour}/" in name for name in names) for colour in BGR]
    assert len(names) > 30
    assert max(counts) - min(counts) <= 1


def test_the_same_conversion_gives_the_same_bytes(convert: Command, converted: Path, tmp_path: Path) -> None:
    convert()
    name = "origin.int8.tflite"
    assert (tmp_path / "out" / name).read_bytes() == (converted / name).read_bytes()


def test_what_cannot_be_converted_is_one_line(here: Command, photos: Path, parent: Path, tmp_path: Path) -> None:
    whole, record = parent.read_bytes(), parent.with_suffix(".json").read_text()
    foreign = record.replace('"keras_sha256": "', '"keras_sha256": "0')
    for name, content, beside, words in (
        ("missing.keras", None, "", "missing.keras: cannot be read (No such file"),
        ("text.keras", b"no model", "", "text.keras: cannot be loaded by Keras"),
        ("cut.keras", whole[:-1000], "", "cut.keras: cannot be loaded by Keras"),
        ("named.h5", whole, "", "named.h5: is not a .keras file"),
        ("bare.keras", whole, "", "bare.keras: has no record"),
        ("changed.keras", whole, foreign, "changed.json: is the record of another"),
        ("broken.keras", whole, record[:-20], "broken.json: is no record"),
    ):
        path = tmp_path / name
        if content:
            path.write_bytes(content)
        if beside:
            path.with_suffix(".json").write_text(beside)
        assert words in one_line(here("convert", path, "--calibration", photos, "--out", tmp_path / "out", expect=2))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("red", "readable training photos"),
        ("horse", "is none of the classes that the model knows"),
        ("", "no class folders"),
    ],
)
def test_useless_calibration_photos_are_one_line(convert: Command, tmp_path: Path, name: str, words: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    if name:
        write_photos(data / "train", ("green", "red"), count=3).joinpath("red").rename(data / "train" / name)
    assert words in one_line(convert("--calibration", data, expect=2))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_target_is_one_line(convert: Command, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "cannot be written" in one_line(convert(expect=2))


def test_a_target_that_is_no_folder_is_one_line_before_anything_is_done(convert: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert "is no folder to write in" in one_line(convert("--out", tmp_path / "file", expect=2))
    assert "is a folder" in one_line(convert("--html", tmp_path, expect=2))
    assert not (tmp_path / "out").exists()


def test_a_disk_that_fills_up_leaves_the_former_files(
    convert: Command, converted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(converted, tmp_path / "out")
    before = {path.name: path.read_bytes() for path in converted.iterdir()}
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.parent.name == "out" and "float16" in path.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    assert "cannot be written (No space left on device)" in convert("--seed", 2, expect=2).stderr
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_calibration_photos_none_of_which_can_be_read_are_one_line_at_the_end(convert: Command, tmp_path: Path) -> None:
    (tmp_path / "data/green").mkdir(parents=True)
    for number in range(12):
        (tmp_path / f"data/green/{number}.jpg").write_text("no photo")
    lines = convert("--calibration", tmp_path / "data", expect=2).stderr.splitlines()
    assert lines[-1].endswith("has 0 readable training photos. Give 10 or more")
    assert not (tmp_path / "out").exists()
