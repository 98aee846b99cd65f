"""The figures of a classifier, each held against a slow twin that follows its definition in words."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import metrics
from edge.statistics import mcnemar, wilson

CLASSES = 4
PAIRS = st.lists(st.tuples(st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1)), max_size=60)
JUDGED = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60)


def arrays(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    truth, answers = np.array(pairs, np.int64).reshape(-1, 2).T
    return truth, answers


@given(PAIRS)
def test_confusion_counts_every_pair(pairs: list[tuple[int, int]]) -> None:
    matrix = metrics.confusion(*arrays(pairs), CLASSES)
    assert matrix.tolist() == [[pairs.count((row, column)) for column in range(CLASSES)] for row in range(CLASSES)]


@given(PAIRS)
def test_precision_recall_and_f1_follow_their_definitions(pairs: list[tuple[int, int]]) -> None:
    rows = metrics.per_class(metrics.confusion(*arrays(pairs), CLASSES))
    for label, row in enumerate(rows):
        answered = [truth for truth, answer in pairs if answer == label]
        shown = [answer for truth, answer in pairs if truth == label]
        assert (row.photos, row.answers) == (len(shown), len(answered))
        assert row.precision == (answered.count(label), len(answered))
        assert row.recall == (shown.count(label), len(shown))
        if not (answered or shown):
            assert row.f1 is None
            continue
        precision, recall = (Fraction(*share) if share[0] else None for share in (row.precision, row.recall))
        assert row.f1 == (pytest.approx(float(2 / (1 / precision + 1 / recall))) if precision else 0)
        low, high = row.f1_interval
        assert 0 <= low <= row.f1 + 1e-12
        assert row.f1 - 1e-12 <= high <= 1


def test_the_interval_of_f1_holds_the_true_value_19_times_out_of_20() -> None:
    rng = np.random.default_rng(3)
    rates = np.array([[0.4, 0.1], [0.15, 0.35]])  # of pairs (truth, answer)
    true_f1 = 2 * 0.4 / (2 * 0.4 + 0.1 + 0.15)
    draws = rng.multinomial(200, rates.ravel(), size=1000).reshape(-1, 2, 2)
    intervals = [metrics.per_class(draw)[0].f1_interval for draw in draws]
    inside = np.mean([low <= true_f1 <= high for low, high in intervals])
    assert 0.93 < inside < 0.97


def test_macro_f1_leaves_out_classes_without_photos() -> None:
    rows = metrics.per_class(np.array([[8, 2, 1], [0, 5, 0], [0, 0, 0]]))
    first, second = 2 * 8 / 19, 2 * 5 / 12
    assert rows[2].f1 == 0
    assert metrics.macro_f1(rows) == pytest.approx((first + second) / 2)
    assert metrics.macro_f1(metrics.per_class(np.zeros((2, 2), np.int64))) is None


def slow_ece(judged: list[tuple[float, bool]], bins: int) -> float:
    """Return ECE as Guo et al. write it: |B| / n times |accuracy(B) - confidence(B)|, summed over the bins B."""
    total = 0.0
    for i in range(bins):
        inside = [pair for pair in judged if (i < pair[0] * bins <= i + 1 if i else pair[0] * bins <= 1)]
        if inside:
            accuracy = sum(right for _, right in inside) / len(inside)
            confidence = math.fsum(sure for sure, _ in inside) / len(inside)
            total += len(inside) / len(judged) * abs(accuracy - confidence)
    return total


@given(JUDGED, st.integers(1, 20))
def test_ece_follows_its_definition(judged: list[tuple[float, bool]], bins: int) -> None:
    confidence = np.array([sure for sure, _ in judged], np.float64)
    right = np.array([hit for _, hit in judged], np.bool_)
    found = metrics.reliability(confidence, right, bins)
    assert sum(b.answers for b in found) == len(judged)
    assert sum(b.right for b in found) == sum(right)
    error = metrics.expected_calibration_error(found)
    assert error == (pytest.approx(slow_ece(judged, bins), abs=1e-9) if judged else None)


def test_bins_are_open_below_and_closed_above() -> None:
    found = metrics.reliability(np.array([0.0, 0.25, 0.2500001, 1.0]), np.ones(4, np.bool_), 4)
    assert [b.answers for b in found] == [2, 1, 0, 1]
    assert (found[1].low, found[1].high) == (0.25, 0.5)
    assert (found[0].document()["confidence"], found[0].document()["accuracy"]) == (0.125, 1)


def test_a_calibrated_model_stays_within_chance_and_an_overconfident_one_does_not() -> None:
    rng = np.random.default_rng(5)
    confidence = rng.uniform(0.5, 1, 2000)
    chance = metrics.chance_error(confidence, seed=1)
    assert 0 < chance.mean < chance.high

    def error(true_rate: np.ndarray) -> float:
        found = metrics.reliability(confidence, rng.random(2000) < true_rate)
        return metrics.expected_calibration_error(found) or 0.0

    honest = [error(confidence) for _ in range(200)]
    assert np.mean(honest) == pytest.approx(chance.mean, rel=0.05)
    assert 0.9 < np.mean(np.array(honest) <= chance.high) < 0.99
    assert error(confidence - 0.1) > chance.high
    assert metrics.chance_error(np.array([]), seed=1) is None


def test_chance_is_the_same_for_the_same_seed() -> None:
    confidence = np.linspace(0.4, 1, 50)
    assert metrics.chance_error(confidence, 1) == metrics.chance_error(confidence, 1)
    assert metrics.chance_error(confidence, 1) != metrics.chance_error(confidence, 2)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.tuples(*[st.floats(0, 1)] * 3)), max_size=40))
def test_fallback_figures_follow_their_definitions(photos: list[tuple[int, int, tuple[float, ...]]]) -> None:
    fallback, probabilities = 1, np.array([row[2] for row in photos], np.float64).reshape(-1, 3)
    found = metrics.fallback_figures(*arrays([row[:2] for row in photos]), probabilities, fallback)
    pets = [row for row in photos if row[0] != fallback]
    scenes = [row for row in photos if row[0] == fallback]
    apart = sum((0 if row[2][0] >= row[2][2] else 2) == row[0] for row in pets)
    assert found.among_others == (apart, len(pets))
    assert found.kept == (sum(row[1] == fallback for row in scenes), len(scenes))
    assert found.lost == (sum(row[1] == fallback for row in pets), len(pets))


def test_a_share_of_nothing_has_no_figures() -> None:
    assert metrics.Share(0, 0).document() == {"hits": 0, "n": 0, "share": None, "low": None, "high": None}
    low, high = wilson(3, 4)
    assert metrics.Share(3, 4).document() == {"hits": 3, "n": 4, "share": 0.75, "low": low, "high": high}


@given(st.integers(0, 1500), st.integers(0, 1500))
def test_mcnemar_is_how_often_a_fair_coin_falls_as_unevenly(first: int, second: int) -> None:
    n, fewer = first + second, min(first, second)
    as_uneven = sum(math.comb(n, heads) for heads in {*range(fewer + 1), *range(n - fewer, n + 1)})
    assert mcnemar(first, second) == pytest.approx(Fraction(as_uneven, 2**n), rel=1e-12)
