"""What a network's scores mean: a temperature that makes probabilities honest, and a threshold for the fallback.

Both are chosen on validation photos, which are training photos that were not learned from; never on test photos.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_TEMPERATURES = np.exp(np.linspace(np.log(0.25), np.log(4), 401))
_THRESHOLDS = np.round(np.arange(0.05, 0.951, 0.01), 2)


def softmax(logits: Floats, temperature: float = 1.0) -> npt.NDArray[np.float64]:
    """Return the probabilities float64 (n, classes) of logits (n, classes)."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True), np.float64)


def best_temperature(logits: Floats, truth: npt.NDArray[np.int64]) -> float:
    """Return what to divide logits by: the temperature with the least negative log-likelihood.

    Guo et al., On Calibration of Modern Neural Networks (2017). Searched from 1/4 to 4, so that a few photos that
    are all right do not make a network boundlessly sure of itself.

    Args:
        logits: float32 (n, classes).
        truth: int64 (n,), the right classes.
    """
    rest = logits.astype(np.float64)
    rest -= rest.max(1, keepdims=True)
    right = rest[np.arange(len(truth)), truth]

    def loss(temperature: float) -> float:
        return float(np.mean(np.log(np.exp(rest / temperature).sum(1)) - right / temperature))

    # It is convex in 1 / temperature, so that halving finds the least.
    low, high = 0, len(_TEMPERATURES) - 1
    while low < high:
        middle = (low + high) // 2
        if loss(_TEMPERATURES[middle]) <= loss(_TEMPERATURES[middle + 1]):
            high = middle
        else:
            low = middle + 1
    return float(_TEMPERATURES[low])


def best_threshold(
    probabilities: npt.NDArray[np.float64], truth: npt.NDArray[np.int64], fallback: int, lost: float
) -> float:
    """Return the probability from which the fallback is the answer.

    The lowest that, by the rule of succession, calls at most `lost` of the other photos the fallback. Validation knows
    too little of the fallback to ask for less: its kinds were learned, and a device meets others (docs/models.md).
    Where no threshold is as sure as that, or too few photos can tell, of those that call the fewest so the one with the
    best mean recall over classes; where many are equally good, the middle one.

    Args:
        probabilities: float64 (n, classes).
        truth: int64 (n,), the right classes.
        fallback: the number of the class that means none of the others.
        lost: share of the other photos that may be called it, 0..1: what is there should be seen.
    """
    others = probabilities.copy()
    others[:, fallback] = -1
    best_other = others.argmax(1)
    recalls, taken = [], []
    for threshold in _THRESHOLDS:
        chosen = np.where(probabilities[:, fallback] >= threshold, fallback, best_other)
        recalls.append(np.mean([np.mean(chosen[truth == label] == label) for label in np.unique(truth)]))
        taken.append(np.sum(chosen[truth != fallback] == fallback))
    affordable = (np.array(taken) + 1) / (np.sum(truth != fallback) + 1) <= lost
    if affordable.any():
        return float(_THRESHOLDS[affordable.argmax()])
    allowed = np.array(taken) == min(taken)
    equal = np.flatnonzero(allowed & np.isclose(recalls, np.array(recalls)[allowed].max()))
    return float(_THRESHOLDS[equal[len(equal) // 2]])
