"""Temperature and threshold, against networks whose faults are known."""

import numpy as np
import pytest

from train.calibrate import best_temperature, best_threshold, softmax


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_of_scores_is_found(temperature: float) -> None:
    """Truth is drawn from the probabilities; then the scores are made too sure or too shy."""
    random = np.random.default_rng(1)
    logits = random.normal(0, 2, (20_000, 3)).astype(np.float32)
    truth = np.array([random.choice(3, p=row) for row in softmax(logits)])
    assert best_temperature(logits * np.float32(temperature), truth) == pytest.approx(temperature, rel=0.05)


def test_a_network_that_is_always_right_stays_within_bounds() -> None:
    logits = np.eye(3, dtype=np.float32) * 5
    assert best_temperature(logits, np.arange(3)) == pytest.approx(0.25)


def test_the_threshold_lies_where_fallback_and_others_part() -> None:
    # The fallback is class 2; its photos score 0.35 and more, the others 0.25 and less.
    rows = [(0.6, 0.2, 0.2)] * 5 + [(0.15, 0.6, 0.25)] * 5 + [(0.4, 0.25, 0.35)] * 5
    truth = np.repeat([0, 1, 2], 5)
    assert best_threshold(np.array(rows), truth, 2, 0.008) == pytest.approx(0.3, abs=0.02)


def test_a_rare_class_counts_as_much_as_a_common_one() -> None:
    """By the number of photos alone it would pay never to answer the fallback."""
    rows = [(0.9, 0.1)] * 597 + [(0.6, 0.4)] * 3 + [(0.65, 0.35)] * 2
    truth = np.array([0] * 600 + [1] * 2)
    assert 0.1 < best_threshold(np.array(rows), truth, 1, 0.008) <= 0.35


@pytest.mark.parametrize(("unsure", "lost", "threshold"), [(7, 0.008, 0.05), (8, 0.008, 0.21), (8, 0.009, 0.05)])
def test_the_fallback_takes_what_can_be_spared(unsure: int, lost: float, threshold: float) -> None:
    """Two scenes would be seen by any threshold, but others of other kinds score lower: some may be lost for them."""
    rows = [(0.99, 0.01)] * (1000 - unsure) + [(0.8, 0.2)] * unsure + [(0.1, 0.9)] * 2
    assert best_threshold(np.array(rows), np.repeat([0, 1], [1000, 2]), 1, lost) == pytest.approx(threshold)


def test_the_fallback_takes_few_of_the_other_photos() -> None:
    """Catching one more of two empty scenes is not worth every sixth animal."""
    rows = [(0.9, 0.1)] * 100 + [(0.6, 0.4)] * 20 + [(0.65, 0.35), (0.2, 0.8)]
    truth = np.array([0] * 120 + [1] * 2)
    assert 0.4 < best_threshold(np.array(rows), truth, 1, 0.008) <= 0.8
