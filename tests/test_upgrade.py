"""Files that an earlier version left behind: read, or refused with what to do. tests/data/before keeps one of each.

They were written by that version's own code, before model files carried golden answers and settings knew of `keep`. A
change of a format adds a folder of files from before it, and leaves these.
"""

import json
import shutil
from pathlib import Path

import cv2
import pytest

from edge import contract
from edge.contract import Contract, seal, unseal
from edge.errors import ModelError
from edge.fit import FitRule
from edge.keep import Keep
from tests.conftest import ROOT, Command, one_line, picture

BEFORE = ROOT / "tests/data/before"


def test_a_model_file_answers_and_says_that_it_cannot_prove_it(here: Command, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "green.png"), picture("green"))
    assert here("edge", "classify", tmp_path, "--model", BEFORE / "model.tflite").stdout.startswith("green ")
    said = one_line(here("edge", "selftest", BEFORE / "model.tflite", expect=2))
    assert "carries no golden answers: an earlier version made it. Convert it again" in said


def test_a_model_file_of_another_format_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = (BEFORE / "model.tflite").read_bytes()[:64]
    made = Contract("tiny", "float32", ("a", "b"), FitRule(8, 8))
    with monkeypatch.context() as patch:
        patch.setattr(contract, "FORMAT", 2)
        newer = seal(bare, made)
    with monkeypatch.context() as patch:
        patch.setattr(contract, "_MAGIC", b"catdog2 ")
        other_trailer = seal(bare, made)
    for content in (newer, other_trailer):
        with pytest.raises(ModelError, match=r"is a model file of format 2, and this version reads format 1\. Install"):
            unseal(content, "newer.tflite")


def test_settings_are_read(here: Command) -> None:
    assert "catdog: 2 frames" in here("edge", "run", f"@{BEFORE / 'catdog.conf'}", "--frames", 2).stderr


def test_a_setting_that_is_gone_is_named_with_what_to_do(here: Command, tmp_path: Path) -> None:
    (tmp_path / "catdog.conf").write_text((BEFORE / "catdog.conf").read_text() + "blink = yes\n")
    said = one_line(here("edge", "run", f"@{tmp_path / 'catdog.conf'}", expect=2))
    assert said.startswith("catdog: setting blink: is unknown to this version of the program. Put a # before its line")


def test_an_event_log_is_gone_on_with(here: Command, tmp_path: Path) -> None:
    log, photos = Path(shutil.copy(BEFORE / "events.jsonl", tmp_path)), tmp_path / "photos"
    before = log.read_text()
    photos.mkdir()
    cv2.imwrite(str(photos / "green.png"), picture("green"))
    here("edge", "run", photos, "--frames", 1, "--events", log, "--model", BEFORE / "model.tflite", "--raw")
    assert log.read_text().startswith(before)
    assert {tuple(json.loads(line)) for line in log.read_text().splitlines()} == {
        tuple(json.loads(before[: before.index("\n")]))
    }


def test_a_benchmark_is_compared_and_one_of_another_format_is_refused(here: Command, tmp_path: Path) -> None:
    old = BEFORE / "bench.json"
    assert "Nothing changed" in here("edge", "bench", "--compare", old, old).stdout
    newer = tmp_path / "newer.json"
    newer.write_text(json.dumps({**json.loads(old.read_text()), "format": 2}))
    said = one_line(here("edge", "bench", "--compare", old, newer, expect=2))
    assert "is no benchmark of this version. Give a file that catdog bench --json wrote" in said


def test_kept_photos_are_found_and_new_ones_come_after_them(tmp_path: Path) -> None:
    old = tmp_path / "cat/0000042-20260501T123000Z-key.jpg"
    old.parent.mkdir()
    cv2.imwrite(str(old), picture("red"))
    keep = Keep(tmp_path)
    new = keep.keep(picture("green"), "cat", "key")
    assert keep.named() == [old, new]
    assert new.name.startswith("0000043-")
