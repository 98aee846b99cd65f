"""Share of each answer in videos, frame by frame: python scripts/shares.py MODEL CLIP... [--json FILE].

A CLIP.csv beside CLIP.mp4 has a line `start_s,end_s,label` for each part and says what is seen in it; without it the
video is one part. Every frame is looked at for itself, as catdog run --raw does.
"""

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from edge.capture.file import File
from edge.classifier import Classifier
from edge.cli import report_errors
from edge.errors import EXIT_OK
from edge.files import write_document
from edge.record import file_digest
from edge.statistics import percent

Part = dict[str, Any]


def main() -> int:
    """Ask a model about clips, print a line a part, and keep the counts where that is wished."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .tflite file")
    parser.add_argument("clips", type=Path, nargs="+", metavar="CLIP", help="a video")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the counts (models/NAME.clips.json)")
    options = parser.parse_args()
    return report_errors("shares", lambda: _main(options))


def _main(options: argparse.Namespace) -> int:
    parts = ask(options.model, options.clips)
    if options.json:
        write_document(options.json, {"sha256": file_digest(options.model), "parts": parts})
    return EXIT_OK


def ask(path: Path, clips: Sequence[Path]) -> list[Part]:
    """Ask the model in a file about clips, print a line a part, and return the counts."""
    model, parts = Classifier(path), []
    for part in (part for clip in clips for part in count(model, clip)):
        parts.append(part)
        frames = sum(part["answers"].values())
        shares = (f"{label} {percent(hits, frames)}" for label, hits in part["answers"].items())
        print(f"{part['clip']}, {part['start_s']:.2f} s, {part['label']}: {frames} frames: {', '.join(shares)}")
    return parts


def count(model: Classifier, clip: Path) -> Iterator[Part]:
    """Yield each part of a clip: what it shows, and how many frames got which answer, the most frequent one first."""
    parts = _parts(clip.with_suffix(".csv"))
    counts = [Counter[str]() for _ in parts]
    with File(str(clip)) as frames:
        for frame in iter(frames.read, None):
            answer, at_s = model.classify(frame.image), frame.position_s or 0.0
            for part, found in zip(parts, counts, strict=True):
                found[answer.label] += part["start_s"] <= at_s < (part["end_s"] or float("inf"))
    for part, found in zip(parts, counts, strict=True):
        yield {"clip": clip.stem, **part, "answers": {label: hits for label, hits in found.most_common() if hits}}


def _parts(table: Path) -> list[Part]:
    """Return the parts that a table names; an end of None is the clip's."""
    if not table.exists():
        return [{"start_s": 0.0, "end_s": None, "label": "all"}]
    with table.open(newline="") as file:
        rows = csv.DictReader(file)
        return [{"start_s": float(row["start_s"]), "end_s": float(row["end_s"]), "label": row["label"]} for row in rows]


if __name__ == "__main__":
    sys.exit(main())
