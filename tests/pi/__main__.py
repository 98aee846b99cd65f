"""As a user would, from the bare board to its last day: each scene prints what it saw, with its seconds.

python -m tests.pi [--folder .cache/pi] [--clip FILE] [SCENE...]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from edge.deploy.kit import build
from tests.conftest import ROOT
from tests.pi.emulator import Pi

CUTS = 10
ACTIVE = "test $(systemctl show catdog -P ActiveState) = active"


class Stage:
    """What scenes share: the boards, the workstation's folders, models, and a way to print.

    Args:
        folder: with the base image.
        room: for what the run leaves.
        clip: that a scene watches; None for none.
    """

    def __init__(self, folder: Path, room: Path, clip: Path | None) -> None:
        self.pi, self.other = Pi(folder, "first"), Pi(folder, "second")
        self.room, self.clip = room, clip
        self.good = ROOT / "edge" / "default.tflite"
        shipped = sorted((ROOT / "models").glob("*.tflite"))
        self.another = next(path for path in shipped if path.read_bytes() != self.good.read_bytes())

    def say(self, words: str) -> None:
        """Print a line of the transcript."""
        print(f"    {words}", flush=True)

    def deploy(self, *words: object, pi: Pi | None = None, expect: int = 0) -> str:
        """Run python -m edge.deploy, print what it prints, and return it."""
        begun_s = time.monotonic()
        config = (pi or self.pi).ssh_config
        line = [sys.executable, "-m", "edge.deploy", *map(str, words), "--ssh-config", str(config)]
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, env=self.environment, check=False)
        shown = " ".join(map(str, words))
        self.say(f"$ python -m edge.deploy {shown}")
        for text in (done.stdout + done.stderr).splitlines():
            self.say(f"  {text}")
        self.say(f"status {done.returncode}, {time.monotonic() - begun_s:.1f} s")
        assert done.returncode == expect, f"status {done.returncode}, not {expect}"
        return done.stdout

    def wheel(self, number: int) -> Path:
        """Return the program's wheel, with another digest for each number."""
        wheel = build(self.room / f"release-{number}")
        with zipfile.ZipFile(wheel, "a") as archive:
            archive.comment = f"number {number}".encode()
        return wheel

    @property
    def environment(self) -> dict[str, str]:
        """The workstation's, with a home of its own."""
        return {**os.environ, "XDG_CONFIG_HOME": str(self.room / "config")}

    def push(self, *words: object, expect: int = 0) -> str:
        """Push to the first board."""
        return self.deploy("push", self.pi.host, *words, expect=expect)


def bare(stage: Stage) -> None:
    """Push to the bare machine without internet; the service runs on the camera."""
    stage.say(f"boot to ssh: {stage.pi.boot():.0f} s")
    assert stage.pi.ssh("ping -c 1 -W 2 192.0.2.1", check=False).returncode, "the board can reach the internet"
    stage.pi.camera()
    out = stage.push()
    assert "camera" in out
    status = stage.pi.property_("StatusText")
    stage.say(f"StatusText: {status}")
    assert "/s" in status
    stage.deploy("status", stage.pi.host)
    stage.deploy("doctor", stage.pi.host)
    stage.deploy("selftest", stage.pi.host)


def score(stage: Stage) -> None:
    """The exposure, as the board's own systemd sees it."""
    last = stage.pi.ssh("systemd-analyze security catdog --no-pager | tail -n 1").stdout.strip()
    stage.say(last)
    stage.pi.ssh("systemd-analyze security catdog --threshold=25 --no-pager >/dev/null")
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
    stage.deploy("set", stage.pi.host, "source=/var/lib/catdog/state/clip.mp4", f"events={log}")
    stage.pi.wait_for(f"sudo grep -q visit {log}", 180)
    stage.say(stage.pi.ssh(f"sudo head -n 3 {log}").stdout.strip())
    stage.deploy("set", stage.pi.host, "source=0")


def model(stage: Stage) -> None:
    """A model alone; an older one refused; a bad one taken back."""
    assert "wheels" not in "".join(line for line in stage.push("--model", stage.another).splitlines() if "of" in line)
    assert "is older" in stage.push("--model", stage.good, expect=1)
    stage.push("--model", stage.good, "--older")
    stage.deploy("rollback", stage.pi.host, "--model")
    stage.deploy("rollback", stage.pi.host, "--model")


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
        seconds = stage.pi.wait_for(f"test $(systemctl show catdog -P MainPID) != {old} && {ACTIVE}", 300)
        stage.say(
            f"SIG{signal}: a fresh answer again after {seconds:.0f} s, NRestarts {stage.pi.property_('NRestarts')}"
        )


def reboot(stage: Stage) -> None:
    """It runs again after a reboot."""
    stage.pi.ssh("sudo systemctl reboot", check=False)
    time.sleep(10)
    stage.say(f"a fresh answer {stage.pi.wait_for(ACTIVE, 600):.0f} s after the reboot")


def cuts(stage: Stage) -> None:
    """The power cut at ten moments of a push: each boots into the old or the new, and the last push succeeds."""
    ends = (
        "facts",
        "wheels,",
        "signature",
        "environment",
        "model ",
        "selftest",
        "settings",
        "switch",
        "resolved",
        "service",
    )
    for number in range(CUTS):
        moment = ends[number % len(ends)]
        wheel = stage.wheel(number)  # so that there is much to do
        target = stage.another if number % 2 else stage.good
        line = [sys.executable, "-m", "edge.deploy", "push", stage.pi.host, "--model", str(target), "--older"]
        line += ["--wheel", str(wheel)]
        line += ["--source", "demo" if number % 2 else "0", "--ssh-config", str(stage.pi.ssh_config)]
        process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=stage.environment)
        assert process.stdout is not None
        seen = next((text.strip() for text in process.stdout if moment in text), "its end")
        stage.pi.cut()
        process.communicate(timeout=900)
        boot_s = stage.pi.boot()
        answer_s = stage.pi.wait_for(ACTIVE, 600)
        links = stage.pi.ssh("readlink /opt/catdog/releases/current /var/lib/catdog/models/current").stdout.split()
        stage.say(
            f"cut after {seen!r}: booted in {boot_s:.0f} s, an answer {answer_s:.0f} s later, runs {' '.join(links)}"
        )
    stage.push("--older")


def release(stage: Stage) -> None:
    """Back to the release from before, where there is one."""
    stage.deploy("rollback", stage.pi.host, expect=1)  # one release only was ever pushed
    stage.deploy("logs", stage.pi.host, "--lines", 5)


def two(stage: Stage) -> None:
    """Two boards at once, one of them broken: the other is served."""
    stage.other.boot()
    stage.other.ssh("sudo date -s 2001-01-01")
    file = stage.room / "boards.txt"
    file.write_text(f"{stage.pi.host}\n{stage.other.host}\n")
    config = stage.room / "ssh_config"
    config.write_text(stage.pi.ssh_config.read_text())
    out = stage.deploy("push", "--inventory", file, expect=1)
    assert "2 boards, 1 failed" in out
    assert "years off" in out
    stage.other.off()


def gone(stage: Stage) -> None:
    """Uninstalling leaves nothing."""
    stage.deploy("uninstall", stage.pi.host)
    left = stage.pi.ssh(
        "sudo find / -xdev -name '*catdog*' -not -path '/proc/*' -not -path '/var/log/*'"
    ).stdout.split()
    stage.say(f"left: {left or 'nothing'}")
    assert not left
    assert stage.pi.ssh("id catdog", check=False).returncode


SCENES: tuple[Callable[[Stage], None], ...] = (
    *(bare, score, again, clip, model, altered, healed, reboot, cuts, release, two, gone),
)


def main() -> int:
    """Play the scenes in their order; the first that fails ends it."""
    parser = argparse.ArgumentParser(prog="python -m tests.pi", description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / ".cache" / "pi", help="of the base image (.cache/pi)")
    parser.add_argument("--clip", type=Path, help="a video with a pet in it")
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=", ".join(scene.__name__ for scene in SCENES))
    options = parser.parse_args()
    subprocess.run([str(ROOT / "tests/pi/build"), str(options.folder)], check=True)
    with tempfile.TemporaryDirectory() as room:
        stage = Stage(options.folder.resolve(), Path(room), options.clip)
        try:
            for scene in SCENES:
                if not options.scenes or scene.__name__ in options.scenes or scene is bare:
                    _play(scene, stage)
        finally:
            stage.pi.off()
            stage.other.off()
    return 0


def _play(scene: Callable[[Stage], None], stage: Stage) -> None:
    begun_s = time.monotonic()
    print(f"{scene.__name__}: {(scene.__doc__ or '').strip()}", flush=True)
    scene(stage)
    print(f"ok: {scene.__name__}, {time.monotonic() - begun_s:.0f} s\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
