"""From answers to figures: everything that the JSON report holds, as plain data."""

from collections.abc import Sequence
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
from train.corruptions import CORRUPTIONS, STRENGTHS
from train.evaluate.measure import Answers


def figures(answers: Answers, parts: Sequence[Part], contract: Contract, seed: int) -> dict[str, Any]:
    """Return all figures as JSON-ready data.

    Args:
        answers: what the model said.
        parts: the DATA folders as they were chosen.
        contract: of the model: its labels, and how it decides.
        seed: of the sample and of what is drawn here.
    """
    truth = _truth(answers.rows, contract)
    decided = _decide(contract, answers.probabilities)
    classes = per_class(confusion(truth, decided, len(contract.labels)))
    return {
        **_scores(contract, truth, decided, answers.probabilities),
        "folders": _by_folder(answers, parts, contract, truth, decided, seed),
        "classes": {label: row.document() for label, row in zip(contract.labels, classes, strict=True)},
        "macro_f1": macro_f1(classes),
        "confusion": confusion(truth, decided, len(contract.labels)).tolist(),
        "calibration": _calibration(truth, answers.probabilities, seed),
        "robustness": _robustness(answers, contract, truth, seed) if answers.sampled else None,
        "mistakes": _mistakes(answers, contract, truth, decided),
    }


def _truth(rows: Sequence[Row], contract: Contract) -> Classes:
    return np.array([contract.labels.index(row.label) for row in rows], np.int64)


def _decide(contract: Contract, probabilities: Floats) -> Classes:
    """Return the device's decisions, int64 (photos,)."""
    return np.array([decide(contract, row) for row in probabilities.astype(np.float32)], np.int64)


def _scores(contract: Contract, truth: Classes, decided: Classes, probabilities: Floats) -> dict[str, Any]:
    """Return accuracy and, where the model has a fallback and two other classes, what that does."""
    scores: dict[str, Any] = {"accuracy": Share(int((truth == decided).sum()), len(truth)).document(), "fallback": None}
    if contract.fallback is not None and len(contract.labels) > 2:
        number = contract.labels.index(contract.fallback)
        scores["fallback"] = fallback_figures(truth, decided, probabilities, number).document()
    return scores


def _by_folder(
    answers: Answers, parts: Sequence[Part], contract: Contract, truth: Classes, decided: Classes, seed: int
) -> list[dict[str, Any]]:
    documents = []
    for part in parts:
        here = np.array([row.folder == part.folder for row in answers.rows], np.bool_)
        scores = _scores(contract, truth[here], decided[here], answers.probabilities[here])
        calibration = _calibration(truth[here], answers.probabilities[here], seed)
        documents.append({"folder": str(part.folder), "split": part.split, **scores, "calibration": calibration})
    return documents


def _calibration(truth: Classes, probabilities: Floats, seed: int) -> dict[str, Any]:
    """Return reliability bins and ECE of the likeliest class; thresholds play no part in it."""
    confidence, right = probabilities.max(1).clip(0, 1), probabilities.argmax(1) == truth
    bins, chance = reliability(confidence, right), chance_error(confidence, seed)
    return {
        "ece": expected_calibration_error(bins),
        "chance": chance._asdict() if chance else None,
        "confidence": float(confidence.mean()),
        "accuracy": float(right.mean()),
        "bins": [
            {
                "low": b.low,
                "high": b.high,
                "answers": b.answers,
                "confidence": b.confidence if b.answers else None,
                "accuracy": b.accuracy if b.answers else None,
            }
            for b in bins
        ],
    }


def _robustness(answers: Answers, contract: Contract, truth: Classes, seed: int) -> dict[str, Any]:
    chosen = list(answers.sampled)

    def scores(probabilities: Floats) -> dict[str, Any]:
        return _scores(contract, truth[chosen], _decide(contract, probabilities), probabilities)

    rows = [
        {
            "name": corruption.name,
            "measure": corruption.measure,
            "strengths": {
                name: {"value": corruption.strengths[j], **scores(answers.damaged[:, i, j])}
                for j, name in enumerate(STRENGTHS)
            },
        }
        for i, corruption in enumerate(CORRUPTIONS)
    ]
    return {"photos": len(chosen), "seed": seed, "undamaged": scores(answers.probabilities[chosen]), "rows": rows}


def _mistakes(answers: Answers, contract: Contract, truth: Classes, decided: Classes) -> list[dict[str, Any]]:
    """Return every wrong answer, the most certain first: by how much the answer outweighs the truth."""
    wrong = np.flatnonzero(truth != decided)
    given = answers.probabilities[wrong, decided[wrong]]
    due = answers.probabilities[wrong, truth[wrong]]
    return [
        {
            "file": str(answers.rows[wrong[i]].path),
            "label": contract.labels[truth[wrong[i]]],
            "answer": contract.labels[decided[wrong[i]]],
            "probability": float(given[i]),
            "probability_of_label": float(due[i]),
        }
        for i in np.argsort(due - given, kind="stable")
    ]
