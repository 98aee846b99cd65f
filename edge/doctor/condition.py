"""How a machine does: heat, supply, disk, memory, clock, and the service on it."""

import re
import time

from edge.board import COOL_C, HOT_C, NO_ANSWER, Machine, temperature_c, throttle_bits, throttling
from edge.doctor.finding import FAULT, GOOD, NOTE, Finding

_LEAST_FREE_MB, _LITTLE_FREE_MB = 100, 500
_LEAST_MEMORY_MB = 120  # the runner with a camera takes 60 to 100
_LEAST_YEAR = 2026  # no earlier than this program


def temperature(machine: Machine) -> Finding | None:
    """Tell how hot it is: at 80 degrees a Pi lowers its clock."""
    warm = temperature_c(machine)
    if warm is None:
        return None
    if warm >= HOT_C:
        return Finding(FAULT, f"{warm:.0f} °C: the board slows down", "Give it a heat sink or a fan, and some air")
    if warm >= COOL_C:
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


def of_service(machine: Machine) -> dict[str, str]:
    """Return what systemd says of the service."""
    shown = machine.ask(["systemctl", "show", "catdog", "-p", "LoadState,ActiveState,NRestarts,StatusText"])
    return dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)


def service(machine: Machine) -> Finding | None:
    """Tell how the service does, where it is installed."""
    state = of_service(machine)
    if state.get("LoadState") != "loaded":
        return None
    if state.get("ActiveState") != "active":
        return Finding(FAULT, f"is {state.get('ActiveState')}", "journalctl -u catdog -n 30 says why")
    restarts = int(state.get("NRestarts") or 0)
    words = state.get("StatusText") or "active"
    if words.startswith(NO_ANSWER):
        return Finding(FAULT, f"gives {words}", "Check the camera and its cable; journalctl -u catdog says more")
    if restarts:
        return Finding(NOTE, f"{words}; restarted {restarts} times", "journalctl -u catdog says why")
    return Finding(GOOD, words)
