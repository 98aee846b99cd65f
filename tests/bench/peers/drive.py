"""What every peer's program does around its own loop: frames in, times out. Needs OpenCV alone."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WARM_UPS = 20


def drive(load: Callable[[str], Callable[[Any], str]]) -> None:
    """Time a runner on the frames that the command line asks for, and print what was found as JSON.

    Args:
        load: takes a model's path, returns a function from a frame, uint8 (480, 640, 3) BGR, to its label.

    Prints:
        "label" of the frame; "answered_s", the monotonic clock at the first answer; "ms", median time of a frame;
        "cpu_ms" of all cores for a frame, on average; "peak_mb".
    """
    model, photo, frames = sys.argv[1], sys.argv[2], int(sys.argv[3])
    classify = load(model)
    import cv2

    frame = cv2.resize(cv2.imread(photo), (640, 480))
    label = classify(frame)
    answered = time.monotonic()
    for _ in range(WARM_UPS):
        classify(frame)
    times, cpu = [], time.process_time()
    for _ in range(frames):
        before = time.perf_counter()
        classify(frame)
        times.append(time.perf_counter() - before)
    cpu = time.process_time() - cpu
    status = Path("/proc/self/status").read_text("utf-8").splitlines()
    peak_kb = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    found = {"label": label, "answered_s": answered, "peak_mb": peak_kb * 1024 / 1e6}
    print(json.dumps({**found, "ms": sorted(times)[frames // 2] * 1000, "cpu_ms": cpu / frames * 1000}))
