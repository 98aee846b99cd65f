"""The measuring loop: everything is visited in every round, in an order drawn anew, and loaded anew block by block.

What disturbs a machine lasts longer than a round, so it strikes all alike and falls out of their ratios. Where memory
happens to lie changes speed by some per cent for as long as a process keeps it (Mytkowicz et al. 2009, Producing wrong
data without doing anything obviously wrong): hence the blocks, which draw that anew, too.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
LEAST_BLOCKS = 4
LEAST_ROUNDS = 4  # of a block


class Visit(NamedTuple):
    """Something to time."""

    name: str  # what it is called; no two are the same
    ready: Callable[[], object]  # called untimed before the steps, so that what others left in caches is not charged
    steps: Mapping[str, Callable[[], object]]  # name -> what is timed, in this order


class Plan(NamedTuple):
    """How long to measure: until `rounds` are done or `seconds` have passed, whichever comes first."""

    rounds: int = 1024  # of all blocks together
    seconds: float = 60.0  # after them no further block begins, once there are LEAST_BLOCKS
    blocks: int = 16  # how often everything is loaded anew
    warm_ups: int = 10  # rounds at the start of each block that are thrown away


class Samples(NamedTuple):
    """Milliseconds float64 (blocks, rounds) of each step of each visit; times[name, step]."""

    times: dict[tuple[str, str], Floats]
    blocks: int
    rounds: int


def measure(
    makers: Sequence[Callable[[], Visit]],
    plan: Plan,
    random: np.random.Generator,
    between: Callable[[], object] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> Samples:
    """Time the steps of every visit.

    Args:
        makers: each loads one visit; called once a block, in random order.
        plan, random: how long, and what draws the orders.
        between: called between rounds, e.g. to look at the thermometer.
        clock: in seconds.
    """
    started, kept, rounds = clock(), [], 0
    for block in range(plan.blocks):
        if block >= LEAST_BLOCKS and clock() - started > plan.seconds:
            break
        visits = [makers[i]() for i in random.permutation(len(makers))]
        warm = clock()
        for _ in range(plan.warm_ups):
            _round(visits, random, clock)
        rounds = rounds or _rounds_of_a_block(plan, (clock() - warm) / plan.warm_ups)
        done = []
        for _ in range(rounds):
            done.append(_round(visits, random, clock))
            between()
        kept.append(done)
    keys = kept[0][0].keys()
    times = {key: np.array([[row[key] for row in block] for block in kept]) for key in keys}
    return Samples(times, len(kept), rounds)


def _rounds_of_a_block(plan: Plan, round_s: float) -> int:
    wanted = -(-plan.rounds // plan.blocks)
    affordable = int(plan.seconds / plan.blocks / max(round_s, 1e-9)) - plan.warm_ups
    return max(LEAST_ROUNDS, min(wanted, affordable))


def _round(
    visits: Sequence[Visit], random: np.random.Generator, clock: Callable[[], float]
) -> dict[tuple[str, str], float]:
    times = {}
    for i in random.permutation(len(visits)):
        visit = visits[i]
        visit.ready()
        for name, step in visit.steps.items():
            before = clock()
            step()
            times[visit.name, name] = (clock() - before) * 1000
    return times
