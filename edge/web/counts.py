"""What is counted of a source from the start of a run, for /metrics."""

from bisect import bisect_left

BOUNDS_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)


class Counts:
    """Counters that only grow.

    Attributes:
        frames: that were classified.
        latencies: how many took up to each of BOUNDS_MS, but longer than the one before; the last: longer than all.
        latency_s: their sum.
        verdicts: label -> frames.
    """

    def __init__(self) -> None:
        self.frames, self.latency_s = 0, 0.0
        self.latencies = [0] * (len(BOUNDS_MS) + 1)
        self.verdicts: dict[str, int] = {}

    def count(self, latency_ms: float, verdict: str) -> None:
        """Count one frame."""
        self.frames += 1
        self.latency_s += latency_ms / 1000
        self.latencies[bisect_left(BOUNDS_MS, latency_ms)] += 1
        self.verdicts[verdict] = self.verdicts.get(verdict, 0) + 1
