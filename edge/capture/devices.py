"""The video devices of a Linux machine: what they are called, and whether each can be used as a camera.

Asks the kernel (V4L2) directly: OpenCV only says that a camera does not open. Numbers are those of
<linux/videodev2.h>, which never change.
"""

import errno
import os
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from edge.board import opened

DEV = Path("/dev")
SYSTEM = Path("/sys/class/video4linux")
NODE = os.O_RDWR | os.O_NONBLOCK  # how a device node is opened
_PATIENCE_S = 2.0  # for one device to answer: a broken driver may never
_QUERYCAP, _QUERYCAP_BYTES = 0x80685600, 104
_REQBUFS, _REQBUFS_LAYOUT, _MMAP = 0xC0145608, "5I", 1
_CAPTURE, _CAPTURE_PLANES, _METADATA, _HAS_DEVICE_CAPS = 0x1, 0x1000, 0x800000, 0x80000000
# Raw sensors and image processors of the Raspberry Pi: useful only by way of libcamera.
_LIBCAMERA = frozenset({"unicam", "rp1-cfe", "bcm2835-isp", "pispbe"})
_NO_CAMERA = "is no camera"
BUSY = "is busy: another program uses it"

Ioctl = Callable[[int, int, bytearray], int]  # asks the kernel: descriptor, request, argument, changed in place


class Device(NamedTuple):
    """A /dev/video* node."""

    path: Path
    name: str  # what the driver calls it
    by_id: Path | None  # its path that stays the same when the camera comes back under another number
    problem: str | None  # why it cannot be used; None where it can
    remedy: str  # what to do about that
    camera: bool  # False for nodes that never give pictures (metadata, codecs)


class Verdict(NamedTuple):
    """What a device says when asked: see `Device`."""

    problem: str | None = None
    remedy: str = ""
    camera: bool = True


def system_ioctl(descriptor: int, request: int, argument: bytearray) -> int:
    """Ask the kernel."""
    import fcntl

    return int(fcntl.ioctl(descriptor, request, argument))


def list_devices(dev: Path = DEV, system: Path = SYSTEM, ask: Callable[[Path], Verdict] | None = None) -> list[Device]:
    """Return every video device, by number, having asked each whether it can be used.

    One that takes longer than two seconds to answer counts as broken.
    """
    nodes = [path for path in dev.glob("video*") if path.name[5:].isdigit()]
    names_by_id = {link.resolve(): link for link in sorted((dev / "v4l" / "by-id").glob("*"))}
    devices = []
    for path in sorted(nodes, key=lambda path: int(path.name[5:])):
        try:
            name = (system / path.name / "name").read_text("utf-8", "replace").strip()
        except OSError:
            name = "unnamed"
        verdict = _patiently(ask or probe, path)
        devices.append(Device(path, name, names_by_id.get(path.resolve()), *verdict))
    return devices


def lasting_path(node: Path) -> Path:
    """Return the path of a camera that stays the same under another number: itself, where it has none."""
    links = sorted((DEV / "v4l" / "by-id").glob("*")) + sorted((DEV / "v4l" / "by-path").glob("*"))
    return next((link for link in links if link.resolve() == node.resolve()), node)


def _patiently(ask: Callable[[Path], Verdict], path: Path) -> Verdict:
    """Ask in a thread of its own, which is left behind where the device never answers."""
    answers: list[Verdict] = []
    thread = threading.Thread(target=lambda: answers.append(ask(path)), daemon=True)
    thread.start()
    thread.join(_PATIENCE_S)
    return answers[0] if answers else Verdict("does not answer", "Unplug it, and plug it in again")


def probe(path: Path, ioctl: Ioctl = system_ioctl) -> Verdict:
    """Say whether a device node can be used as a camera right now."""
    try:
        with opened(path, NODE) as descriptor:
            return _question(descriptor, ioctl)
    except OSError as fault:
        return _refusal(fault)


def _refusal(fault: OSError) -> Verdict:
    if fault.errno in (errno.EACCES, errno.EPERM):
        return Verdict("may not be used by you", "sudo usermod -aG video $USER, then log in again")
    if fault.errno == errno.EBUSY:
        return Verdict(BUSY, "Close that program (fuser -v DEVICE names it)")
    if fault.errno in (errno.ENOTTY, errno.EINVAL):
        return Verdict(_NO_CAMERA, "Choose another", camera=False)
    return Verdict(f"does not work ({fault.strerror})", "Unplug it, and plug it in again")


def _question(descriptor: int, ioctl: Ioctl) -> Verdict:
    answer = bytearray(_QUERYCAP_BYTES)
    ioctl(descriptor, _QUERYCAP, answer)
    driver = bytes(answer[:16]).partition(b"\0")[0].decode("utf-8", "replace")
    whole, of_this_node = struct.unpack_from("2I", answer, 84)
    abilities = of_this_node if whole & _HAS_DEVICE_CAPS else whole
    if not abilities & (_CAPTURE | _CAPTURE_PLANES):
        problem = "gives metadata, no pictures" if abilities & _METADATA else _NO_CAMERA
        return Verdict(problem, "Use its neighbour", camera=False)
    if driver in _LIBCAMERA:
        return Verdict("works only by way of libcamera", "catdog run csi")
    kind = 1 if abilities & _CAPTURE else 9  # V4L2_BUF_TYPE_VIDEO_CAPTURE, .._MPLANE
    # Only who streams may hold buffers: asking for one tells whether another program does. Closing gives it back.
    ioctl(descriptor, _REQBUFS, bytearray(struct.pack(_REQBUFS_LAYOUT, 1, kind, _MMAP, 0, 0)))
    return Verdict()
