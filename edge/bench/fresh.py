"""A start as a board sees it: a new process loads a model, answers once and says how long that took.

`python -m edge.bench.fresh MODEL PHOTO` is that process; `start` runs it. Its imports are the classifier's own.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from edge.classifier import Classifier
from edge.errors import CatdogError
from edge.photo import read_photo


def start(model: Path, photo: Path) -> dict[str, float | None]:
    """Start a process, and return what it took.

    Returns:
        ms of "start" (process start to first answer), "load" (the model file), "first" (the first picture, decoded),
        and "memory", the most that was resident, in MB; None where /proc does not say.

    Raises:
        CatdogError: the process failed.
    """
    begin = time.monotonic()
    words = [sys.executable, "-m", __name__, str(model), str(photo)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise CatdogError(model, f"does not work in a fresh process ({reason})", "Try catdog classify with it")
    said: dict[str, float | None] = json.loads(done.stdout)
    answered = said.pop("answered_s")
    assert answered is not None
    # CLOCK_MONOTONIC is one clock for all processes of a machine.
    return {"start": (answered - begin) * 1000, **said}


def main(model: str, photo: str) -> None:
    """Load, answer once, and print the times as JSON."""
    image = read_photo(Path(photo))
    before = time.perf_counter()
    classifier = Classifier(model)
    loaded = time.perf_counter()
    classifier.classify(image)
    answered = time.perf_counter()
    times = {"load": (loaded - before) * 1000, "first": (answered - loaded) * 1000}
    print(json.dumps({"answered_s": time.monotonic(), **times, "memory": _peak_mb()}))


def _peak_mb() -> float | None:
    """Return the most memory that was resident, in MB; ru_maxrss will not do: it starts with the parent's."""
    try:
        lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    except OSError:
        return None
    kb = next((line.split()[1] for line in lines if line.startswith("VmHWM:")), None)
    return None if kb is None else int(kb) * 1024 / 1e6


if __name__ == "__main__":
    main(*sys.argv[1:])
