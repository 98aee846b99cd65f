"""Damaged photos: which are chosen, how a model does on them, and one of them as an example."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from edge.classifier import decide
from edge.contract import Contract
from edge.errors import CatdogError
from edge.evaluate.figures import decide_all, scores, truth_of
from edge.judged import Row
from edge.metrics import Floats
from edge.photo import read_photo
from edge.report import Picture, thumbnail
from train.corruptions import CORRUPTIONS, STRENGTHS, Corruption
from train.evaluate.measure import Answers, damage


def sample(rows: Sequence[Row], most: int, seed: int) -> list[int]:
    """Return the sorted positions of at most `most` rows, drawn so that folders and classes keep their shares.

    Each stratum is shuffled and its photos are spread evenly over 0..1; those that come first are taken.
    """
    rng = np.random.default_rng(seed)
    strata: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        strata[str(row.folder), row.label].append(position)
    spread = [
        ((rank + 0.5) / len(stratum), int(position))
        for stratum in strata.values()
        for rank, position in enumerate(rng.permutation(stratum))
    ]
    return sorted(position for _, position in sorted(spread)[:most])


def robustness(answers: Answers, contract: Contract, seed: int) -> dict[str, Any] | None:
    """Return the scores of the sampled photos under every corruption, as plain data; None where none was sampled."""
    if not answers.sampled:
        return None
    chosen = list(answers.sampled)
    truth = truth_of(answers.rows, contract)[chosen]

    def of(probabilities: Floats) -> dict[str, Any]:
        return scores(contract, truth, decide_all(contract, probabilities), probabilities)

    rows = [
        {
            "name": corruption.name,
            "measure": corruption.measure,
            "strengths": {
                name: {"value": corruption.strengths[j], **of(answers.damaged[:, i, j])}
                for j, name in enumerate(STRENGTHS)
            },
        }
        for i, corruption in enumerate(CORRUPTIONS)
    ]
    undamaged = of(answers.probabilities[chosen])
    return {"photos": len(chosen), "seed": seed, "undamaged": undamaged, "rows": rows}


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
