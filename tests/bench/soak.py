"""The soak: a day of frames, as fast as the machine goes, through the whole runner. `make soak`; --frames N for less.

Prints, per equivalent of an hour at 30 frames a second, what could grow: memory, descriptors, threads, the slowest
answers. Ends with status 1 where one of them did.
"""

import argparse
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np

from edge.capture.feed import Feed
from edge.capture.process import InProcess
from edge.capture.source import Frame, Settings, Source
from edge.capture.stop import Stop
from edge.classifier import Classifier
from edge.live.tuning import Tuning
from edge.outputs import Moment, Output
from edge.outputs.aside import Aside, Wish
from edge.outputs.jsonl import JsonLines
from edge.outputs.together import Together
from edge.run import Run

A_DAY = 2_600_000
AN_HOUR = 30 * 3600
COLOURS = ((30, 30, 220), (30, 220, 30), (220, 30, 30), (120, 120, 120))
MOST_MB_PER_MILLION, MOST_SLOWER = 1.0, 1.1


class Tireless(Source):
    """A recording without end: the scene changes every ten seconds of it, so that visits come and go."""

    name, rate = "soak", 30.0

    def __init__(self, _text: str) -> None:
        self._number = 0

    def read(self) -> Frame:
        self._number += 1
        image = self.room(48, 64)
        image[:] = COLOURS[self._number // 300 % len(COLOURS)]
        return Frame(image, self._number, time.monotonic(), self.name, self._number / 30)


class Hour(NamedTuple):
    """What was seen by the end of one."""

    frames: int
    memory_mb: float
    reader_mb: float
    descriptors: int
    threads: int
    p99_ms: float


class Measure(Output):
    """Notes what could grow."""

    def __init__(self, hour: int, reader: InProcess, shown: TextIO) -> None:
        self._hour, self._reader, self._shown = hour, reader, shown
        self._latencies = np.empty(hour)
        self.frames = 0
        self.hours: list[Hour] = []

    def write(self, moment: Moment) -> None:
        if moment.state != "live":
            return
        self._latencies[self.frames % self._hour] = moment.answer.latency_ms
        self.frames += 1
        if self.frames % self._hour == 0:
            self._note()

    def _note(self) -> None:
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        p99_ms = float(np.percentile(self._latencies, 99))
        memory = memory_mb("self"), memory_mb(str(self._reader.pid))
        self.hours.append(Hour(self.frames, *memory, descriptors, threading.active_count(), p99_ms))
        row = (f"{name} {value:.6g}" for name, value in self.hours[-1]._asdict().items())
        print(*row, file=self._shown, flush=True)


def memory_mb(process: str) -> float:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


def verdict(hours: Sequence[Hour]) -> list[str]:
    """Return what grew; the first hour is for warming up, unless there are only a few."""
    rows = np.array(hours[1:] if len(hours) > 3 else hours)
    millions = rows[:, 0] / 1e6
    wrong = []
    for name, column in (("memory", 1), ("the reader's memory", 2)):
        slope = float(np.polyfit(millions, rows[:, column], 1)[0])
        print(f"{name}: {slope:+.3f} MB per million frames")
        # Over a short run one page more is a steep slope: less than a megabyte in all is none.
        if slope > MOST_MB_PER_MILLION and rows[-1, column] - rows[0, column] > 1.0:
            wrong.append(f"{name} grows")
    for name, column in (("descriptors", 3), ("threads", 4)):
        print(f"{name}: {rows[0, column]:.0f} -> {rows[-1, column]:.0f}")
        if rows[-1, column] > rows[0, column]:
            wrong.append(f"{name} grow")
    ratio = hours[-1].p99_ms / hours[0].p99_ms
    print(f"p99 of the last hour: {ratio:.3f} x that of the first")
    if ratio > MOST_SLOWER and rows[-1, 0] >= AN_HOUR * 6:  # shorter ones say more of the machine than of the runner
        wrong.append("answers become slower")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=A_DAY)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    hour = min(AN_HOUR, max(options.frames // 6, 1))
    reader = InProcess("tests.bench.soak:Tireless", "soak", "soak", Settings())
    classifier = Classifier(options.model) if options.model else Classifier()
    started = time.monotonic()
    with Path(os.devnull).open("w") as nowhere, Stop() as stop:
        measure = Measure(hour, reader, sys.stdout)
        outputs = Together([measure, Aside(JsonLines(nowhere), "JSON", Wish.ALL)])
        run = Run([Feed(reader, live=False, again=False)], outputs, Tuning(classifier))
        run.to_its_end(stop, options.frames)
    print(f"{measure.frames} frames in {time.monotonic() - started:.0f} s")
    wrong = ["it was ended early"] if measure.frames < options.frames else verdict(measure.hours)
    print(*(wrong or ["nothing grows"]), sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
