"""The photos of the damage in the HTML report: one under every corruption."""

import numpy as np

from edge.classifier import decide
from edge.contract import Contract
from edge.errors import CatdogError
from edge.metrics import Floats
from edge.photo import read_photo
from edge.report import Picture, thumbnail
from train.corruptions import CORRUPTIONS, STRENGTHS, Corruption
from train.evaluate.measure import Answers, damage


def examples(answers: Answers, contract: Contract, seed: int) -> dict[str, list[Picture]]:
    """Return strength -> one photo under every corruption, with the model's answers to it; empty for no sample.

    The photo is that of the sample which the model knows best, so that what changes an answer is the damage.
    """
    if not answers.sampled:
        return {}
    at = max(range(len(answers.sampled)), key=lambda i: _known(answers, answers.sampled[i], contract))
    row = answers.rows[answers.sampled[at]]
    try:
        shown = [thumbnail(image) for image in damage(read_photo(row.path), row, seed)]
    except CatdogError:  # gone in the meantime
        return {}
    return {
        strength: [
            Picture(
                shown[i * len(STRENGTHS) + j],
                corruption.name,
                _words(corruption, j, answers.damaged[at, i, j], contract),
            )
            for i, corruption in enumerate(CORRUPTIONS)
        ]
        for j, strength in enumerate(STRENGTHS)
    }


def _known(answers: Answers, position: int, contract: Contract) -> tuple[bool, float]:
    """Return how fit a photo is as an example: not the fallback's, which shows nothing to lose, and well known."""
    label = answers.rows[position].label
    return label != contract.fallback, float(answers.probabilities[position, contract.labels.index(label)])


def _words(corruption: Corruption, strength: int, probabilities: Floats, contract: Contract) -> tuple[str, str]:
    chosen = decide(contract, probabilities.astype(np.float32))
    return (
        f"{corruption.measure}: {corruption.strengths[strength]:g}",
        f"says {contract.labels[chosen]}, {probabilities[chosen]:.1%}",
    )
