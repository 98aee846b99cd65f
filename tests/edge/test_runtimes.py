"""Both TFLite runtimes give the same answers: ai-edge-litert, and the older tflite-runtime where it can be had."""

import json
from functools import partial
from pathlib import Path

import pytest

from edge.classifier import Classifier
from edge.photo import find_photos, read_photo
from tests.conftest import ROOT, finished, one_line

LEGACY = ROOT / ".venv/legacy/bin/python"
PHOTOS = ROOT / "edge/demo"

WHY = "no .venv/legacy (tflite-runtime has wheels up to Python 3.11): make setup"
pytestmark = pytest.mark.skipif(not LEGACY.exists(), reason=WHY)


legacy = partial(finished, LEGACY, "-m", "edge", timeout=120)


@pytest.mark.parametrize(("variant", "tolerance"), [("float32", 1e-4), ("float16", 1e-3), ("int8", 2 / 256)])
def test_the_older_runtime_gives_the_same_answers(variant: str, tolerance: float) -> None:
    model = ROOT / f"models/origin.{variant}.tflite"
    rows = [json.loads(line) for line in legacy("classify", PHOTOS, "--json", "--model", model).stdout.splitlines()]
    photos = list(find_photos(PHOTOS))
    assert len(rows) == len(photos) > 5
    classifier = Classifier(model)
    for row, photo in zip(rows, photos, strict=True):
        assert Path(row["source"]) == photo
        expected = classifier.classify(read_photo(photo)).probabilities
        assert row["probabilities"] == pytest.approx(expected, abs=tolerance + 1e-6), photo


def test_a_model_that_it_cannot_load_is_one_line() -> None:
    done = legacy("classify", PHOTOS, "--model", ROOT / "models/origin.dynamic.tflite", expect=2)
    assert "is refused by tflite-runtime" in one_line(done)


def test_the_live_runner_works_on_it() -> None:
    done = legacy("run", "demo", "--frames", "5", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [set(row) >= {"label", "frame", "time"} for row in rows] == [True] * 5
