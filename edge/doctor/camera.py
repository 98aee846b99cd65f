"""Checks of cameras: who may use them, and the stack of ribbon cameras."""

import shutil

from edge.board import NO_ANSWER, Machine
from edge.doctor.condition import of_service
from edge.doctor.finding import FAULT, GOOD, NOTE, Finding


def cameras(machine: Machine) -> Finding:
    """Tell the cameras, and what keeps them from being used."""
    from edge.capture.devices import BUSY, list_devices

    found = [d for d in list_devices(machine.root / "dev", machine.root / "sys/class/video4linux") if d.camera]
    usable = [device for device in found if device.problem is None]
    if usable:
        return Finding(GOOD, ", ".join(f"{device.path} ({device.name})" for device in usable))
    if not found:
        return Finding(NOTE, "none", "Plug in a USB camera, or watch a stream; with a ribbon camera see its cable")
    first = found[0]
    words = of_service(machine).get("StatusText", "")
    if first.problem == BUSY and not words.startswith(NO_ANSWER):
        names = (f"camera {first.path.name.removeprefix('video')},", str(first.path), str(first.by_id))
        if any(name in words for name in names):  # the service's own words name what it watches
            return Finding(GOOD, f"{first.path} ({first.name}), which the service uses")
    return Finding(FAULT, f"{first.path} ({first.name}) {first.problem}", first.remedy)


def libcamera(machine: Machine) -> Finding | None:
    """Tell the stack of ribbon cameras, where there is one."""
    sensors = machine.texts("sys/class/video4linux/*/name")
    if not any(name.startswith(("unicam", "rp1-cfe")) for name in sensors):
        return None
    if shutil.which("rpicam-vid") is None:
        return Finding(FAULT, "there is a ribbon camera, but not its programs", "sudo apt install rpicam-apps-lite")
    seen = machine.ask(["rpicam-hello", "--list-cameras"])
    if "Available cameras" not in seen:
        return Finding(FAULT, "no ribbon camera answers", "Power off, seat the cable's contacts, see rpicam-hello")
    return Finding(GOOD, "rpicam-vid is there, and the camera answers")
