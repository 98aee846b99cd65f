"""`catdog cameras`: the cameras of this machine, and whether each can be used."""

import argparse
import json

from edge.capture.devices import Device, list_devices
from edge.capture.modes import Mode, as_line, list_modes
from edge.commands import add_examples
from edge.errors import EXIT_FAILED, EXIT_OK, printable, tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_examples(parser, "catdog cameras", "catdog cameras --json")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, of every video device")


def main(options: argparse.Namespace) -> int:
    """List the cameras. Status 1 when there is none that can be used."""
    devices = list_devices()
    for device in devices:
        modes = list_modes(device.path) if device.problem is None else []
        if options.json:
            print(json.dumps(as_json(device, modes)))
        elif device.camera:
            print(as_text(device, modes))
    others = [str(device.path) for device in devices if not device.camera]
    if others and not options.json:
        print(f"no cameras, though they look like it: {', '.join(others)}")
    if any(device.problem is None for device in devices):
        return EXIT_OK
    wrong = "no camera can be used" if any(device.camera for device in devices) else "no camera found"
    tell(f"catdog: {wrong}. Without one there are videos, photos, network cameras, or catdog run demo")
    return EXIT_FAILED


def as_text(device: Device, modes: list[Mode]) -> str:
    """Return a camera as lines for people: path, name, lasting path, sizes and rates, and what prevents its use."""
    lines = [f"{printable(device.path)}  {printable(device.name)}"]
    if device.by_id is not None:
        lines.append(f"    also {printable(device.by_id)}")
    if modes:
        lines.append(f"    {as_line(modes)}")
    lines.append(f"    {device.problem}. {device.remedy}" if device.problem else f"    catdog run {device.path}")
    return "\n".join(lines)


def as_json(device: Device, modes: list[Mode]) -> dict[str, object]:
    """Return a video device as a JSON object."""
    return {
        "path": str(device.path),
        "name": device.name,
        "by_id": None if device.by_id is None else str(device.by_id),
        "camera": device.camera,
        "usable": device.problem is None,
        "problem": device.problem,
        "remedy": device.remedy or None,
        "modes": [mode._asdict() for mode in modes],
    }
