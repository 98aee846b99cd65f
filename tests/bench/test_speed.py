"""The aims for speed and memory, against the floor: the least that does the same (floor.py). `pytest -m bench`.

An aim is held where it is beyond doubt: the whole 95 % interval of a ratio lies above it.
"""

from pathlib import Path

import pytest

from edge.bench.rounds import Plan
from scripts.benchmarks import side_tables
from tests.bench.loops import measure_loops, models
from tests.bench.processes import measure_peers, measure_starts
from tests.bench.side_by_side import FULL

pytestmark = pytest.mark.bench


def test_a_frame_costs_what_the_least_loop_costs(tmp_path: Path) -> None:
    rows = measure_loops(models(tmp_path), FULL[0])
    assert [row["model"] for row in rows if row["ours_to_floor"]["low"] > 1.05] == []


def test_a_start_costs_what_the_least_program_costs() -> None:
    found = measure_starts(FULL[1])
    assert [row for row in found["ratios"] if row["low"] > row["aim"]] == []
    assert found["mb"]["catdog classify"] <= 1.10 * found["mb"]["floor"]


def test_every_runner_names_the_same_label() -> None:
    assert len({row["label"] for row in measure_peers(1)}) == 1


def test_the_figures_become_tables(tmp_path: Path) -> None:
    loops = measure_loops(dict(list(models(tmp_path).items())[:1]), Plan(16, 1.0, 4, 2))
    shown = [*side_tables({"loops": loops, "starts": measure_starts(2), "peers": measure_peers(1)})]
    assert len(shown) == 3
    assert all(len(text.splitlines()) > 2 for text in shown)
