"""What scenes share: the boards, the workstation's folders, models, and a transcript."""

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from edge.deploy.kit import build
from tests.conftest import ROOT
from tests.pi.emulator import Pi

ANSWERS = "sudo sh /opt/catdog/releases/current/guard answered && systemctl is-active -q catdog"
PATIENCE = "10"  # times longer than for a board: emulation on a busy machine


class Stage:
    """Boards, and a workstation that pushes to them.

    Args:
        folder: with the base image, and what the run leaves.
        clip: that a scene watches; None for one made of the demo's photos.
    """

    def __init__(self, folder: Path, clip: Path | None) -> None:
        self.pi, self.other = Pi(folder, "first"), Pi(folder, "second")
        self.room, self.clip = folder / "room", clip
        self.room.mkdir(exist_ok=True)
        self._transcript = folder / "transcript.txt"
        self.good = ROOT / "edge" / "default.tflite"
        shipped = sorted((ROOT / "models").glob("*.tflite"))
        self.another = next(path for path in shipped if path.read_bytes() != self.good.read_bytes())

    def say(self, words: str) -> None:
        """Print a line of the transcript, and keep it."""
        line = f"{time.strftime('%H:%M:%S')}  {words}"
        print(line, flush=True)
        with self._transcript.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def deploying(self, *words: object) -> subprocess.Popen[str]:
        """Start python -m edge.deploy, of a workstation with a home of its own."""
        shown = [word.name if isinstance(word, Path) else str(word) for word in words]
        self.say(f"$ python -m edge.deploy {' '.join(shown)}")
        line = [sys.executable, "-m", "edge.deploy", *map(str, words)]
        line += ["--ssh-config", str(self.pi.ssh_config), "--patience", PATIENCE]
        home = {**os.environ, "XDG_CONFIG_HOME": str(self.room / "config")}
        return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=home)

    def deploy(self, *words: object, expect: int = 0) -> str:
        """Run it, print what it prints, and return it."""
        begun_s, out = time.monotonic(), []
        with self.deploying(*words) as process:
            assert process.stdout is not None
            for text in process.stdout:
                self.say(f"  {text.rstrip()}")
                out.append(text)
        self.say(f"status {process.returncode}, {time.monotonic() - begun_s:.1f} s")
        assert process.returncode == expect, f"status {process.returncode}, not {expect}"
        return "".join(out)

    def push(self, *words: object, expect: int = 0) -> str:
        """Push to the first board; the checkout may have changed since the last go, so its first wheel is kept."""
        wheel = () if "--wheel" in words else ("--wheel", self.wheel(0))
        return self.deploy("push", self.pi.host, *words, *wheel, expect=expect)

    def wheel(self, number: int) -> Path:
        """Return the program's wheel; with another digest for each number."""
        folder = self.room / f"release-{number}"
        if found := list(folder.glob("*.whl")):
            return found[0]
        wheel = build(self.room / "built")
        if number:
            with zipfile.ZipFile(wheel, "a") as archive:
                archive.comment = f"number {number}".encode()
        folder.mkdir(exist_ok=True)
        return wheel.rename(folder / wheel.name)

    def links(self) -> str:
        """Return which release and which model the board runs."""
        links = self.pi.ssh("readlink /opt/catdog/releases/current /var/lib/catdog/models/current").stdout
        return " and ".join(links.split())

    def another_boot(self, command: str, words: str) -> None:
        """Do what makes the board start anew, and wait until it answers again."""
        before = self.pi.ssh("cat /proc/sys/kernel/random/boot_id").stdout.strip()
        self.pi.ssh(command, check=False)
        self.pi.hang_up()
        seconds = self.pi.wait_for(f"test $(cat /proc/sys/kernel/random/boot_id) != {before} && {ANSWERS}")
        self.say(f"{words}: a fresh answer after {seconds:.0f} s, of another boot")
        self.pi.boot()  # it is on: this logs in for all that follows
