"""Count the answers of a stream: pure functions over a `Tally`, which a run ends with as one line."""

import math
from collections.abc import Mapping
from typing import NamedTuple

_MEMORY_S = 1.0  # over how long the rate is averaged


class Tally(NamedTuple):
    """What has been seen so far."""

    started_s: float  # monotonic clock when the run began
    latest_s: float  # ... and at the latest answer
    frames: int = 0  # how many were classified
    labels: Mapping[str, int] = {}  # label -> how many frames it was the answer of
    rate: float = 0.0  # frames a second of late; 0.0 until there are two


def count(tally: Tally, label: str, now_s: float) -> Tally:
    """Return `tally` with one more frame, whose answer was `label`, at `now_s` of the monotonic clock."""
    labels = {**tally.labels, label: tally.labels.get(label, 0) + 1}
    rate = _smooth(tally.rate, now_s - tally.latest_s, tally.frames) if tally.frames else 0.0
    return Tally(tally.started_s, now_s, tally.frames + 1, labels, rate)


def _smooth(rate: float, interval_s: float, intervals: int) -> float:
    """Average intervals, not rates: of frames 1 ms and 99 ms apart, the rate is 20 a second and not 505.

    Each interval weighs the same, whatever its length, so that the long ones do not count twice; the first few are
    averaged plainly, so that one odd interval at the start is soon forgotten.
    """
    if rate == 0.0:
        return 1 / max(interval_s, 1e-6)
    mean_s = 1 / rate
    weight = max(1 - math.exp(-mean_s / _MEMORY_S), 1 / intervals)
    return 1 / max(mean_s + weight * (interval_s - mean_s), 1e-6)


def summary(tally: Tally, dropped: int, live: bool, asleep: float | None = None) -> str:
    """Return a tally as one line: frames, seconds, rate, share of each label, frames not looked at, time slept."""
    seconds = max(tally.latest_s - tally.started_s, 1e-6)
    shares = sorted(tally.labels.items(), key=lambda item: -item[1])
    parts = [f"{label} {frames / tally.frames:.1%}" for label, frames in shares]
    frames = "1 frame" if tally.frames == 1 else f"{tally.frames} frames"
    line = f"{frames} in {seconds:.1f} s ({tally.frames / seconds:.1f} a second): {', '.join(parts)}"
    if live or dropped:
        line += f"; {dropped} {'dropped' if live else 'skipped'}"
    return line if asleep is None else f"{line}; asleep {asleep:.0%} of the time"
