"""MediaPipe's ImageClassifier loads our files as they are and says what we say (`make check-peers`).

Its OpenCV and ours own the same folder, so it lives in an environment of its own, .venv/peers; CATDOG_PEERS names the
Python of another one.
"""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.classifier import Classifier
from edge.fit import crop_box, fit
from edge.photo import read_photo
from tests.conftest import ROOT, finished

PYTHON = Path(os.environ.get("CATDOG_PEERS", ROOT / ".venv/peers/bin/python"))
PROGRAM = ROOT / "tests/bench/peers/mediapipe_answers.py"
MODELS = sorted((ROOT / "models").glob("*.tflite"))
PHOTOS = sorted((ROOT / "edge/demo").glob("*.jpg"))
SURE = 0.7  # MediaPipe scales a photo in a way of its own: what a network is torn about may flip

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="MediaPipe is not installed: make peers")


def ask(model: Path, photos: list[Path]) -> list[dict[str, float]]:
    """Return MediaPipe's scores, label by label, of each photo."""
    found: list[dict[str, float]] = json.loads(finished(PYTHON, PROGRAM, model, *photos).stdout)
    return found


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.name)
def test_pictures_of_the_inputs_size_get_our_probabilities(model: Path, tmp_path: Path) -> None:
    classifier, pictures = Classifier(model), []
    for photo in PHOTOS:
        picture = fit(read_photo(photo), classifier.contract.fit._replace(colour="BGR"))
        pictures.append(tmp_path / f"{photo.stem}.png")
        cv2.imwrite(str(pictures[-1]), picture)
    ours = np.array([classifier.predict(read_photo(path)) for path in pictures])
    theirs = np.array([[row[label] for label in classifier.labels] for row in ask(model, pictures)])
    # Two runtimes of different age: a step of int8's last tensor, and what dynamic range rounds.
    assert np.abs(ours - theirs).max() <= 0.01


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.name)
def test_photos_of_any_size_get_our_labels(model: Path, tmp_path: Path) -> None:
    classifier = Classifier(model)
    parts, compared = [], 0
    for photo in PHOTOS:  # the part that the model's rule keeps: MediaPipe squashes whatever it is given
        picture = read_photo(photo)
        top, left, height, width = crop_box(picture.shape[0], picture.shape[1], classifier.contract.fit)
        parts.append(tmp_path / f"{photo.stem}.png")
        cv2.imwrite(str(parts[-1]), picture[top : top + height, left : left + width])
    for photo, row in zip(PHOTOS, ask(model, parts), strict=True):
        ours = classifier.predict(read_photo(photo))
        if ours.max() >= SURE:
            compared += 1
            assert max(row, key=row.__getitem__) == classifier.labels[int(ours.argmax())], photo.name
    assert compared >= len(PHOTOS) // 2
