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

from edge.capture.file import File  # noqa: E402
from edge.cli import report_errors  # noqa: E402
from edge.errors import EXIT_OK, CatdogError, InputError  # noqa: E402
from edge.keep import Keep  # noqa: E402
from edge.labelled import list_photos, parse_renames  # noqa: E402
from scripts import shares  # noqa: E402


def main(argv: list[str] | None = None) -> int:
    """Show the loop; print each command before it runs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("clip", type=Path, help="a video that shows one thing all the time")
    parser.add_argument("shows", metavar="CLASS", help="what that is")
    parser.add_argument(
        "--model", required=True, metavar="NAME", help="the wrong one: NAME.keras, .json and .int8.tflite"
    )
    parser.add_argument("--network", default="mobilenet", metavar="NAME", help="that model's (mobilenet)")
    parser.add_argument("--fallback", default="neither", metavar="LABEL", help="that model's (neither)")
    parser.add_argument(
        "--old", type=Path, action="append", required=True, metavar="DATA", help="photos it has learned"
    )
    parser.add_argument("--label", action="append", default=[], metavar="FOLDER=LABEL", help="as the trainer's")
    parser.add_argument("--also", type=Path, action="append", default=[], metavar="CLIP", help="what it does elsewhere")
    parser.add_argument("--count", type=int, default=300, metavar="N", help="old photos of each class (300)")
    parser.add_argument("--every", type=int, default=6, metavar="N", help="keep each Nth frame (6)")
    parser.add_argument("--epochs", type=int, default=4, metavar="N", help="passes over the photos (4)")
    parser.add_argument("--out", type=Path, default=Path("runs/taught"), metavar="DIR", help="where it all goes")
    options = parser.parse_args(argv)
    return report_errors("teach_once", lambda: _main(options))


def _main(options: argparse.Namespace) -> int:
    out: Path = options.out
    if out.exists():
        raise InputError(out, "is there already", "Delete it, or give another --out")
    first, second = _halves(options.clip, out)
    judges = [second, *options.also]
    _ask(judges, Path(f"{options.model}.int8.tflite"))

    keep = Keep(out / "photos")
    with File(str(first)) as frames:
        for number, frame in enumerate(iter(frames.read, None)):
            if number % options.every == 0:
                keep.keep(frame.image, options.shows, "key")
    print(f"kept {len(keep.named())} frames of the first half as {options.shows}", flush=True)

    _sample(options, out / "old")
    learn = ["--network", options.network, "--start", Path(f"{options.model}.keras"), "--fallback", options.fallback]
    learn += ["--epochs", options.epochs, "--learning-rate", "1e-4", "--set", "repeat_origin=20"]
    _run("train", out / "old", out / "photos", *learn, "--name", "taught", "--out", out)
    _run("convert", out / "taught.keras", "--calibration", out / "old", "--no-photos")
    _ask(judges, out / "taught.int8.tflite")
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


def _ask(clips: list[Path], model: Path) -> None:
    """Print what a model sees in clips, frame by frame."""
    shares.main([str(model), *map(str, clips)])


def _run(room: str, *words: object) -> None:
    line = [sys.executable, "-m", room, *(str(word.resolve() if isinstance(word, Path) else word) for word in words)]
    print(f"$ python {shlex.join(line[1:])}", flush=True)
    if status := subprocess.run(line, cwd=ROOT, check=False).returncode:
        raise CatdogError(f"python -m {room}", f"ended with status {status}", "See what it says above")


if __name__ == "__main__":
    sys.exit(main())
