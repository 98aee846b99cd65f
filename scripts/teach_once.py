"""The loop from a wrong answer to a right one, shown once, on a clip: kept, named, trained on, converted, asked again.

    python scripts/teach_once.py dog.mp4 dog --model models/default --old cats-dogs --old neither --label cats=cat

The first half of the clip is what a person saw it get wrong, and kept. The second half judges, and nothing of it is
learned. What the model knew must not be lost over it, so some of the old photos are learned again beside the new ones.
Elsewhere the new model may be worse: measure that, too (python -m train evaluate), before a board gets it.
"""

import argparse
import shlex
import subprocess
import sys
from pathlib import Path
from random import Random

import cv2

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from edge.capture.file import File
from edge.cli import report_errors
from edge.commands import LABEL
from edge.errors import EXIT_OK, CatdogError, InputError
from edge.keep import Keep
from edge.labelled import list_photos, parse_renames
from scripts import shares


def main() -> int:
    """Show the loop; print each command before it runs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("clip", type=Path, help="a video that shows one thing all the time")
    add("shows", metavar="CLASS", help="what that is")
    add("--model", required=True, metavar="NAME", help="the wrong one: NAME.keras, .json and .int8.tflite")
    add("--network", default="mobilenet", metavar="NAME", help="that model's (mobilenet)")
    add("--fallback", default="neither", metavar="LABEL", help="that model's (neither)")
    add("--old", type=Path, action="append", required=True, metavar="DATA", help="photos it has learned")
    add("--label", **LABEL | {"help": "as the trainer's"})
    add("--also", type=Path, action="append", default=[], metavar="CLIP", help="what it does elsewhere")
    add("--count", type=int, default=300, metavar="N", help="old photos of each class (300)")
    add("--every", type=int, default=6, metavar="N", help="keep each Nth frame (6)")
    add("--epochs", type=int, default=4, metavar="N", help="passes over the photos (4)")
    add("--out", type=Path, default=Path("runs/taught"), metavar="DIR", help="where it all goes")
    options = parser.parse_args()
    return report_errors("teach_once", lambda: _main(options))


def _main(options: argparse.Namespace) -> int:
    out: Path = options.out
    if out.exists():
        raise InputError(out, "is there already", "Delete it, or give another --out")
    first, second = _halves(options.clip, out)
    judges = [second, *options.also]
    shares.ask(Path(f"{options.model}.int8.tflite"), judges)

    keep = Keep(out / "photos")
    with File(str(first)) as frames:
        for number, frame in enumerate(iter(frames.read, None)):
            if number % options.every == 0:
                keep.keep(frame.image, options.shows, "key")
    print(f"kept {len(keep.named())} frames of the first half as {options.shows}", flush=True)

    _sample(options, out / "old")
    learn = ["--network", options.network, "--start", Path(f"{options.model}.keras"), "--fallback", options.fallback]
    learn += ["--epochs", options.epochs, "--learning-rate", "1e-4", "--set", "repeat_origin=20", "--set", "hold=5"]
    _run("train", out / "old", out / "photos", *learn, "--name", "taught", "--out", out)
    _run("convert", out / "taught.keras", "--calibration", out / "old", "--no-photos")
    shares.ask(out / "taught.int8.tflite", judges)
    return EXIT_OK


def _halves(clip: Path, out: Path) -> tuple[Path, Path]:
    """Write the two halves of a clip as videos, and return their paths."""
    with File(str(clip)) as source:
        frames = [frame.image.copy() for frame in iter(source.read, None)]
        rate = source.rate
    paths = out / "first.avi", out / "second.avi"
    out.mkdir(parents=True)
    middle = len(frames) // 2
    for path, part in zip(paths, (frames[:middle], frames[middle:]), strict=True):
        height, width = part[0].shape[:2]
        video = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), rate, (width, height))
        for image in part:
            video.write(image)
        video.release()
    return paths


def _sample(options: argparse.Namespace, folder: Path) -> None:
    """Link some training photos of each class the model knows into a folder of their own, a tenth of them to validate.

    With a validation split of old photos none is drawn from the kept ones: the rest of them, which look alike, would be
    left out of the training for it.
    """
    rows = [row for row in list_photos(options.old, parse_renames(options.label)) if row.split in (None, "train")]
    for label in sorted({row.label for row in rows}):
        photos = [row.path for row in rows if row.label == label]
        for number, path in enumerate(Random(1).sample(photos, min(options.count, len(photos)))):
            target = folder / ("train" if number % 10 else "val") / label / f"{number:05}{path.suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(path.resolve())


def _run(room: str, *words: object) -> None:
    line = [sys.executable, "-m", room, *(str(word.resolve() if isinstance(word, Path) else word) for word in words)]
    print(f"$ python {shlex.join(line[1:])}", flush=True)
    if status := subprocess.run(line, cwd=ROOT, check=False).returncode:
        raise CatdogError(f"python -m {room}", f"ended with status {status}", "See what it says above")


if __name__ == "__main__":
    sys.exit(main())
