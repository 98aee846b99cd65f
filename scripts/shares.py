"""Share of each answer in a video, part by part: catdog run CLIP --json | python scripts/shares.py [PARTS.csv].

PARTS.csv has a line `start_s,end_s,label` for each part and says what is seen in it. Without it the video is one part.
"""

import csv
import json
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from edge.statistics import percent  # noqa: E402


class Part(NamedTuple):
    """A stretch of a video, in seconds from its start, and what it shows."""

    start_s: float
    end_s: float
    label: str


def main() -> int:
    """Read answers from standard input, print a line a part."""
    parts = [Part(0.0, float("inf"), "all")]
    if len(sys.argv) > 1:
        with Path(sys.argv[1]).open(newline="") as file:
            parts = [Part(float(row["start_s"]), float(row["end_s"]), row["label"]) for row in csv.DictReader(file)]
    counts: dict[Part, Counter[str]] = {part: Counter() for part in parts}
    for line in sys.stdin:
        answer = json.loads(line)
        for part in parts if answer["state"] == "live" else ():  # the end has the last answer again
            if part.start_s <= answer["position_s"] < part.end_s:
                counts[part][answer["label"]] += 1
    for part, found in counts.items():
        shares = (f"{label} {percent(count, found.total())}" for label, count in found.most_common())
        print(f"{part.start_s:7.2f} s  {part.label:<8} {found.total():>5} frames: {', '.join(shares)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
