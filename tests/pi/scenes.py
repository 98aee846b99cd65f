"""Scenes: what users do with a board, from its bare beginning to its last day, and what they must see."""

import re
from collections.abc import Callable
from functools import partial, update_wrapper
from pathlib import Path

from edge.classifier import Classifier
from tests import clips
from tests.conftest import ROOT
from tests.edge.test_golden import with_golden
from tests.pi.stage import ANSWERS, Stage

# A start takes minutes here: as who edits the unit on a board does it (systemctl edit).
SLOW, SLOWLY = "/etc/systemd/system/catdog.service.d", "[Service]\\nTimeoutStartSec=1800\\nWatchdogSec=180\\n"


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
    pictures = clips.photos()  # a cat, and a cup of coffee
    made = clips.cut(clips.pan(pictures[0], 150), clips.pan(pictures[2], 75))
    stage.pi.put(stage.clip or clips.write_clip(stage.room / "clip.mp4", made), "/home/pi/clip.mp4")
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
    model = "/var/lib/catdog/models/current"
    before = stage.pi.ssh(f"readlink {model}").stdout.strip()
    stage.pi.ssh(f"echo x | sudo tee -a {model}/model.tflite >/dev/null; sudo systemctl restart catdog")
    after = stage.pi.ssh(f"readlink {model}").stdout.strip()
    stage.say(f"{before} was altered; {after} runs")
    assert after != before
    stage.push("--model", stage.good, "--older")


def healed(stage: Stage) -> None:
    """kill -9 and SIGSTOP of the runner, healed by systemd."""
    for signal in ("KILL", "STOP"):
        old = stage.pi.property_("MainPID")
        stage.pi.ssh(f"sudo kill -{signal} {old}")
        seconds = stage.pi.wait_for(f"test $(systemctl show catdog -P MainPID) != {old} && {ANSWERS}")
        restarts = stage.pi.property_("NRestarts")
        stage.say(f"SIG{signal}: a fresh answer again after {seconds:.0f} s, NRestarts {restarts}")


def reboot(stage: Stage) -> None:
    """It runs again after a reboot."""
    stage.another_boot("sudo systemctl reboot", "reboot")


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
    words = ("push", stage.pi.host, "--model", target, "--older", "--wheel", wheel)
    before = stage.links()
    with stage.deploying(*words, "--source", "demo" if number % 2 else "0") as process:
        assert process.stdout is not None
        seen = next((line.strip() for line in process.stdout if moment in line), "")
        stage.pi.cut()
        process.kill()
    stage.say(f"power cut after: {seen}")
    assert seen, f"the push ended before it printed {moment!r}"
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
        text = block.replace("=15s", "=90s")  # beside other work the emulator itself stands still for 15 s
        stage.pi.ssh(f"sudo mkdir -p {Path(place).parent} && printf '%s' '{text}' | sudo tee {place}")
    stage.pi.ssh("echo i6300esb | sudo tee /etc/modules-load.d/watchdog.conf && sync")
    stage.another_boot("sudo systemctl reboot", "it reboots")
    said = stage.pi.ssh("sudo journalctl -b -o cat | grep 'hardware watchdog' | head -n 2").stdout.strip()
    stage.say(f"systemd: {said}")
    assert said
    behind = "sudo sh -c '({}) >/dev/null 2>&1 &'"
    stage.another_boot(behind.format("sleep 2; echo c >/proc/sysrq-trigger"), "the kernel stands still")
    kill = "while sleep 5; do systemctl kill -s KILL catdog; done"
    stage.another_boot(behind.format(kill), "the service dies again and again")
    stage.pi.ssh(f"sudo rm -f {' '.join(places)} /etc/modules-load.d/watchdog.conf; sudo systemctl daemon-reexec")


def gone(stage: Stage) -> None:
    """Uninstalling leaves nothing."""
    stage.deploy("uninstall", stage.pi.host)
    find = "sudo find / -xdev -name '*catdog*' -not -path '/proc/*' -not -path '/var/log/*'"
    left = stage.pi.ssh(find).stdout.split()
    stage.say(f"left: {left or 'nothing'}")
    assert not left
    assert stage.pi.ssh("id catdog", check=False).returncode


_FIRST = (bare, score, again, clip, model, bad, altered, healed, reboot)
_CUTS = {f"cut-{number}": update_wrapper(partial(cut, number=number - 1), cut) for number in range(1, len(MOMENTS) + 1)}
_LAST = (repaired, release, two, watchdog, gone)
SCENES: dict[str, Callable[[Stage], None]] = {scene.__name__: scene for scene in _FIRST} | _CUTS
SCENES |= {scene.__name__: scene for scene in _LAST}
