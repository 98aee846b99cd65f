"""What is wrong with a machine, and how to mend it. One table of checks; a new one is a function and a row.

Whatever a check needs is imported inside it: the doctor must be able to say that numpy is broken.
"""

import platform
import re
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from typing import NamedTuple

from edge.board import Machine, temperature_c, throttle_bits, throttling

GOOD, NOTE, FAULT = "good", "note", "fault"

_LEAST_PYTHON, _TESTED_PYTHON = (3, 11), (3, 13)
_LEAST_GLIBC = (2, 28)  # the newest that the wheels of numpy, OpenCV and LiteRT ask for (PyPI, 2026)
_HOT_C, _WARM_C = 80.0, 72.0
_LEAST_FREE_MB, _LITTLE_FREE_MB = 100, 500
_LEAST_MEMORY_MB = 120  # the runner with a camera takes 60 to 100
_LEAST_YEAR = 2026  # no earlier than this program
_REINSTALL = "Install the program again: python -m edge.deploy push HOST, or pip install --force-reinstall catdog-edge"


class Finding(NamedTuple):
    """What a check has found.

    Attributes:
        state: GOOD, NOTE (it works, but ...) or FAULT.
        words: what there is.
        fix: what to do about it; "" where it is good.
    """

    state: str
    words: str
    fix: str = ""


Check = Callable[[Machine], Finding | None]  # None: this machine has nothing of the kind


def examine(machine: Machine) -> list[tuple[str, Finding]]:
    """Return what every check of the table has found, with its name; a check that breaks is a fault of its own."""
    found = []
    for name, check in CHECKS.items():
        try:
            with redirect_stdout(StringIO()):  # where OpenCV's own complaint goes
                finding = check(machine)
        except Exception as fault:  # broken libraries raise anything
            first = (str(fault).strip() or type(fault).__name__).splitlines()[0]
            finding = Finding(FAULT, f"cannot be looked at ({first})", _REINSTALL)
        if finding is not None:
            found.append((name, finding))
    return found


def system(machine: Machine) -> Finding:
    """Tell the system; wheels exist for 64 bits alone."""
    release = re.search(r'^PRETTY_NAME="?([^"\n]*)', machine.read("etc/os-release"), re.MULTILINE)
    words = f"{release[1] if release else platform.system()}, {platform.machine()}"
    if board := machine.read("proc/device-tree/model"):
        words = f"{board}, {words}"
    if sys.maxsize < 2**32:
        return Finding(FAULT, f"{words}, 32 bit", "Install Raspberry Pi OS (64-bit): OpenCV and LiteRT have no other")
    return Finding(GOOD, words)


def glibc(_machine: Machine) -> Finding | None:
    """Tell the C library, by which wheels are chosen."""
    name, number = platform.libc_ver()
    if name != "glibc":
        return Finding(NOTE, f"{name or 'none that is known'}, not glibc", "Use Debian, Ubuntu or Raspberry Pi OS")
    if tuple(map(int, number.split(".")[:2])) < _LEAST_GLIBC:
        return Finding(FAULT, f"{number} is too old", "Install Raspberry Pi OS bookworm or later")
    return Finding(GOOD, number)


def python(_machine: Machine) -> Finding:
    """Tell Python's version."""
    here, words = sys.version_info[:2], platform.python_version()
    if here < _LEAST_PYTHON:
        return Finding(FAULT, f"{words} is too old", "Install Raspberry Pi OS bookworm or later, which has 3.11")
    if here > _TESTED_PYTHON:
        return Finding(NOTE, f"{words} is newer than what was tested", "If something fails, use Python 3.13")
    return Finding(GOOD, words)


def numpy(_machine: Machine) -> Finding:
    """Tell numpy, and whether the runtime was built for it."""
    import numpy as np

    from edge import runtime

    if runtime.NAME == "tflite-runtime" and int(np.__version__.split(".")[0]) >= 2:
        return Finding(FAULT, f"{np.__version__} does not go with {runtime.NAME}", 'pip install "numpy<2"')
    return Finding(GOOD, np.__version__)


def opencv(_machine: Machine) -> Finding:
    """Tell OpenCV, of which there must be one."""
    import cv2

    there = [name for name in ("opencv-python", "opencv-python-headless", "opencv-contrib-python") if _has(name)]
    if len(there) > 1:
        fix = f"pip uninstall {' '.join(there)}, then pip install opencv-python-headless"
        return Finding(FAULT, f"{' and '.join(there)} own the same folder", fix)
    return Finding(GOOD, str(cv2.__version__))


def _has(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def runtime(_machine: Machine) -> Finding:
    """Ask the shipped model its golden pictures: nothing else tells that the runtime is right on this processor."""
    from edge import golden
    from edge import runtime as there
    from edge.classifier import DEFAULT_MODEL, Classifier
    from edge.errors import CatdogError

    if there.NAME == "none":
        return Finding(FAULT, "no TFLite runtime is installed", "pip install ai-edge-litert")
    try:
        outcome = golden.check(Classifier(DEFAULT_MODEL))
    except CatdogError as fault:
        return Finding(FAULT, f"{fault.thing}: {fault.wrong}", fault.remedy)
    pictures = f", {outcome.pictures} golden pictures answered as they should" if outcome else ""
    return Finding(GOOD, f"{there.NAME}{pictures}")


def cameras(machine: Machine) -> Finding:
    """Tell the cameras, and what keeps them from being used."""
    from edge.capture.devices import list_devices

    found = [d for d in list_devices(machine.root / "dev", machine.root / "sys/class/video4linux") if d.camera]
    usable = [device for device in found if device.problem is None]
    if usable:
        return Finding(GOOD, ", ".join(f"{device.path} ({device.name})" for device in usable))
    if not found:
        return Finding(NOTE, "none", "Plug in a USB camera, or watch a stream; with a ribbon camera see its cable")
    first = found[0]
    return Finding(FAULT, f"{first.path} ({first.name}) {first.problem}", first.remedy)


def libcamera(machine: Machine) -> Finding | None:
    """Tell the stack of ribbon cameras, where there is one."""
    sensors = {
        machine.read(str(p.relative_to(machine.root))) for p in machine.root.glob("sys/class/video4linux/*/name")
    }
    if not any(name.startswith(("unicam", "rp1-cfe")) for name in sensors):
        return None
    if shutil.which("rpicam-vid") is None:
        return Finding(FAULT, "there is a ribbon camera, but not its programs", "sudo apt install rpicam-apps-lite")
    seen = machine.ask(["rpicam-hello", "--list-cameras"])
    if "Available cameras" not in seen:
        return Finding(FAULT, "no ribbon camera answers", "Power off, seat the cable's contacts, see rpicam-hello")
    return Finding(GOOD, "rpicam-vid is there, and the camera answers")


def temperature(machine: Machine) -> Finding | None:
    """Tell how hot it is: at 80 degrees a Pi lowers its clock."""
    warm = temperature_c(machine)
    if warm is None:
        return None
    if warm >= _HOT_C:
        return Finding(FAULT, f"{warm:.0f} °C: the board slows down", "Give it a heat sink or a fan, and some air")
    if warm >= _WARM_C:
        return Finding(NOTE, f"{warm:.0f} °C: the board is near to slowing down", "Give it a heat sink, and some air")
    return Finding(GOOD, f"{warm:.0f} °C")


def throttled(machine: Machine) -> Finding | None:
    """Tell whether the firmware holds the board back, or has done since it started."""
    bits = throttle_bits(machine)
    if bits is None:
        return None
    now, once = throttling(bits), throttling(bits >> 16)
    supply = "Use the official power supply, and a short cable"
    fix = supply if "under-voltage" in (now or once) else "Give it a heat sink or a fan, and some air"
    if now:
        return Finding(FAULT, f"now: {', '.join(now)}", fix)
    if once:
        return Finding(NOTE, f"since it started: {', '.join(once)}", fix)
    return Finding(GOOD, "never since it started")


def disk(machine: Machine) -> Finding:
    """Tell how much room there is."""
    data = machine.root / "var/lib/catdog"
    free_mb = machine.free(data if data.exists() else machine.root) // 10**6
    if free_mb < _LITTLE_FREE_MB:
        state = FAULT if free_mb < _LEAST_FREE_MB else NOTE
        return Finding(
            state, f"{free_mb} MB free", "sudo apt clean, sudo journalctl --vacuum-size=50M, or a larger card"
        )
    return Finding(GOOD, f"{free_mb / 1000:.1f} GB free")


def memory(machine: Machine) -> Finding | None:
    """Tell how much memory there is, and whether the service's limit holds."""
    free = re.search(r"^MemAvailable:\s*(\d+) kB", machine.read("proc/meminfo"), re.MULTILINE)
    if free is None:
        return None
    free_mb = int(free[1]) * 1024 // 10**6
    if free_mb < _LEAST_MEMORY_MB:
        return Finding(FAULT, f"{free_mb} MB available", "End other programs, or boot without a desktop (raspi-config)")
    controllers = machine.read("sys/fs/cgroup/cgroup.controllers").split()
    if controllers and "memory" not in controllers:
        fix = "Append cgroup_enable=memory to the line in /boot/firmware/cmdline.txt, and reboot"
        return Finding(NOTE, f"{free_mb} MB available; the kernel enforces no limit for a service", fix)
    return Finding(GOOD, f"{free_mb} MB available")


def clock(machine: Machine) -> Finding:
    """Tell whether the clock is right: a Pi without a network or a battery wakes up in the past."""
    now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(machine.now()))
    if time.gmtime(machine.now()).tm_year < _LEAST_YEAR:
        return Finding(FAULT, f"{now} is in the past", "sudo date -s 'YYYY-MM-DD HH:MM', or connect it to a network")
    if "NTPSynchronized=no" in machine.ask(["timedatectl", "show"]):
        return Finding(NOTE, f"{now}, set by nobody", "sudo timedatectl set-ntp true, with a network")
    return Finding(GOOD, now)


def service(machine: Machine) -> Finding | None:
    """Tell how the service does, where it is installed."""
    shown = machine.ask(["systemctl", "show", "catdog", "-p", "LoadState,ActiveState,NRestarts,StatusText"])
    state = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    if state.get("LoadState") != "loaded":
        return None
    if state.get("ActiveState") != "active":
        return Finding(FAULT, f"is {state.get('ActiveState')}", "journalctl -u catdog -n 30 says why")
    restarts = int(state.get("NRestarts") or 0)
    words = state.get("StatusText") or "active"
    if restarts:
        return Finding(NOTE, f"{words}; restarted {restarts} times", "journalctl -u catdog says why")
    return Finding(GOOD, words)


CHECKS: dict[str, Check] = {
    "system": system,
    "C library": glibc,
    "Python": python,
    "numpy": numpy,
    "OpenCV": opencv,
    "runtime": runtime,
    "cameras": cameras,
    "libcamera": libcamera,
    "temperature": temperature,
    "throttled": throttled,
    "disk": disk,
    "memory": memory,
    "clock": clock,
    "service": service,
}
