"""How a model does on damaged photos, as plain data."""

from typing import Any

from edge.contract import Contract
from edge.evaluate.figures import decide_all, scores, truth_of
from edge.metrics import Floats
from train.corruptions import CORRUPTIONS, STRENGTHS
from train.evaluate.measure import Answers


def robustness(answers: Answers, contract: Contract, seed: int) -> dict[str, Any] | None:
    """Return the scores of the sampled photos under every corruption; None where none was sampled.

    Args:
        answers: what the model said.
        contract: of the model: its labels, and how it decides.
        seed: of the sample, for the record.
    """
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
