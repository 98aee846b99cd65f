"""What the doctor finds on boards made of files, and that each fault comes with what to do about it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge import doctor
from edge.board import Machine
from edge.capture import devices
from edge.doctor import camera, condition, examine, software, system
from edge.doctor.finding import FAULT, GOOD, NOTE, Check, Finding
from edge.outputs import nothing_yet
from edge.outputs.service import status
from tests.conftest import Command
from tests.edge.test_bench_machine import machine

PI = {
    "etc/os-release": 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
    "proc/meminfo": "MemTotal: 948304 kB\nMemAvailable: 600000 kB\n",
    "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n",
    "sys/class/thermal/thermal_zone0/temp": "51000\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "0\n",
}
PI_BITS = "sys/devices/platform/soc/soc:firmware/get_throttled"
TODAY_S = 1_800_000_000.0


def board(root: Path, files: dict[str, str], says: dict[str, str] | None = None, **beside: object) -> Machine:
    fields = {"ask": lambda words: (says or {}).get(words[0], ""), "free": lambda _: 5 * 10**9, "now": lambda: TODAY_S}
    return machine(root, {**PI, **files})._replace(**{**fields, **beside})


def test_a_board_that_is_well(tmp_path: Path) -> None:
    found = dict(examine(board(tmp_path, {})))
    assert FAULT not in {finding.state for finding in found.values()}
    assert found["system"].words.startswith("Raspberry Pi 4 Model B Rev 1.4, Debian GNU/Linux 13 (trixie)")
    assert found["temperature"] == Finding(GOOD, "51 °C")
    assert found["throttled"].state == found["memory"].state == found["disk"].state == GOOD
    assert "golden pictures answered as they should" in found["runtime"].words
    assert found["cameras"].state == NOTE
    assert not {"libcamera", "service"} & set(found)


@pytest.fixture
def no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)


AWAY = f"LoadState=loaded\nActiveState=active\nNRestarts=0\nStatusText={status(nothing_yet('0', state='lost'))}\n"
SHOWN = "LoadState=loaded\nActiveState={}\nNRestarts={}\nStatusText=cat 98%, 0, 14.9/s, 40 ms old, 2 dropped\n"


@pytest.mark.parametrize(
    ("name", "files", "says", "state", "words", "fix"),
    [
        ("temperature", {"sys/class/thermal/thermal_zone0/temp": "82500"}, {}, FAULT, "82 °C", "heat sink"),
        ("temperature", {"sys/class/thermal/thermal_zone0/temp": "75000"}, {}, NOTE, "75 °C", "heat sink"),
        ("throttled", {PI_BITS: "50005"}, {}, FAULT, "now: under-voltage, throttled", "power supply"),
        ("throttled", {PI_BITS: "e0008"}, {}, FAULT, "soft temperature limit", "heat sink"),
        ("throttled", {PI_BITS: "50000"}, {}, NOTE, "since it started: under-voltage", "power supply"),
        ("throttled", {PI_BITS: ""}, {"vcgencmd": "throttled=0x4\n"}, FAULT, "now: throttled", "fan"),
        ("memory", {"proc/meminfo": "MemAvailable: 60000 kB"}, {}, FAULT, "61 MB", "raspi-config"),
        ("memory", {"sys/fs/cgroup/cgroup.controllers": "cpu io"}, {}, NOTE, "no limit", "cgroup_enable=memory"),
        ("clock", {}, {"timedatectl": "NTPSynchronized=no\n"}, NOTE, "set by nobody", "set-ntp"),
        ("libcamera", {"sys/class/video4linux/video0/name": "unicam\n"}, {}, FAULT, "not its programs", "apt install"),
        ("service", {}, {"systemctl": SHOWN.format("active", 0)}, GOOD, "cat 98%", ""),
        ("service", {}, {"systemctl": SHOWN.format("active", 3)}, NOTE, "restarted 3 times", "journalctl"),
        ("service", {}, {"systemctl": AWAY}, FAULT, "no answer yet: 0 is lost", "camera"),
        ("service", {}, {"systemctl": SHOWN.format("activating", 3)}, FAULT, "is activating", "journalctl"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("no_programs")
def test_a_fault_comes_with_its_remedy(
    tmp_path: Path, name: str, files: dict[str, str], says: dict[str, str], state: str, words: str, fix: str
) -> None:
    finding = doctor.CHECKS[name](board(tmp_path, files, says))
    assert finding.state == state
    assert words in finding.words
    assert fix in finding.fix
    assert bool(finding.fix) == (state != GOOD)


@pytest.mark.parametrize(("free_mb", "state"), [(20, FAULT), (300, NOTE), (3000, GOOD)])
def test_room_on_the_disk(tmp_path: Path, free_mb: int, state: str) -> None:
    assert condition.disk(board(tmp_path, {}, free=lambda _: free_mb * 10**6)).state == state


def test_a_clock_that_is_years_off(tmp_path: Path) -> None:
    finding = condition.clock(board(tmp_path, {}, now=lambda: 0.0))
    assert (finding.state, finding.words) == (FAULT, "1970-01-01 00:00 UTC is in the past")


@pytest.mark.parametrize(
    ("check", "patch", "words"),
    [
        (system.system, lambda m: m.setattr(sys, "maxsize", 2**31 - 1), "32 bit"),
        (system.python, lambda m: m.setattr(sys, "version_info", (3, 9, 2)), "too old"),
        (system.glibc, lambda m: m.setattr("platform.libc_ver", lambda: ("glibc", "2.24")), "too old"),
        (software.opencv, lambda m: m.setattr(software, "version_of", lambda _: "5.0"), "own the same folder"),
        (software.numpy, lambda m: m.setattr("edge.runtime.NAME", "tflite-runtime"), "does not go with tflite-runtime"),
    ],
)
def test_a_fault_of_the_software(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: Check, patch: Callable[..., None], words: str
) -> None:
    patch(monkeypatch)
    finding = check(board(tmp_path, {}))
    assert finding.state == FAULT
    assert words in finding.words
    assert finding.fix


def test_a_camera_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    there = board(tmp_path, {"dev/video0": "", "sys/class/video4linux/video0/name": "HD Cam\n"})
    assert camera.cameras(there).state == NOTE  # a file is no camera
    (tmp_path / "dev/video0").unlink()
    (tmp_path / "dev/video0").symlink_to("/dev/missing")
    finding = camera.cameras(there)
    assert finding.state == FAULT
    assert "HD Cam" in finding.words


@pytest.mark.parametrize(
    ("words", "state"),
    [("cat 98%, camera 0, 5/s", GOOD), ("cat 98%, camera 01, 5/s", FAULT), ("no answer yet: camera 0, lost", FAULT)],
)
def test_a_camera_in_service_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, state: str) -> None:
    busy = devices.Device(Path("/dev/video0"), "HD Cam", None, devices.BUSY, "Close that program", camera=True)
    monkeypatch.setattr(devices, "list_devices", lambda *_: [busy])
    there = board(tmp_path, {}, {"systemctl": f"LoadState=loaded\nActiveState=active\nStatusText={words}\n"})
    assert camera.cameras(there).state == state


def test_a_machine_that_says_nothing_is_looked_over_all_the_same(tmp_path: Path) -> None:
    names = [name for name, _ in examine(Machine(tmp_path, lambda _: ""))]
    assert {"system", "Python", "numpy", "OpenCV", "runtime", "disk", "clock"} <= set(names)


def test_a_broken_library_is_a_fault_and_not_the_doctors_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    finding = dict(examine(board(tmp_path, {})))["OpenCV"]
    assert finding.state == FAULT
    assert "push HOST" in finding.fix


def test_the_doctor_comes_where_numpy_does_not(tmp_path: Path, command: Command) -> None:
    (tmp_path / "numpy.py").write_text("raise ImportError('numpy is broken here')\n")
    done = command("edge", "doctor", "--json", expect=1, env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"})
    found = {row["check"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert found["numpy"]["state"] == FAULT
    assert "numpy is broken here" in found["numpy"]["words"]


def test_the_command_prints_a_line_each_and_its_status_tells(monkeypatch: pytest.MonkeyPatch, here: Command) -> None:
    found = [("disk", Finding(GOOD, "5 GB free")), ("clock", Finding(NOTE, "set by nobody", "set it"))]
    monkeypatch.setattr(doctor, "examine", lambda _: found)
    lines = ("ok     disk         5 GB free", "note   clock        set by nobody", "                 -> set it")
    assert here("edge", "doctor").stdout.splitlines() == list(lines)
    found.append(("numpy", Finding(FAULT, "bad \x1b", "mend it")))
    assert "FAULT  numpy        bad \\x1b" in here("edge", "doctor", expect=1).stdout
