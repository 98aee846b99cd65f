"""What machine this is, in what state, and whether that spoilt a measurement. Reads Linux' /proc and /sys alone."""

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from edge import __version__, runtime
from edge.board import Machine, temperature_c, throttle_bits, throttling, version_of

# What the runtime's kernels choose by: vector widths, dot products of bytes, half floats.
FEATURES = (
    *("sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8"),
    *("neon", "asimd", "asimdhp", "asimddp", "i8mm", "sve"),
)
# "CPU part" of Arm's own cores in /proc/cpuinfo, those of small boards (Arm's technical reference manuals, MIDR_EL1).
_ARM_PARTS = {
    "0xc07": "Cortex-A7",
    "0xd03": "Cortex-A53",
    "0xd04": "Cortex-A35",
    "0xd05": "Cortex-A55",
    "0xd07": "Cortex-A57",
    "0xd08": "Cortex-A72",
    "0xd09": "Cortex-A73",
    "0xd0a": "Cortex-A75",
    "0xd0b": "Cortex-A76",
    "0xd41": "Cortex-A78",
    "0xd42": "Cortex-A78AE",
    "0xb76": "ARM1176",
}

_CPUFREQ = "sys/devices/system/cpu/cpu*/cpufreq/"
_OTHERS = 0.1  # share of all cores that other programs may use before a run counts as disturbed
_DROP = 0.95  # of the clock frequency at the start that must be left at the end
_DRIFT = 1.10  # by how much the first model may take longer at the end than at the beginning
_EVERY_S = 0.5  # how often frequency and temperature are looked at


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def facts(machine: Machine) -> dict[str, Any]:
    """Return what does not change during a run: board, processor, memory, versions."""
    info = machine.read("proc/cpuinfo")
    words = set(" ".join(_field(info, name) for name in ("flags", "Features")).split())
    memory = _field(machine.read("proc/meminfo"), "MemTotal").split()
    return {
        "board": machine.read("proc/device-tree/model") or None,
        "cpu": _field(info, "model name") or _ARM_PARTS.get(_field(info, "CPU part")) or platform.machine(),
        "architecture": platform.machine(),
        "features": [name for name in FEATURES if name in words],
        "cores": cores(),
        "max_mhz": max(machine.numbers(_CPUFREQ + "cpuinfo_max_freq"), default=0) // 1000 or None,
        "memory_mb": int(memory[0]) * 1024 // 10**6 if memory and memory[0].isdigit() else None,
        "system": f"{platform.system()} {platform.release()}",
        "versions": {
            "catdog-edge": __version__,
            "Python": platform.python_version(),
            "numpy": np.__version__,
            "OpenCV": cv2.__version__,
            runtime.NAME: version_of(runtime.NAME),
        },
    }


def _field(text: str, name: str) -> str:
    """Return the value of the first line `name : value`."""
    pairs = (line.partition(":") for line in text.splitlines())
    return next((value.strip() for key, _, value in pairs if key.strip() == name), "")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def state(machine: Machine) -> dict[str, Any]:
    """Return what may change during a run; None where this machine does not say."""
    load = machine.read("proc/loadavg").split()
    governors = set(machine.texts(_CPUFREQ + "scaling_governor"))
    own = os.times()
    return {
        "governor": ", ".join(sorted(governors - {""})) or None,
        **_moving(machine),
        "throttled": throttle_bits(machine),
        "load_1m": _number(load[0]) if load else None,
        "busy_s": _busy_s(machine),
        "own_s": own.user + own.system + own.children_user + own.children_system,
        "clock_s": time.monotonic(),
    }


def governor_note(before: Mapping[str, Any]) -> list[str]:
    """Return what to say of a clock that may follow the load; nothing where it does not, or where nobody knows."""
    if before["governor"] in (None, "performance"):
        return []
    remedy = "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
    return [f"the governor is {before['governor']}, not performance: times hang on what ran before. {remedy}"]


def _moving(machine: Machine) -> dict[str, float | None]:
    frequencies = machine.numbers(_CPUFREQ + "scaling_cur_freq")
    return {"mhz": max(frequencies) / 1000 if frequencies else None, "temperature_c": temperature_c(machine)}


def _busy_s(machine: Machine) -> float | None:
    """Return how many core-seconds all programs (and a hypervisor's other guests) have used since start-up."""
    first = machine.read("proc/stat").partition("\n")[0].split()
    ticks = [_number(word) for word in first[1:9]]
    if len(ticks) < 8 or None in ticks:
        return None
    user, nice, system, _idle, _wait, irq, soft_irq, steal = (tick or 0.0 for tick in ticks)
    return (user + nice + system + irq + soft_irq + steal) / os.sysconf("SC_CLK_TCK")


class Watch:
    """Looks at frequency and temperature twice a second while rounds are measured."""

    def __init__(self, machine: Machine, clock: Callable[[], float] = time.monotonic) -> None:
        self._machine, self._clock = machine, clock
        self._last = -_EVERY_S
        self.mhz: list[float] = []
        self.temperatures_c: list[float] = []

    def __call__(self) -> None:
        """Look, where it is time to."""
        if self._clock() - self._last < _EVERY_S:
            return
        self._last = self._clock()
        seen = _moving(self._machine)
        for value, kept in ((seen["mhz"], self.mhz), (seen["temperature_c"], self.temperatures_c)):
            if value is not None:
                kept.append(value)


def complaints(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    mhz: Sequence[float],
    control: Mapping[str, float],
    drift: float,
    cores: int,
) -> list[str]:
    """Return the reasons why what was measured between two states cannot be trusted.

    Args:
        before, after: from `state`.
        mhz: clock frequencies on the way.
        control: ratio of the first model to itself, with `low` and `high`.
        drift: the first model's median in the last quarter of the rounds over that in the first quarter.
        cores: of the machine.
    """
    found = []
    if not control["low"] <= 1 <= control["high"]:
        ends = f"{control['low']:.3f} to {control['high']:.3f}"
        found.append(f"the first model differs from itself: ratio {control['ratio']:.3f} ({ends})")
    others = used_by_others(before, after)
    if others is not None and others > _OTHERS * cores:
        found.append(f"other programs used {others:.1f} of {cores} cores")
    found.extend(_throttling(before["throttled"], after["throttled"]))
    quarter = len(mhz) // 4
    if quarter and np.median(mhz[-quarter:]) < _DROP * np.median(mhz[:quarter]):
        found.append(f"the clock fell from {np.median(mhz[:quarter]):.0f} to {np.median(mhz[-quarter:]):.0f} MHz")
    if drift > _DRIFT:
        found.append(f"the first model took {drift - 1:.0%} longer at the end than at the beginning")
    return found


def used_by_others(before: Mapping[str, Any], after: Mapping[str, Any]) -> float | None:
    """Return how many cores other programs used between two states, on average."""
    if before["busy_s"] is None or after["busy_s"] is None:
        return None
    busy = (after["busy_s"] - before["busy_s"]) - (after["own_s"] - before["own_s"])
    return float(max(0.0, busy / max(after["clock_s"] - before["clock_s"], 1e-3)))


def _throttling(before: int | None, after: int | None) -> list[str]:
    """Say which throttle bits are set at either end, or came up in between."""
    if after is None:
        return []
    now = (after | (before or 0) | ((after & ~(before or 0)) >> 16)) & 0xF
    return [f"the board reports: {name}" for name in throttling(now)]
