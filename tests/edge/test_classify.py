"""`catdog classify` and `edge.Classifier`: right answers, and one line for everything that is no photo."""

import os
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.classifier import Classifier, decide
from edge.contract import Contract, seal, unseal
from edge.errors import ModelError
from edge.fit import FitRule
from edge.photo import read_photo
from tests.clips import jpeg
from tests.conftest import BGR, Command, one_line, picture, shell, write_photos
from tests.edge.test_run import rows
from tests.tiny import tiny_model


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("colour", list(BGR))
def test_a_picture_gets_its_label(tmp_path: Path, dtype: str, colour: str) -> None:
    answer = Classifier(tiny_model(tmp_path / "tiny.tflite", input_dtype=dtype)).classify(picture(colour))
    assert answer.label == colour
    assert answer.probability == answer.probabilities[colour] > 0.9
    assert sum(answer.probabilities.values()) == pytest.approx(1, abs=0.01)
    assert answer.latency_ms > 0


def test_below_its_threshold_a_label_becomes_the_fallback(tmp_path: Path) -> None:
    grey = np.full((20, 20, 3), 128, np.uint8)
    grey[..., 2] = 140
    strict = tiny_model(tmp_path / "strict.tflite", thresholds={"red": 0.9, "blue": 0.9}, fallback="green")
    assert Classifier(tiny_model(tmp_path / "plain.tflite")).classify(grey).label == "red"
    assert Classifier(strict).classify(grey).label == "green"
    assert Classifier(strict).classify(picture("red")).label == "red"


@pytest.mark.parametrize(
    ("probabilities", "thresholds", "answer"),
    [
        ((0.5, 0.3, 0.2), {}, "red"),
        ((0.3, 0.3, 0.4), {}, "blue"),
        ((0.5, 0.3, 0.2), {"red": 0.6}, "blue"),
        ((0.3, 0.2, 0.5), {"blue": 0.6}, "red"),
        ((0.45, 0.15, 0.4), {"blue": 0.4}, "blue"),
        ((0.3, 0.2, 0.5), {"blue": 0.6, "red": 0.35}, "blue"),
        ((0.2, 0.3, 0.5), {"blue": 0.6, "red": 0.35}, "green"),
    ],
)
def test_thresholds_and_fallback_decide(probabilities: list[float], thresholds: dict[str, float], answer: str) -> None:
    contract = Contract("m", "int8", ("red", "green", "blue"), FitRule(8, 8), 1.0, thresholds, "blue")
    assert contract.labels[decide(contract, np.array(probabilities, np.float32))] == answer


def test_a_model_that_does_not_match_its_contract_is_refused(tmp_path: Path) -> None:
    path = tiny_model(tmp_path / "tiny.tflite")
    content = path.read_bytes()
    wrong = unseal(content, path)._replace(labels=("a", "b"))
    path.write_bytes(seal(content[: content.index(b"PK\3\4")], wrong))
    with pytest.raises(ModelError, match="output"):
        Classifier(path)


def test_a_folder_is_classified_in_order(command: Command, model: Path, tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", count=2)
    found = rows(command("edge", "classify", folder, "--json", "--model", model).stdout)
    assert [Path(row["source"]).parent.name for row in found] == ["blue", "blue", "green", "green", "red", "red"]
    for row in found:
        assert row["label"] == Path(row["source"]).parent.name
        assert set(row) >= {"source", "label", "probability", "probabilities", "latency_ms"}


def test_every_form_of_photo_is_read(command: Command, model: Path, tmp_path: Path) -> None:
    red = picture("red")
    forms = {"alpha.png": np.dstack([red, np.full(red.shape[:2], 128, np.uint8)]), "deep.png": red.astype("u2") * 257}
    for name in ("plain.jpg", "photo.webp", "photo.bmp", "photo.tiff", "UPPER.JPG", "späte Katze\n.png", *forms):
        assert cv2.imwrite(str(tmp_path / name), forms.get(name, red))
        (row,) = rows(command("edge", "classify", tmp_path / name, "--json", "--model", model).stdout)
        assert row["label"] == "red", name


def test_grey_cmyk_animated_and_rotated_photos_are_read(tmp_path: Path) -> None:
    from PIL import Image

    red = Image.fromarray(picture("red")[..., ::-1].copy())
    red.convert("L").save(tmp_path / "grey.jpg")
    red.convert("CMYK").save(tmp_path / "cmyk.jpg")
    green = Image.fromarray(picture("green")[..., ::-1].copy())
    red.save(tmp_path / "animated.gif", save_all=True, append_images=[green])
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: turn by 90 degrees
    red.save(tmp_path / "turned.jpg", exif=exif)

    grey = read_photo(tmp_path / "grey.jpg")
    assert np.abs(grey[..., 0].astype(int) - grey[..., 2]).max() == 0
    for name in ("cmyk.jpg", "animated.gif"):
        mean = read_photo(tmp_path / name).mean((0, 1))
        assert mean[2] > 180 > 80 > mean[0], name
    assert read_photo(tmp_path / "turned.jpg").shape == (64, 48, 3)


BOMB = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\x86\xa0\0\1\x86\xa0\x08\2\0\0\0\xb8\xf4\x5e\x5d"  # 100,000 x 100,000
BAD = {
    "text.jpg": (b"this is a text file, not a photo", "no photo"),
    "empty.jpg": (b"", "is empty"),
    "cut.jpg": (jpeg(picture("red"))[:-300], "cut off"),
    "bomb.png": (BOMB, ""),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_photo_is_one_line(command: Command, model: Path, tmp_path: Path, name: str) -> None:
    content, word = BAD[name]
    (tmp_path / name).write_bytes(content)
    line = one_line(command("edge", "classify", tmp_path / name, "--model", model, expect=2))
    assert name in line
    assert word in line


def test_bad_photos_among_good_ones_are_skipped(command: Command, model: Path, tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", count=1)
    for name, (content, _) in BAD.items():
        (folder / name).write_bytes(content)
    done = command("edge", "classify", folder, tmp_path / "nowhere", "--json", "--model", model, expect=1)
    assert [row["label"] for row in rows(done.stdout)] == ["blue", "green", "red"]
    assert all(name in done.stderr for name in [*BAD, "nowhere"])
    assert f"3 classified, {len(BAD) + 1} skipped" in done.stderr


def test_a_folder_without_photos_is_said(command: Command, model: Path, tmp_path: Path) -> None:
    assert "holds no photo" in one_line(command("edge", "classify", tmp_path, "--model", model, expect=2))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_photo_is_said(command: Command, model: Path, tmp_path: Path) -> None:
    path = write_photos(tmp_path, ("red",), 1) / "red/000.jpg"
    path.chmod(0)
    assert "ermission" in one_line(command("edge", "classify", path, "--model", model, expect=2))


def test_a_reader_that_has_had_enough_is_no_error(model: Path, tmp_path: Path) -> None:
    write_photos(tmp_path, count=300, classes=("red",))
    done = shell(f"catdog classify {tmp_path} --model {model} | head -n 1")
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")


@pytest.mark.parametrize("interpolation", ["linear", "mipmap"])
@pytest.mark.parametrize("input_dtype", ["uint8", "float32"])
def test_a_live_loop_allocates_neither_frame_nor_input(tmp_path: Path, input_dtype: str, interpolation: str) -> None:
    side = 96
    rule = FitRule(side, side, interpolation=interpolation)
    classifier = Classifier(tiny_model(tmp_path / "tiny.tflite", side, input_dtype=input_dtype, fit=rule))
    frame = picture("red", 480, 640)
    classifier.classify(frame)
    tracemalloc.start()
    for _ in range(20):
        classifier.classify(frame)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes < side * side * 3 / 4


def test_a_pipe_is_no_photo_and_an_endless_device_is_refused(command: Command, model: Path, tmp_path: Path) -> None:
    write_photos(tmp_path, ["red"], count=2)
    os.mkfifo(tmp_path / "red" / "pipe.jpg")  # nobody will ever write into it
    done = command("edge", "classify", tmp_path, "--model", model)
    assert len(done.stdout.splitlines()) == 2
    assert "has no end" in one_line(command("edge", "classify", "/dev/zero", "--model", model, expect=2))


def test_a_photo_may_come_through_a_pipe(model: Path, tmp_path: Path) -> None:
    write_photos(tmp_path, ["red"], count=1)
    line = f"cat {tmp_path}/red/000.jpg | catdog classify /dev/stdin --model {model}"
    assert shell(line).stdout.startswith("red ")
