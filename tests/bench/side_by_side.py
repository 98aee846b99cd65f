"""Ours beside the floor and beside other people's runners: `python -m tests.bench.side_by_side FILE.json [--quick]`.

One run, everything interleaved, on one thread; what counts are the ratios. scripts/benchmarks.py calls this and puts
its figures into docs/benchmarks.md.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from edge.bench.rounds import Plan
from edge.report import Heading, Section, Table, as_text
from tests.bench.loops import measure_loops, models
from tests.bench.processes import measure_peers, measure_starts

FULL, QUICK = (Plan(512, 30.0, 8), 15, 7), (Plan(64, 2.0, 4), 3, 1)


def measure(quick: bool) -> dict[str, Any]:
    """Return {"loops", "starts", "peers"}."""
    plan, starts, peers = QUICK if quick else FULL
    with tempfile.TemporaryDirectory(prefix="catdog-") as folder:
        loops = measure_loops(models(Path(folder)), plan)
    return {"quick": quick, "loops": loops, "starts": measure_starts(starts), "peers": measure_peers(peers)}


def sections(found: dict[str, Any]) -> list[Section]:
    """Return the figures as tables."""
    loops = [
        [
            row["model"],
            *(row["ms"][loop] for loop in ("ours", "floor", "tutorial", "network")),
            "{ratio:.3f} ({low:.3f} to {high:.3f})".format(**row["ours_to_floor"]),
            row["around_ms"]["ours"] / row["around_ms"]["tutorial"],
        ]
        for row in found["loops"]
    ]
    starts = [
        [row["program"], row["against"], row["ratio"], f"{row['low']:.3f} to {row['high']:.3f}", row["aim"]]
        for row in found["starts"]["ratios"]
    ]
    mb = found["starts"]["mb"]
    starts.append(
        ["memory of catdog classify", "floor's", mb["catdog classify"] / mb["floor"], f"{mb['floor']:.0f} MB", 1.1]
    )
    peers = [[row["peer"], 1000 / row["ms"], row["cpu_ms"], row["start_ms"], row["peak_mb"]] for row in found["peers"]]
    form = dict.fromkeys(("ours", "floor", "tutorial", "network"), ".3f")
    return [
        Heading("A frame to its answer"),
        Table(
            ["model", *form, "ours / floor (95 %)", "around: ours / tutorial"],
            loops,
            {**form, "around: ours / tutorial": ".2f"},
            "Medians, ms; around: what is spent before and after the network",
        ),
        Heading("Starts"),
        Table(
            ["program", "against", "ratio", "95 %", "aim"],
            starts,
            {"ratio": ".3f", "aim": ".3f"},
            "Whole processes, the default model and one photo",
        ),
        Heading("Others' runners"),
        Table(
            ["runner", "frames/s", "CPU ms a frame", "cold start ms", "peak MB"],
            peers,
            {"frames/s": ",.0f", "CPU ms a frame": ".3f", "cold start ms": ".0f", "peak MB": ".0f"},
            "The default model on frames of 640 x 480, each runner in processes of its own",
        ),
    ]


def main(target: str, *options: str) -> None:
    """Measure, print, write."""
    found = measure("--quick" in options)
    print(as_text("Side by side", sections(found), 100))
    Path(target).write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
