"""As a user would, from the bare board to its last day: each scene prints what it saw, with its seconds.

python -m tests.pi [--folder .cache/pi] [--clip FILE] [--fresh] [--stay] [SCENE...]

Emulation is slow: a run that was ended goes on with the first scene that was not played to its end, on the same board.
All that was ever printed stands in transcript.txt in the folder.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import ROOT
from tests.pi.scenes import SCENES
from tests.pi.stage import Stage


def main() -> int:
    """Play the scenes in their order, but for those that were played; the first that fails ends it."""
    parser = argparse.ArgumentParser(prog="python -m tests.pi", description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / ".cache" / "pi", help="of the base image (.cache/pi)")
    parser.add_argument("--clip", type=Path, help="a video with a pet in it (one of the demo's photos)")
    parser.add_argument("--fresh", action="store_true", help="begin anew, with a new board")
    parser.add_argument("--stay", action="store_true", help="leave the board on at the end")
    parser.add_argument("scenes", nargs="*", type=_scene, metavar="SCENE", help=", ".join(SCENES))
    options = parser.parse_args()
    folder = options.folder.resolve()
    if status := subprocess.run([ROOT / "tests/pi/build", folder], check=False).returncode:
        return status
    stage, played = Stage(folder, options.clip), folder / "played"
    if options.fresh:
        stage.pi.throw_away()
        stage.other.throw_away()
        shutil.rmtree(stage.room)
        stage.room.mkdir()
        played.unlink(missing_ok=True)
    done = played.read_text().split() if played.exists() else []
    wanted = [name for name in SCENES if name in options.scenes or (not options.scenes and name not in done)]
    try:
        stage.say(f"the board is up after {stage.pi.boot():.0f} s")
        for name in wanted:
            _play(name, stage)
            with played.open("a") as file:
                file.write(f"{name}\n")
    finally:
        if not options.stay:
            stage.pi.off()
            stage.other.off()
    return 0


def _scene(word: str) -> str:
    if word not in SCENES:
        raise argparse.ArgumentTypeError(f"{word} is none of {', '.join(SCENES)}")
    return word


def _play(name: str, stage: Stage) -> None:
    begun_s = time.monotonic()
    stage.say(f"{name}: {SCENES[name].__doc__}")
    SCENES[name](stage)
    stage.say(f"ok: {name}, {time.monotonic() - begun_s:.0f} s\n")


if __name__ == "__main__":
    sys.exit(main())
