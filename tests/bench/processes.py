"""Whole programs, each in processes of its own, in turn: starts against the floor's, and other people's runners."""

import json
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge.bench.figures import ratio
from edge.classifier import DEFAULT_MODEL
from tests.bench.loops import PHOTO
from tests.conftest import ROOT, finished

FLOOR = Path(__file__).with_name("floor.py")
PEERS = Path(__file__).with_name("peers")
PEERS_PYTHON = os.environ.get("CATDOG_PEERS", str(ROOT / ".venv/peers/bin/python"))
FRAMES = "500"
# What pip installs is compiled: a checkout must be, too, after the first turn, even where this is set against it.
COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

# As a program ends it says what it needed at most; ru_maxrss would start with the memory of the process that made it.
PEAK = """
import atexit, runpy, sys
def tell():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(line.split()[1], file=sys.stderr)
atexit.register(tell)
kind, name, *sys.argv[1:] = sys.argv[1:]
sys.argv[0] = name
(runpy.run_module if kind == "module" else runpy.run_path)(name, run_name="__main__")
"""

PROGRAMS = {
    "floor": ["-c", PEAK, "path", FLOOR, DEFAULT_MODEL, PHOTO],
    "catdog classify": ["-c", PEAK, "module", "edge", "classify", PHOTO],
    "catdog --help": ["-m", "edge", "--help"],
    "python -c pass": ["-c", "pass"],
    "import tensorflow": ["-c", "import tensorflow"],
}
# (program, what it is held against, the most that its time may be of the other's)
AIMS = (
    ("catdog classify", "floor", 1.10),
    ("catdog classify", "import tensorflow", 1 / 8),
    ("catdog --help", "python -c pass", 2.5),
)


def run(words: Sequence[object]) -> tuple[float, float | None]:
    """Run Python with `words`; return wall time in seconds and, where it tells, peak memory in MB."""
    before = time.perf_counter()
    done = finished(sys.executable, *words, env=COMPILED)
    seconds = time.perf_counter() - before
    told = re.search(r"^(\d+)\Z", done.stderr.strip().rpartition("\n")[2])
    return seconds, int(told[1]) * 1024 / 1e6 if told and PEAK in words else None


def measure_starts(turns: int) -> dict[str, Any]:
    """Return ms and MB of every program (medians), and the ratios that there are aims for, paired turn by turn."""
    random = np.random.default_rng(1)
    runs: dict[str, list[tuple[float, float | None]]] = {name: [] for name in PROGRAMS}
    for turn in range(turns + 1):
        for name in random.permutation(list(PROGRAMS)):
            found = run(PROGRAMS[name])
            if turn:  # the first one reads the files from the disk
                runs[name].append(found)
    seconds = {name: np.array([[row[0]] for row in rows]) for name, rows in runs.items()}
    ratios = [{"program": a, "against": b, "aim": aim, **ratio(seconds[a], seconds[b], random)} for a, b, aim in AIMS]
    memory = {name: float(np.median([row[1] for row in runs[name]])) for name in ("floor", "catdog classify")}
    medians = {name: float(np.median(values)) * 1000 for name, values in seconds.items()}
    return {"ms": medians, "mb": memory, "ratios": ratios}


def measure_peers(turns: int) -> list[dict[str, Any]]:
    """Run the default model through us, the tutorials' loop and, where it is installed, MediaPipe; return medians."""
    programs = {"ours": sys.executable, "tutorial": sys.executable}
    if Path(PEERS_PYTHON).exists():
        programs["mediapipe"] = PEERS_PYTHON
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in programs}
    random = np.random.default_rng(1)
    for _ in range(turns):
        for name in random.permutation(list(programs)):
            runs[name].append(_peer(programs[name], name))
    keys = ("ms", "cpu_ms", "start_ms", "peak_mb")
    return [
        {"peer": name, "label": rows[0]["label"], **{key: float(np.median([row[key] for row in rows])) for key in keys}}
        for name, rows in runs.items()
    ]


def _peer(python: str, name: str) -> dict[str, Any]:
    program = {"mediapipe": "mediapipe_tasks"}.get(name, name)
    begin = time.monotonic()
    environment = {**COMPILED, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    done = finished(python, PEERS / f"{program}.py", DEFAULT_MODEL, PHOTO, FRAMES, env=environment)
    found: dict[str, Any] = json.loads(done.stdout)
    # CLOCK_MONOTONIC is one clock for all processes of a machine.
    return {**found, "start_ms": (found["answered_s"] - begin) * 1000}
