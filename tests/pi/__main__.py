"""As a user would, from the bare board to its last day: each scene prints what it saw, with its seconds.

python -m tests.pi [--folder .cache/pi] [--clip FILE] [--fresh] [--stay] [SCENE...]

Emulation is slow: a run that was ended goes on with the first scene that was not played to its end, on the same board.
All that was ever printed stands in transcript.txt in the folder.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from edge.classifier import Classifier
from edge.deploy.kit import build
from tests.conftest import ROOT
from tests.edge.test_golden import with_golden
from tests.pi.emulator import Pi

ANSWERS = "sudo sh /opt/catdog/releases/current/guard answered && systemctl is-active -q catdog"


# A start takes minutes here: as who edits the unit on a board does it (systemctl edit).
SLOW, SLOWLY = "/etc/systemd/system/catdog.service.d", "[Service]\\nTimeoutStartSec=1800\\nWatchdogSec=180\\n"


class Stage:
    """What scenes share: the boards, the workstation's folders, models, and a way to print.

    Args:
        folder: with the base image, and what the run leaves.
        clip: that a scene watches; None for none.
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

    def deploy(self, *words: object, pi: Pi | None = None, expect: int = 0) -> str:
        """Run python -m edge.deploy, print what it prints, and return it."""
        begun_s = time.monotonic()
        config = (pi or self.pi).ssh_config
        line = [sys.executable, "-m", "edge.deploy", *map(str, words), "--ssh-config", str(config)]
        line += ["--patience", str(PATIENCE)]
        shown = [word.name if isinstance(word, Path) else str(word) for word in words]
        self.say(f"$ python -m edge.deploy {' '.join(shown)}")
        out = []
        with subprocess.Popen(
            line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment
        ) as process:
            assert process.stdout is not None
            for text in process.stdout:
                self.say(f"  {text.rstrip()}")
                out.append(text)
        self.say(f"status {process.returncode}, {time.monotonic() - begun_s:.1f} s")
        assert process.returncode == expect, f"status {process.returncode}, not {expect}"
        return "".join(out)

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

    @property
    def environment(self) -> dict[str, str]:
        """The workstation's, with a home of its own."""
        return {**os.environ, "XDG_CONFIG_HOME": str(self.room / "config")}

    def links(self) -> str:
        """Return which release and which model the board runs."""
        links = self.pi.ssh("readlink /opt/catdog/releases/current /var/lib/catdog/models/current").stdout
        return " and ".join(links.split())

    def push(self, *words: object, expect: int = 0) -> str:
        """Push to the first board; the checkout may have changed since the last go, so its first wheel is kept."""
        wheel = () if "--wheel" in words else ("--wheel", self.wheel(0))
        return self.deploy("push", self.pi.host, *words, *wheel, expect=expect)


def bare(stage: Stage) -> None:
    """Push to the bare machine without internet; the service runs on the camera."""
    assert stage.pi.ssh("ping -c 1 -W 2 192.0.2.1", check=False).returncode, "the board can reach the internet"
    stage.pi.camera()
    stage.pi.ssh(f"sudo mkdir -p {SLOW} && printf '{SLOWLY}' | sudo tee {SLOW}/emulated.conf")
    out = stage.push()
    assert "camera" in out
    status = stage.pi.property_("StatusText")
    stage.say(f"StatusText: {status}")
    assert "/s" in status
    # Emulated, a camera's process takes longer to start than 20 s, and leaves little to others at 30 frames a second.
    stage.deploy("set", stage.pi.host, "timeout=60", "fps=5", "max-fps=1")
    stage.deploy("status", stage.pi.host)
    stage.deploy("doctor", stage.pi.host)
    stage.deploy("selftest", stage.pi.host)


def score(stage: Stage) -> None:
    """The exposure, as the board's own systemd sees it."""
    last = stage.pi.ssh("systemd-analyze security catdog --no-pager | tail -n 1").stdout.strip()
    stage.say(last)
    stage.pi.ssh("systemd-analyze security catdog --threshold=25 --no-pager >/dev/null")
    said = stage.pi.ssh("systemd-analyze verify catdog.service 2>&1 | grep catdog || true").stdout.strip()
    stage.say(f"systemd-analyze verify: {said or 'nothing to complain of'}")
    assert not said
    warnings = stage.pi.ssh("journalctl -b -u catdog -p warning -o cat --no-pager").stdout
    stage.say(f"warnings of the unit: {warnings.strip() or 'none'}")


def again(stage: Stage) -> None:
    """A second push is a no-op."""
    before = stage.pi.property_("ActiveEnterTimestamp")
    assert "nothing to do" in stage.push()
    assert stage.pi.property_("ActiveEnterTimestamp") == before


def clip(stage: Stage) -> None:
    """The service on a pet clip, its answers read back from the event log."""
    if stage.clip is None:
        stage.say("left out: no --clip")
        return
    stage.pi.put(stage.clip, "/home/pi/clip.mp4")
    stage.pi.ssh("sudo install -o catdog -g catdog /home/pi/clip.mp4 /var/lib/catdog/state/clip.mp4")
    log = "/var/lib/catdog/state/events.jsonl"
    stage.deploy("set", stage.pi.host, "source=/var/lib/catdog/state/clip.mp4", "loop=yes", f"events={log}")
    stage.pi.wait_for(f"sudo grep -q visit {log}")
    stage.say(stage.pi.ssh(f"sudo head -n 3 {log}").stdout.strip())
    stage.deploy("set", stage.pi.host, "source=0", "loop=", "events=")


def model(stage: Stage) -> None:
    """A model alone; an older one refused; back to the one before, and forth."""
    assert "wheels" not in "".join(line for line in stage.push("--model", stage.another).splitlines() if "of" in line)
    assert "is older" in stage.push("--model", stage.good, expect=1)
    stage.push("--model", stage.good, "--older")
    stage.deploy("rollback", stage.pi.host, "--model")
    stage.deploy("rollback", stage.pi.host, "--model")


def bad(stage: Stage) -> None:
    """A model that answers otherwise on the board is not switched to; one with which nothing runs is taken back."""
    before = stage.links()
    wrong = with_golden(stage.room / "wrong.tflite", answers={"drawn-wide": [0, 0, 1]})
    assert "selftest" in stage.push("--model", wrong, "--older", expect=1)
    assert stage.links() == before
    label = Classifier(stage.good).contract.labels[0]
    stage.deploy("set", stage.pi.host, f"threshold={label}=0.1")
    other = with_golden(stage.room / "other.tflite")  # whole, but with no class of that name
    assert "runs what it ran before" in stage.push("--model", other, "--older", expect=1)
    assert stage.links() == before
    stage.say(f"an answer {stage.pi.wait_for(ANSWERS):.0f} s later")
    stage.deploy("set", stage.pi.host, "threshold=")


def altered(stage: Stage) -> None:
    """A model that is altered on the board does not run: it goes back to the one before by itself."""
    before = stage.pi.ssh("readlink /var/lib/catdog/models/current").stdout.strip()
    stage.pi.ssh(
        "echo x | sudo tee -a /var/lib/catdog/models/current/model.tflite >/dev/null; sudo systemctl restart catdog"
    )
    after = stage.pi.ssh("readlink /var/lib/catdog/models/current").stdout.strip()
    stage.say(f"{before} was altered; {after} runs")
    assert after != before
    stage.push("--model", stage.good, "--older")


def healed(stage: Stage) -> None:
    """kill -9 and SIGSTOP of the runner, healed by systemd."""
    for signal in ("KILL", "STOP"):
        old = stage.pi.property_("MainPID")
        stage.pi.ssh(f"sudo kill -{signal} {old}")
        seconds = stage.pi.wait_for(f"test $(systemctl show catdog -P MainPID) != {old} && {ANSWERS}")
        stage.say(
            f"SIG{signal}: a fresh answer again after {seconds:.0f} s, NRestarts {stage.pi.property_('NRestarts')}"
        )


def reboot(stage: Stage) -> None:
    """It runs again after a reboot."""
    _another_boot(stage, "sudo systemctl reboot", "reboot")


# The moments of a push at which the power is cut: when it has printed a line with these words.
MOMENTS = (
    *("facts", "resolved", "wheels,", "release 0", "its environment"),
    *("model ", "selftest", "settings", "the switch", "service"),
)


def cut(stage: Stage, number: int) -> None:
    """The power cut at a moment of a push: it boots into the old or the new."""
    # A release of its own, so that there is much to do; an environment takes minutes, so four cuts share one.
    moment, wheel = MOMENTS[number], stage.wheel(5 if number in (5, 6, 7, 8) else number + 1)
    target = stage.another if number % 2 else stage.good
    line = [sys.executable, "-m", "edge.deploy", "push", stage.pi.host, "--model", str(target), "--older"]
    line += ["--wheel", str(wheel), "--source", "demo" if number % 2 else "0"]
    line += ["--ssh-config", str(stage.pi.ssh_config), "--patience", str(PATIENCE)]
    stage.say(f"$ python -m edge.deploy push ... until it prints {moment!r}")
    before = stage.links()
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=stage.environment) as process:
        assert process.stdout is not None
        seen = ""
        for text in process.stdout:
            seen = text.strip()
            if moment in seen:
                break
        stage.pi.cut()
        process.kill()
    stage.say(f"power cut after: {seen}")
    assert moment in seen, "the push ended before"
    stage.say(f"booted in {stage.pi.boot():.0f} s; an answer {stage.pi.wait_for(ANSWERS):.0f} s later")
    stage.say(f"ran {before}; runs {stage.links()}")


def repaired(stage: Stage) -> None:
    """The next push repairs what cuts have left."""
    stage.push("--older", "--source", "0")
    assert not stage.pi.ssh("cd /opt/catdog/releases; for f in 0*; do test -e $f/complete || echo $f; done").stdout


def release(stage: Stage) -> None:
    """Back to the release from before, and forth again."""
    stage.push("--wheel", stage.wheel(99), "--older")
    before = stage.links()
    stage.deploy("rollback", stage.pi.host)
    assert stage.links() != before
    stage.deploy("rollback", stage.pi.host)
    assert stage.links() == before
    stage.deploy("logs", stage.pi.host, "--lines", 5)


def two(stage: Stage) -> None:
    """Two boards at once, one of them broken: the other is served."""
    stage.other.boot()
    stage.other.ssh("sudo date -s 2001-01-01")
    file = stage.room / "boards.txt"
    file.write_text(f"{stage.pi.host}\n{stage.other.host}\n")
    config = stage.room / "ssh_config"
    config.write_text(stage.pi.ssh_config.read_text())
    words = ("--wheel", stage.wheel(0), "--model", stage.another, "--older")
    out = stage.deploy("push", "--inventory", file, *words, expect=1)
    assert "2 boards, 1 failed" in out
    assert "years off" in out
    stage.other.off()


def watchdog(stage: Stage) -> None:
    """The hardware watchdog, set up by the page's words: what stands still, or hangs again and again, starts anew."""
    page = (ROOT / "docs/raspberry-pi.md").read_text("utf-8")
    blocks = re.findall(r"```\n(\[(?:Manager|Unit)\]\n.*?)```", page, re.DOTALL)
    places = ("/etc/systemd/system.conf.d/watchdog.conf", f"{SLOW}/watchdog.conf")
    for block, place in zip(blocks, places, strict=True):
        stage.pi.ssh(f"sudo mkdir -p {Path(place).parent} && printf '%s' '{block}' | sudo tee {place}")
    stage.pi.ssh("echo i6300esb | sudo tee /etc/modules-load.d/watchdog.conf && sync")
    _another_boot(stage, "sudo systemctl reboot", "it reboots")
    said = stage.pi.ssh("sudo journalctl -b -o cat | grep 'hardware watchdog' | head -n 2").stdout.strip()
    stage.say(f"systemd: {said}")
    assert said
    _another_boot(
        stage, "sudo sh -c '(sleep 2; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 &'", "the kernel stands still"
    )
    kill = "while sleep 5; do systemctl kill -s KILL catdog; done"
    _another_boot(stage, f"sudo sh -c '({kill}) >/dev/null 2>&1 &'", "the service dies again and again")
    stage.pi.ssh(f"sudo rm -f {' '.join(places)} /etc/modules-load.d/watchdog.conf; sudo systemctl daemon-reexec")


def _another_boot(stage: Stage, command: str, words: str) -> None:
    """Do what makes a board start anew, and wait until it answers again."""
    before = stage.pi.ssh("cat /proc/sys/kernel/random/boot_id").stdout.strip()
    stage.pi.ssh(command, check=False)
    stage.pi.hang_up()
    seconds = stage.pi.wait_for(f"test $(cat /proc/sys/kernel/random/boot_id) != {before} && {ANSWERS}")
    stage.say(f"{words}: a fresh answer after {seconds:.0f} s, of another boot")
    stage.pi.boot()  # it is on: this logs in for all that follows


def gone(stage: Stage) -> None:
    """Uninstalling leaves nothing."""
    stage.deploy("uninstall", stage.pi.host)
    left = stage.pi.ssh(
        "sudo find / -xdev -name '*catdog*' -not -path '/proc/*' -not -path '/var/log/*'"
    ).stdout.split()
    stage.say(f"left: {left or 'nothing'}")
    assert not left
    assert stage.pi.ssh("id catdog", check=False).returncode


class Scene(NamedTuple):
    """A scene, by name: what it shows, and how."""

    name: str
    purpose: str
    play: Callable[[Stage], None]


def _scenes() -> tuple[Scene, ...]:
    first = (bare, score, again, clip, model, bad, altered, healed, reboot)
    cuts = [Scene(f"cut-{n + 1}", cut.__doc__ or "", partial(cut, number=n)) for n in range(len(MOMENTS))]
    last = (repaired, release, two, watchdog, gone)
    plain = [[Scene(play.__name__, play.__doc__ or "", play) for play in part] for part in (first, last)]
    return (*plain[0], *cuts, *plain[1])


SCENES = _scenes()
PATIENCE = 10  # times longer than for a board: emulation on a busy machine


def main() -> int:
    """Play the scenes in their order, but for those that were played; the first that fails ends it."""
    parser = argparse.ArgumentParser(prog="python -m tests.pi", description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / ".cache" / "pi", help="of the base image (.cache/pi)")
    parser.add_argument("--clip", type=Path, help="a video with a pet in it")
    parser.add_argument("--fresh", action="store_true", help="begin anew, with a new board")
    parser.add_argument("--stay", action="store_true", help="leave the board on at the end")
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=", ".join(scene.name for scene in SCENES))
    options = parser.parse_args()
    folder = options.folder.resolve()
    subprocess.run([str(ROOT / "tests/pi/build"), str(folder)], check=True)
    stage, played = Stage(folder, options.clip), folder / "played"
    if options.fresh:
        stage.pi.throw_away()
        shutil.rmtree(stage.room)
        stage.room.mkdir()
        played.unlink(missing_ok=True)
    done = played.read_text().split() if played.exists() else []
    wanted = [s for s in SCENES if s.name in options.scenes or (not options.scenes and s.name not in done)]
    try:
        stage.say(f"the board is up after {stage.pi.boot():.0f} s")
        for scene in wanted:
            _play(scene, stage)
            with played.open("a") as file:
                file.write(f"{scene.name}\n")
    finally:
        if not options.stay:
            stage.pi.off()
            stage.other.off()
    return 0


def _play(scene: Scene, stage: Stage) -> None:
    begun_s = time.monotonic()
    stage.say(f"{scene.name}: {scene.purpose.strip()}")
    scene.play(stage)
    stage.say(f"ok: {scene.name}, {time.monotonic() - begun_s:.0f} s\n")


if __name__ == "__main__":
    sys.exit(main())
