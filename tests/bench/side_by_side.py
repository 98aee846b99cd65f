"""Ours beside the floor and beside other people's runners: `python -m tests.bench.side_by_side FILE.json [--quick]`.

One run, everything interleaved, on one thread; what counts are the ratios. scripts/benchmarks.py calls this, shows its
figures and puts them into docs/benchmarks.md.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from edge.bench.rounds import Plan
from tests.bench.loops import measure_loops, models
from tests.bench.processes import measure_peers, measure_starts

FULL, QUICK = (Plan(512, 30.0, 8), 15, 7), (Plan(64, 2.0, 4), 3, 1)


def measure(quick: bool) -> dict[str, Any]:
    """Return {"loops", "starts", "peers"}."""
    plan, starts, peers = QUICK if quick else FULL
    with tempfile.TemporaryDirectory(prefix="catdog-") as folder:
        loops = measure_loops(models(Path(folder)), plan)
    return {"quick": quick, "loops": loops, "starts": measure_starts(starts), "peers": measure_peers(peers)}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(measure("--quick" in sys.argv), indent=1) + "\n", "utf-8")
