"""`catdog cameras`: what the kernel says of each video device, and a list that never hangs."""

import errno
import json
import os
import struct
import threading
import time
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from edge.capture import devices, modes
from edge.capture.devices import Device, Ioctl, Verdict, list_devices, probe, system_ioctl
from edge.commands import cameras
from tests.conftest import Command

CAPTURE, PLANES, METADATA, M2M = 0x1, 0x1000, 0x800000, 0x8000


class Kernel:
    """Answers ioctl as a driver would."""

    def __init__(self, driver: str = "uvcvideo", abilities: int = CAPTURE, busy: bool = False, fault: int = 0) -> None:
        self.driver, self.abilities, self.busy, self.fault = driver, abilities, busy, fault

    def __call__(self, _descriptor: int, request: int, argument: bytearray) -> int:
        if self.fault:
            raise OSError(self.fault, os.strerror(self.fault))
        if request == devices._QUERYCAP:
            argument[: len(self.driver)] = self.driver.encode()
            # The whole device can do all of it, this node only its own part.
            struct.pack_into("2I", argument, 84, 0x80000000 | CAPTURE | METADATA, self.abilities)
        elif self.busy:
            raise OSError(errno.EBUSY, "busy")
        return 0


@pytest.mark.parametrize(
    ("kernel", "problem", "camera"),
    [
        (Kernel(), None, True),
        (Kernel(abilities=PLANES), None, True),
        (Kernel(busy=True), "is busy", True),
        (Kernel(abilities=METADATA), "gives metadata, no pictures", False),
        (Kernel(abilities=M2M), "is no camera", False),
        (Kernel(driver="unicam"), "by way of libcamera", True),
        (Kernel(fault=errno.ENOTTY), "is no camera", False),
        (Kernel(fault=errno.ENODEV), "does not work (No such device)", True),
        (Kernel(fault=errno.EACCES), "may not be used by you", True),
        (system_ioctl, "is no camera", False),  # a file in place of a device
    ],
)
def test_a_device_says_whether_it_can_be_used(tmp_path: Path, kernel: Ioctl, problem: str | None, camera: bool) -> None:
    (tmp_path / "video0").touch()
    verdict = probe(tmp_path / "video0", kernel)
    assert verdict.camera == camera
    assert str(problem) in str(verdict.problem)
    assert bool(verdict.remedy) == bool(verdict.problem)


def test_a_device_without_permission_names_the_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert "usermod -aG video" in probe(tmp_path / "video0").remedy


@pytest.fixture
def machine(tmp_path: Path) -> tuple[Path, Path]:
    """A machine with video0, video2 and video10, the second with a lasting path, and a name with an escape in it."""
    dev, system = tmp_path / "dev", tmp_path / "sys"
    (dev / "v4l" / "by-id").mkdir(parents=True)
    for name, title in (("video10", "codec"), ("video2", "HD Cam\n"), ("video0", "Evil \x1b[2J cam\n")):
        (dev / name).touch()
        (system / name).mkdir(parents=True)
        (system / name / "name").write_text(title)
    (dev / "video-loop").touch()
    (dev / "v4l" / "by-id" / "usb-HD_Cam-index0").symlink_to("../../video2")
    return dev, system


def test_devices_are_listed_by_number_with_name_and_lasting_path(machine: tuple[Path, Path]) -> None:
    dev, system = machine
    listed = list_devices(dev, system, lambda _: Verdict())
    assert [(device.path.name, device.name) for device in listed] == [
        ("video0", "Evil \x1b[2J cam"),
        ("video2", "HD Cam"),
        ("video10", "codec"),
    ]
    assert listed[1].by_id == dev / "v4l" / "by-id" / "usb-HD_Cam-index0"
    assert "\x1b" not in cameras.as_text(listed[0], [])


def test_a_device_that_never_answers_is_said(machine: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_PATIENCE_S", 0.1)
    never = threading.Event()
    started = time.monotonic()
    listed = list_devices(*machine, lambda path: Verdict(never.wait() if path.name == "video2" else None))
    assert time.monotonic() - started < 2
    assert [device.problem for device in listed] == [None, "does not answer", None]
    never.set()


def offering(_descriptor: int, request: int, argument: bytearray) -> int:
    """Answer as a driver would that has two formats, one of them in one size only, and two rates."""
    sizes = ((1280, 720), (640, 480)) if argument[4:8] == b"MJPG" else ((640, 480),)
    rows = {modes._ENUM_FORMATS: (b"MJPG", b"YUYV"), modes._ENUM_SIZES: sizes}.get(request, (30, 15))
    index = struct.unpack_from("I", argument)[0]
    if index >= len(rows):
        raise OSError(errno.EINVAL, "no more")
    if request == modes._ENUM_FORMATS:
        argument[44:48] = rows[index]
    elif request == modes._ENUM_SIZES:
        struct.pack_into("3I", argument, 8, 1, *rows[index])
    else:
        assert struct.unpack_from("2I", argument, 8) in sizes
        struct.pack_into("3I", argument, 16, 1, 1, rows[index])
    return 0


def test_a_camera_tells_its_sizes_and_rates(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    listed = modes.list_modes(tmp_path / "video0", offering)
    assert listed == [
        modes.Mode("MJPG", 1280, 720, (30.0, 15.0)),
        modes.Mode("MJPG", 640, 480, (30.0, 15.0)),
        modes.Mode("YUYV", 640, 480, (30.0, 15.0)),
    ]
    assert modes.as_line(listed) == "1280x720 at 30/s, 640x480 at 30/s"
    assert modes.list_modes(tmp_path / "none", offering) == []
    assert modes.list_modes(tmp_path / "video0") == [], "a file offers nothing"


USABLE = Device(Path("/dev/video0"), "HD Cam", Path("/dev/v4l/by-id/usb-HD"), None, "", camera=True)
BUSY = Device(Path("/dev/video2"), "Other", None, "is busy: another program uses it", "Close that program", camera=True)
CODEC = Device(Path("/dev/video10"), "codec", None, "is no camera", "Choose another", camera=False)


@pytest.fixture
def listing(monkeypatch: pytest.MonkeyPatch, here: Command) -> Command:
    """Run `catdog cameras` on a machine that has these devices."""

    def shown(found: list[Device], *words: str, expect: int = 0) -> CompletedProcess[str]:
        monkeypatch.setattr(cameras, "list_devices", lambda: found)
        return here("edge", "cameras", *words, expect=expect)

    return shown


def test_the_list_says_how_to_use_each_and_why_not(listing: Command) -> None:
    out = listing([USABLE, BUSY, CODEC]).stdout
    for words in ("catdog run /dev/video0", "/dev/v4l/by-id/usb-HD", f"{BUSY.problem}. {BUSY.remedy}"):
        assert words in out
    assert "/dev/video10" in out.splitlines()[-1]


@pytest.mark.parametrize(("found", "wrong"), [([], "no camera found"), ([BUSY], "no camera can be used")])
def test_without_a_camera_it_says_what_works(listing: Command, found: list[Device], wrong: str) -> None:
    errors = listing(found, expect=1).stderr
    assert wrong in errors
    assert "catdog run demo" in errors


def test_json_has_an_object_for_every_device(listing: Command) -> None:
    rows = [json.loads(line) for line in listing([USABLE, BUSY, CODEC], "--json").stdout.splitlines()]
    assert [(row["path"], row["usable"], row["camera"]) for row in rows] == [
        ("/dev/video0", True, True),
        ("/dev/video2", False, True),
        ("/dev/video10", False, False),
    ]
    assert rows[0]["by_id"] == "/dev/v4l/by-id/usb-HD"


def test_it_runs_on_this_machine(command: Command) -> None:
    done = command("edge", "cameras", expect=None)
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr
    assert bool(done.stderr) == (done.returncode == 1)
