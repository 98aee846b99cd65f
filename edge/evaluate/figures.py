"""From answers to figures: what the JSON report holds, as plain data."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge.classifier import decide
from edge.contract import Contract
from edge.judged import Part, Row
from edge.metrics import (
    Classes,
    Floats,
    Share,
    chance_error,
    confusion,
    expected_calibration_error,
    fallback_figures,
    macro_f1,
    per_class,
    reliability,
)


def figures(
    rows: Sequence[Row], probabilities: Floats, parts: Sequence[Part], contract: Contract, seed: int
) -> dict[str, Any]:
    """Return all figures as JSON-ready data.

    `rows` are the photos that could be read, `probabilities` what the model said of them: float64 (rows, labels).
    """
    truth, decided = truth_of(rows, contract), decide_all(contract, probabilities)
    matrix = confusion(truth, decided, len(contract.labels))
    classes = per_class(matrix)

    def of(part: Part) -> dict[str, Any]:
        here = np.array([row.folder == part.folder for row in rows], np.bool_)
        found = scores(contract, truth[here], decided[here], probabilities[here])
        calibration = _calibration(truth[here], probabilities[here], seed)
        return {"folder": str(part.folder), "split": part.split, **found, "calibration": calibration}

    return {
        **scores(contract, truth, decided, probabilities),
        "folders": [of(part) for part in parts],
        "classes": {label: row.document() for label, row in zip(contract.labels, classes, strict=True)},
        "macro_f1": macro_f1(classes),
        "confusion": matrix.tolist(),
        "calibration": _calibration(truth, probabilities, seed),
        "mistakes": _mistakes(rows, probabilities, contract, truth, decided),
    }


def model_document(path: Path, size: int, digest: str, contract: Contract) -> dict[str, Any]:
    """Return what a model is as JSON-ready data: its file, that one's bytes and SHA-256, and its contract."""
    fields = {**contract._asdict(), "fit": contract.fit._asdict()}
    del fields["origins"]
    return {"file": str(path), "bytes": size, "sha256": digest, **fields}


def truth_of(rows: Sequence[Row], contract: Contract) -> Classes:
    """Return the class numbers that photos are labelled with, int64 (rows,)."""
    return np.array([contract.labels.index(row.label) for row in rows], np.int64)


def decide_all(contract: Contract, probabilities: Floats) -> Classes:
    """Return the device's decisions, int64 (photos,)."""
    return np.array([decide(contract, row) for row in probabilities.astype(np.float32)], np.int64)


def scores(contract: Contract, truth: Classes, decided: Classes, probabilities: Floats) -> dict[str, Any]:
    """Return accuracy and, where the model has a fallback and two other classes, what that does."""
    found: dict[str, Any] = {"accuracy": Share(int((truth == decided).sum()), len(truth)).document(), "fallback": None}
    if contract.fallback is not None and len(contract.labels) > 2:
        number = contract.labels.index(contract.fallback)
        found["fallback"] = fallback_figures(truth, decided, probabilities, number).document()
    return found


def _calibration(truth: Classes, probabilities: Floats, seed: int) -> dict[str, Any]:
    """Return reliability bins and ECE of the likeliest class; thresholds play no part in it."""
    confidence, right = probabilities.max(1).clip(0, 1), probabilities.argmax(1) == truth
    bins, chance = reliability(confidence, right), chance_error(confidence, seed)
    return {
        "ece": expected_calibration_error(bins),
        "chance": chance._asdict() if chance else None,
        "confidence": float(confidence.mean()),
        "accuracy": float(right.mean()),
        "bins": [b.document() for b in bins],
    }


def _mistakes(
    rows: Sequence[Row], probabilities: Floats, contract: Contract, truth: Classes, decided: Classes
) -> list[dict[str, Any]]:
    """Return every wrong answer, the most certain first: by how much the answer outweighs the truth."""
    wrong = np.flatnonzero(truth != decided)
    given = probabilities[wrong, decided[wrong]]
    due = probabilities[wrong, truth[wrong]]
    return [
        {
            "file": str(rows[wrong[i]].path),
            "label": contract.labels[truth[wrong[i]]],
            "answer": contract.labels[decided[wrong[i]]],
            "probability": float(given[i]),
            "probability_of_label": float(due[i]),
        }
        for i in np.argsort(due - given, kind="stable")
    ]
