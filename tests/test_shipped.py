"""The model files in models/: whole, within their size, those that their certificates speak of, and right here."""

import json
from pathlib import Path

import pytest

from edge import golden
from edge.classifier import Classifier
from edge.record import file_digest
from tests.conftest import ROOT

MODELS = ROOT / "models"
FILES = sorted(MODELS.glob("*.tflite"))
MOST_BYTES = {"default.int8.tflite": 3_000_000, "small.int8.tflite": 650_000}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_gives_its_golden_answers_on_this_machine(path: Path) -> None:
    outcome = golden.check(Classifier(path))
    assert outcome is not None
    assert outcome.pictures == 5
    assert outcome.largest <= outcome.tolerance


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.certificate.json")), ids=lambda path: path.name)
def test_a_certificate_is_of_the_very_files_beside_it(path: Path) -> None:
    certificate = json.loads(path.read_bytes())
    for row in certificate["variants"][1:]:
        file = MODELS / f"{certificate['name']}.{row['variant']}.tflite"
        if row["variant"] in ("float16", "dynamic") and not file.exists():
            continue  # measured, but .gitignore leaves it out
        assert (file_digest(file), file.stat().st_size) == (row["sha256"], row["bytes"])
        contract = Classifier(file).contract
        assert contract.origins["keras_sha256"] == certificate["keras_sha256"]
        assert list(contract.labels) == certificate["labels"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_keeps_within_its_size(path: Path) -> None:
    assert path.stat().st_size <= MOST_BYTES.get(path.name, 10_000_000)


def test_all_of_them_are_no_burden() -> None:
    extras = ("default.float16", "default.dynamic", "small.float16", "small.dynamic")  # .gitignore leaves them out
    kept = [path for path in FILES if not path.name.startswith(extras)]
    assert sum(path.stat().st_size for path in kept) < 25_000_000


@pytest.mark.parametrize("kind", ["evaluation", "clips"])
def test_what_was_measured_is_of_the_very_file(kind: str) -> None:
    measured = json.loads((MODELS / f"default.{kind}.json").read_bytes())
    digest = measured.get("sha256") or measured["model"]["sha256"]
    assert digest == file_digest(MODELS / "default.int8.tflite"), f"measure {kind} again"
