"""What is wrong with a machine, and how to mend it. One table of checks; a new one is a function and a row.

Whatever a check needs is imported inside it: the doctor must be able to say that numpy is broken.
"""

from contextlib import redirect_stdout
from io import StringIO

from edge.board import Machine
from edge.doctor import camera, condition, software, system
from edge.doctor.finding import FAULT, Check, Finding
from edge.errors import first_line

_REINSTALL = "Install the program again: python -m edge.deploy push HOST, or pip install --force-reinstall catdog-edge"

CHECKS: dict[str, Check] = {
    "system": system.system,
    "C library": system.glibc,
    "Python": system.python,
    "numpy": software.numpy,
    "OpenCV": software.opencv,
    "runtime": software.runtime,
    "cameras": camera.cameras,
    "libcamera": camera.libcamera,
    "temperature": condition.temperature,
    "throttled": condition.throttled,
    "disk": condition.disk,
    "memory": condition.memory,
    "clock": condition.clock,
    "service": condition.service,
}


def examine(machine: Machine) -> list[tuple[str, Finding]]:
    """Return what every check of the table has found, with its name; a check that breaks is a fault of its own."""
    found = []
    for name, check in CHECKS.items():
        try:
            with redirect_stdout(StringIO()):  # where OpenCV's own complaint goes
                finding = check(machine)
        except Exception as fault:  # broken libraries raise anything
            finding = Finding(FAULT, f"cannot be looked at ({first_line(fault)})", _REINSTALL)
        if finding is not None:
            found.append((name, finding))
    return found
