"""Checks of the system below the program: its kind, C library and Python."""

import platform
import re
import sys

from edge.board import Machine
from edge.doctor.finding import FAULT, GOOD, NOTE, Finding

_LEAST_PYTHON, _TESTED_PYTHON = (3, 11), (3, 13)
_LEAST_GLIBC = (2, 28)  # the newest that the wheels of numpy, OpenCV and LiteRT ask for (PyPI, 2026)


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
