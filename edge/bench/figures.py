"""From times to figures: percentiles, paired ratios with their uncertainty, the Pareto front, what to ship."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edge.bench.rounds import Floats
from edge.statistics import Z95

RESAMPLES = 1000
_FEWEST_FOR_P99 = 100  # with fewer, it would be the largest value by another name
DEFAULT_DROP = 1.0  # percentage points


def interval(values: Floats, random: np.random.Generator) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the median of `values` (blocks, rounds).

    Blocks are drawn with replacement, then rounds from those: rounds of a block share their memory layout and their
    moment, so they say less than as many independent ones (Kalibera and Jones 2013, Rigorous benchmarking). A few
    blocks drawn again look more alike than new ones would: the interval is widened as Student's t is over the normal.
    """
    blocks, rounds = values.shape
    medians = []
    for _ in range(RESAMPLES):
        drawn = values[random.integers(blocks, size=blocks)]
        medians.append(np.median(np.take(drawn, random.integers(drawn.size, size=blocks * rounds))))
    middle, wider = float(np.median(values)), widening(blocks)
    low, high = (middle + wider * (float(end) - middle) for end in np.percentile(medians, [2.5, 97.5]))
    return low, high


def widening(blocks: int) -> float:
    """Return Student's quantile 0.975 for blocks - 1 degrees of freedom over the normal one, times sqrt(n / (n - 1)).

    The quantile by its expansion (Abramowitz and Stegun 1964, 26.7.5), 4 % too small for three degrees, exact for many.
    """
    free, z = blocks - 1, Z95
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    return t / z * math.sqrt(blocks / free)


def latency(values: Floats, random: np.random.Generator) -> dict[str, float | None]:
    """Return the figures of times in ms (blocks, rounds); p99 is None where there are too few for one."""
    p50, p90, p95, p99 = (float(p) for p in np.percentile(values, [50, 90, 95, 99]))
    low, high = interval(values, random)
    return {
        "min": float(values.min()),
        "p50": p50,
        "low": low,
        "high": high,
        "p90": p90,
        "p95": p95,
        "p99": p99 if values.size >= _FEWEST_FOR_P99 else None,
        "mean": float(values.mean()),
    }


def ratio(values: Floats, reference: Floats, random: np.random.Generator) -> dict[str, float]:
    """Return the median of values / reference, round by round, and its 95 % interval."""
    ratios = values / reference
    low, high = interval(ratios, random)
    return {"ratio": float(np.median(ratios)), "low": low, "high": high}


def spread(values: Sequence[float | None]) -> dict[str, float] | None:
    """Return median, least and most of the few values that are known; None where none is."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {"median": float(np.median(known)), "least": min(known), "most": max(known), "n": len(known)}


def front(models: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the models that no other beats in both accuracy and latency, fastest first."""
    judged = [m for m in models if m["accuracy"]]
    best, names = -1.0, []
    for model in sorted(judged, key=lambda m: (m["classify"]["p50"], -m["accuracy"]["share"])):
        if model["accuracy"]["share"] > best:
            best = model["accuracy"]["share"]
            names.append(model["name"])
    return names


def ship(
    models: Sequence[Mapping[str, Any]], budget_ms: float | None, max_drop: float | None
) -> dict[str, str | None] | None:
    """Say which model to ship, and why; {"model": None} where none will do, None where there is nothing to go by.

    Args:
        models: as in the document.
        budget_ms: most that p95 of `classify` may take.
        max_drop: most percentage points that the accuracy may lie below the most accurate model's. Without it, the
            most accurate one within `budget_ms`, or the fastest within DEFAULT_DROP points where there is no budget.
    """
    judged = all(m["accuracy"] for m in models)
    if max_drop is None and budget_ms is None and not judged:
        return None
    if max_drop is not None and not judged:
        return {"model": None, "why": "--max-drop needs labelled photos (--data)"}
    within = [m for m in models if budget_ms is None or m["classify"]["p95"] <= budget_ms]
    if not within:
        fastest = min(models, key=lambda m: m["classify"]["p95"])
        nearest = f"{fastest['name']} is nearest (p95 {fastest['classify']['p95']:.3g} ms)"
        why = f"none answers within {budget_ms:g} ms; {nearest}"
        return {"model": None, "why": why}
    limits = "" if budget_ms is None else f" within {budget_ms:g} ms (p95)"
    if not judged:
        chosen = min(within, key=lambda m: m["classify"]["p50"])
        return {"model": chosen["name"], "why": f"the fastest{limits}; without --data nothing is said of accuracy"}
    if budget_ms is not None and max_drop is None:
        chosen = max(within, key=lambda m: (m["accuracy"]["share"], -m["classify"]["p50"]))
        return {"model": chosen["name"], "why": f"the most accurate{limits}: {_figures(chosen)}"}
    return _fastest(models, within, DEFAULT_DROP if max_drop is None else max_drop, limits)


def _fastest(
    models: Sequence[Mapping[str, Any]], within: Sequence[Mapping[str, Any]], drop: float, limits: str
) -> dict[str, str | None]:
    best = max(m["accuracy"]["share"] for m in models)
    near = [m for m in within if (best - m["accuracy"]["share"]) * 100 <= drop + 1e-9]
    if not near:
        return {"model": None, "why": f"none{limits} is within {drop:g} points of the best accuracy, {best:.1%}"}
    chosen = min(near, key=lambda m: (m["classify"]["p50"], -m["accuracy"]["share"]))
    why = f"the fastest{limits} at most {drop:g} points below the best accuracy, {best:.1%}: {_figures(chosen)}"
    return {"model": chosen["name"], "why": why}


def _figures(model: Mapping[str, Any]) -> str:
    return f"{model['accuracy']['share']:.1%}, {model['classify']['p50']:.3g} ms"
