"""Steady verdicts: the same at any rate, slow to change, and never against the model's own rule for long."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.classifier import Answer, decide
from edge.contract import Contract
from edge.fit import FitRule
from edge.live.steady import PATIENCE, UNSURE, Steady, Verdict, choose, raw, steady, verdict

LABELS = ("a", "b", "rest")
PLAIN = Contract("plain", "float32", LABELS, FitRule(8, 8))
CAREFUL = PLAIN._replace(thresholds={"a": 0.8, "b": 0.8}, fallback="rest")
A, B, REST, TORN = (0.9, 0.05, 0.05), (0.05, 0.9, 0.05), (0.05, 0.05, 0.9), (0.5, 0.3, 0.2)
Row = tuple[float, ...]

shares = st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3).filter(lambda row: sum(row) > 0.1)


def array(row: object) -> np.ndarray:
    values = np.array(row, np.float32)
    return values / values.sum()


def watch(script: str, rate: float, contract: Contract = PLAIN) -> list[tuple[float, str]]:
    """Return (time, label) of every frame's verdict."""
    return [(at, told.label) for at, told in verdicts(script, rate, contract)]


def verdicts(script: str, rate: float, contract: Contract = PLAIN) -> list[tuple[float, Verdict]]:
    """Return time and verdict of every frame of a script: a letter for a tenth of a second, "A" surely a and so on."""
    rows, now, said = {"A": A, "B": B, "R": REST, "t": TORN}, None, []
    for number in range(int(len(script) / 10 * rate)):
        now = steady(now, array(rows[script[int(number / rate * 10)]]), number / rate, contract)
        said.append((number / rate, verdict(now, LABELS)))
    return said


def changes(said: list[tuple[float, str]]) -> list[tuple[str, float]]:
    """Return each verdict that differs from the one before, with its time."""
    before = [("", ""), *said]
    return [(label, at) for (at, label), (_, last) in zip(said, before, strict=False) if label != last]


@pytest.mark.parametrize("rate", [10, 20, 30, 60])
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("A" * 30, ["a"]),
        ("A" * 30 + "B" * 30, ["a", UNSURE, "b"]),
        ("A" * 20 + "B" + "A" * 20, ["a"]),  # one odd tenth of a second
        ("A" * 20 + "BA" * 20, ["a"]),  # flicker: what stood before stays
        ("A" * 20 + "BRA" * 20, ["a"]),
        ("A" * 20 + "R" * 20 + "A" * 20, ["a", UNSURE, "rest", UNSURE, "a"]),
    ],
)
def test_a_verdict_changes_for_a_change_and_not_for_a_flicker(script: str, expected: list[str], rate: float) -> None:
    assert [label for label, _ in changes(watch(script, rate))] == expected


@pytest.mark.parametrize("rate", [5, 10, 30, 120])
def test_a_clear_change_is_the_verdict_within_a_second(rate: float) -> None:
    *_, (label, at) = changes(watch("A" * 30 + "B" * 30, rate))
    assert label == "b"
    assert 3.2 <= at <= 4.01


# Which label is the verdict after "a", by the probabilities of a, b and the rest, and their shares of recent time.
@pytest.mark.parametrize(
    ("probabilities", "shares", "expected"),
    [
        ((0.7, 0.2, 0.1), (0.9, 0.1, 0.0), "a"),  # nothing new
        ((0.3, 0.6, 0.1), (0.6, 0.4, 0.0), "a"),  # it may come back
        ((0.16, 0.78, 0.06), (0.6, 0.4, 0.0), "a"),  # nearly gone, but since a moment ago: one odd frame does that
        ((0.3, 0.6, 0.1), (0.3, 0.7, 0.0), "a"),  # a flicker between two
        ((0.16, 0.78, 0.06), (0.4, 0.6, 0.0), UNSURE),  # gone, and the other one not yet steady
        ((0.16, 0.3, 0.54), (0.4, 0.6, 0.0), UNSURE),  # gone; it need not be the same one that outshines it
        ((0.16, 0.42, 0.42), (0.4, 0.3, 0.3), "a"),  # low, but nothing is much likelier
        ((0.3, 0.6, 0.1), (0.19, 0.7, 0.11), UNSURE),
        ((0.16, 0.78, 0.06), (0.24, 0.76, 0.0), "b"),
        ((0.16, 0.78, 0.06), (0.8, 0.2, 0.0), "a"),  # the rule's own answer most of the time, by its threshold
    ],
)
def test_a_verdict_stands_until_outshone_or_another_is_steady(probabilities: Row, shares: Row, expected: str) -> None:
    chosen = choose(0, np.array(probabilities, np.float32), np.array(shares, np.float32))
    assert expected == (UNSURE if chosen is None else LABELS[chosen])


@pytest.mark.parametrize(("share", "expected"), [(0.74, None), (0.76, 0)])
def test_what_was_given_up_comes_back_only_when_it_is_steady(share: float, expected: int | None) -> None:
    assert choose(None, np.array(A, np.float32), np.array((share, 1 - share, 0), np.float32)) == expected


@pytest.mark.parametrize("rate", [5, 10, 30, 60])
def test_after_a_cut_no_verdict_is_shown_with_a_probability_that_belies_it(rate: float) -> None:
    assert min(told.probability for _, told in verdicts("A" * 30 + "B" * 30, rate)) >= 0.2


def test_a_single_odd_frame_at_2_a_second_changes_nothing() -> None:
    assert [label for label, _ in changes(watch("AAAAA" * 4 + "BBBBB" + "AAAAA" * 4, 2))] == ["a"]


def test_a_model_that_is_torn_between_two_settles_on_what_its_rule_says() -> None:
    assert changes(watch("t" * 20, 15)) == [("a", 0.0)]
    assert changes(watch("t" * 20, 15, CAREFUL)) == [("rest", 0.0)]  # nothing reaches its threshold: the fallback


def test_what_hops_among_three_is_unsure() -> None:
    hopping = watch("A" * 20 + "AARRRBBBBARRRRAAAABB" * 4, 30)
    assert UNSURE in {label for _, label in hopping[60:]}


@pytest.mark.parametrize("now_s", [12.1, 9.9, -5.0])
def test_after_a_gap_or_a_jump_back_a_frame_stands_for_itself(now_s: float) -> None:
    after = steady(steady(None, array(A), 10.0, PLAIN), array(B), now_s, PLAIN)
    assert verdict(after, LABELS).label == "b"
    assert after.probabilities.tolist() == array(B).tolist()


def test_while_unsure_the_probability_is_the_likeliest_ones() -> None:
    now = Steady(0.0, array(TORN), array((0.4, 0.3, 0.3)), None)
    assert verdict(now, LABELS) == (UNSURE, 0.5, pytest.approx({"a": 0.5, "b": 0.3, "rest": 0.2}))


def test_raw_is_the_answer_itself() -> None:
    answer = Answer("b", 0.4, {"a": 0.3, "b": 0.4, "rest": 0.3}, 1.0)
    assert raw(answer) == ("b", 0.4, answer.probabilities)


@given(shares, shares, st.floats(0, 1), st.floats(0, 1))
def test_two_steps_are_one_step_of_their_sum(first: list[float], then: list[float], dt: float, more: float) -> None:
    start = steady(None, array(first), 0.0, PLAIN)
    once = steady(start, array(then), dt + more, PLAIN)
    twice = steady(steady(start, array(then), dt, PLAIN), array(then), dt + more, PLAIN)
    np.testing.assert_allclose(once.probabilities, twice.probabilities, atol=1e-5)


@given(st.lists(st.tuples(shares, st.floats(0, 3)), min_size=1, max_size=30), st.sampled_from([PLAIN, CAREFUL]))
def test_shares_stay_shares_and_a_verdict_is_earned(rows: list[tuple[list[float], float]], contract: Contract) -> None:
    now, now_s = None, 0.0
    for row, later_s in rows:
        now_s += later_s
        before, now = now, steady(now, array(row), now_s, contract)
        for values in (now.probabilities, now.shares):
            assert values.sum() == pytest.approx(1, abs=1e-4)
            assert values.min() >= -1e-6
        if now.chosen is not None and (before is None or before.chosen != now.chosen):
            assert now.shares[now.chosen] >= PATIENCE.enter
        if now.chosen is not None:
            assert now.shares[now.chosen] >= PATIENCE.leave
            outshone = now.probabilities[now.chosen] * PATIENCE.outshone < now.probabilities.max()
            assert now.shares[now.chosen] >= PATIENCE.doubt or not outshone


@given(shares, st.sampled_from([PLAIN, CAREFUL]), st.floats(0.01, 0.5))
def test_what_does_not_change_is_judged_as_one_frame_is(row: list[float], contract: Contract, period_s: float) -> None:
    now = steady(None, array(B), 0.0, contract)
    for number in range(1, 200):
        now = steady(now, array(row), number * period_s, contract)
        if number * period_s > 10:
            break
    decided = {decide(contract, now.probabilities), decide(contract, array(row))}  # two where rounding tips a tie
    assert now.chosen in decided or len(decided) > 1 or number * period_s < 10
