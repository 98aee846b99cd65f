"""Golden answers: `catdog selftest`, and the check before a model's first use on a machine."""

import hashlib
import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from edge import golden
from edge.classifier import Classifier
from edge.contract import seal
from edge.record import file_digest
from tests.clips import jpeg
from tests.conftest import Command, one_line, picture
from tests.tiny import tiny_model


def with_golden(path: Path, **changed: Any) -> Path:
    """Write a tiny model that carries golden pictures; `changed` goes over what it says of them."""
    bare = Classifier(tiny_model(path))
    files = golden.make(bare, {"green.jpg": jpeg(picture("green", 32, 32))})
    files["golden/answers.json"] = json.dumps({**json.loads(files["golden/answers.json"]), **changed}).encode()
    content = path.read_bytes()
    path.write_bytes(seal(content[: content.index(b"PK\3\4")], bare.contract, files))
    return path


def test_a_whole_model_that_answers_as_it_did_is_one_line(command: Command, tmp_path: Path) -> None:
    model = with_golden(tmp_path / "own.tflite")
    done = command("edge", "selftest", model)
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"ok: own.tflite: whole (SHA-256 {file_digest(model)[:12]}), ")
    assert "3 labels at 32 x 32, 4 golden answers within 0.0000 of 0.001" in line
    assert done.stderr == ""


def test_another_answer_than_where_it_was_made_is_refused(command: Command, tmp_path: Path) -> None:
    answers = {"drawn-wide": [0.1, 0.2, 0.7], "golden/green.jpg": [0, 1, 0]}
    model = with_golden(tmp_path / "own.tflite", answers=answers)
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), picture("red"))
    for words in (("selftest", model), ("classify", photo, "--model", model), ("run", photo, "--model", model)):
        done = command("edge", *words, expect=2)
        assert "own.tflite: answers otherwise on this machine than where it was made: drawn-wide" in one_line(done)
        assert done.stdout == ""


@pytest.mark.parametrize(
    "answers", [{}, {"golden/absent.jpg": [1, 0, 0]}, {"drawn-wide": [1, 0]}, {"drawn-wide": "much"}, None], ids=str
)
def test_golden_answers_that_make_no_sense_are_one_line(command: Command, tmp_path: Path, answers: Any) -> None:
    changed = {"tolerance": None} if answers is None else {"answers": answers}
    line = one_line(command("edge", "selftest", with_golden(tmp_path / "own.tflite", **changed), expect=2))
    assert "has golden answers that make no sense" in line


def test_a_model_without_golden_answers_is_told_apart_and_served(command: Command, model: Path, tmp_path: Path) -> None:
    assert "carries no golden answers" in one_line(command("edge", "selftest", model, expect=2))
    cv2.imwrite(str(tmp_path / "photo.png"), picture("red"))
    assert "red" in command("edge", "classify", tmp_path / "photo.png", "--model", model).stdout


def test_the_first_use_of_a_model_is_checked_and_no_later_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    checked: list[str] = []
    monkeypatch.setattr(golden, "check", lambda classifier: checked.append(classifier.path.name))
    one, two = Classifier(with_golden(tmp_path / "one")), Classifier(tiny_model(tmp_path / "two", side=16))
    for classifier in (one, one, two, one):
        golden.before_first_use(classifier)
    assert checked == ["one", "two"]


@pytest.mark.parametrize("cache", ["HOME", "relative", ""])
def test_who_can_keep_nothing_checks_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: str) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    monkeypatch.setenv("XDG_CACHE_HOME", cache.replace("HOME", str(tmp_path / "file")))
    classifier = Classifier(with_golden(tmp_path / "own.tflite"))
    checked: list[object] = []
    monkeypatch.setattr(golden, "check", checked.append)
    golden.before_first_use(classifier)
    golden.before_first_use(classifier)
    assert len(checked) == 2


def test_a_model_that_failed_is_checked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    classifier = Classifier(with_golden(tmp_path / "own.tflite", answers={"drawn-wide": [0, 0, 0]}))
    for _ in range(2):
        with pytest.raises(ValueError, match="answers otherwise"):
            golden.before_first_use(classifier)


def test_drawn_pictures_never_change() -> None:
    """Files that are out there hold answers to exactly these."""
    drawn = [golden.draw(name) for name in ("drawn-upright", "drawn-wide", "drawn-square")]
    assert [image.shape for image in drawn] == [(320, 240, 3), (240, 360, 3), (280, 280, 3)]
    digest = hashlib.sha256(b"".join(image.tobytes() for image in drawn)).hexdigest()
    assert digest == "72c891b4bace159601bb31fdca2cfbcf8455998fe8b0b995128073bd1683695e"
