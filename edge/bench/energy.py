"""Energy of an answer, where something measures it: a meter's file of samples, or the processor's own counter (RAPL).

Never inferred from a data sheet. Each model runs alone for some seconds, after a pause of the same length that says
what the machine takes when it rests.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edge.errors import InputError

_RAPL = "sys/class/powercap/intel-rapl:0/"
_FEWEST = 3  # samples of a window


def measure(
    works: Mapping[str, Callable[[], object]], seconds: float, meter: Path | None, root: Path = Path("/")
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Run each of `works` alone for `seconds`, where something measures energy meanwhile.

    Args:
        works: name -> what gives one answer.
        seconds: of each.
        meter: a file that a meter appends `time,watts` lines to; without one RAPL is read, where it may be.
        root: where /sys is.

    Returns:
        Figures by name, and what to say of those that are missing although there is a meter.
    """
    joule = None if meter else counter(root)
    if joule is None and meter is None:
        return {}, []
    windows = [_window(None, lambda: time.sleep(0.01), seconds, joule)]
    windows += [_window(name, work, seconds, joule) for name, work in works.items()]
    samples = None
    if meter is not None:
        time.sleep(min(1.0, seconds))  # the meter's last lines
        try:
            samples = read_samples(meter)
        except InputError as fault:  # it has become unreadable: no reason to lose the other figures
            return {}, [f"energy: not measured, {fault}"]
    found = figures(windows, samples, str(meter or "RAPL"))
    few = f"energy: not measured for every model, {meter} has too few lines of their time"
    return found, [few] if len(found) < len(works) else []


class Window(NamedTuple):
    """A stretch of time: what ran (None: nothing), from when to when (seconds since 1970), how often."""

    name: str | None
    begin_s: float
    end_s: float
    runs: int
    joule: float | None = None


def counter(root: Path) -> Callable[[], float] | None:
    """Return a function that reads the processor's energy in joule; None where there is none that may be read."""
    try:
        most = int((root / _RAPL / "max_energy_range_uj").read_text("utf-8"))
        last, turns = int((root / _RAPL / "energy_uj").read_text("utf-8")), 0
    except (OSError, ValueError):
        return None

    def read() -> float:
        nonlocal last, turns
        now = int((root / _RAPL / "energy_uj").read_text("utf-8"))
        turns, last = turns + (now < last), now  # it starts at zero again after `most`
        return (turns * most + now) / 1e6

    return read


def _window(name: str | None, work: Callable[[], object], seconds: float, joule: Callable[[], float] | None) -> Window:
    begin, before, runs = time.time(), joule() if joule else 0.0, 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        work()
        runs += 1
    return Window(name, begin, time.time(), runs, joule() - before if joule else None)


def read_samples(path: Path) -> list[tuple[float, float]]:
    """Return (seconds since 1970, watt) of a meter's file: a line `time,watts` each; a heading may stand above them.

    Raises:
        InputError: the file cannot be read, or a line is no such pair.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is no text"
        raise InputError(path, f"cannot be read ({reason})", "Give a meter's file of time,watts lines") from None
    samples = []
    for number, line in enumerate(lines, 1):
        try:
            moment, watt = map(float, line.split(","))
            if not (math.isfinite(moment) and math.isfinite(watt)):
                raise ValueError
        except ValueError:
            if number == 1 or not line.strip() or number == len(lines):  # heading; a line that is being written
                continue
            wrong = f"line {number} is not time,watts"
            raise InputError(path, wrong, "Write seconds since 1970, a comma and watts") from None
        samples.append((moment, watt))
    return sorted(samples)


def figures(
    windows: Sequence[Window], samples: Sequence[tuple[float, float]] | None, source: str
) -> dict[str, dict[str, Any]]:
    """Return name -> joule of an answer and the like; without models whose window nothing was measured in."""
    watts = {window.name: _watt(window, samples) for window in windows}
    return {
        window.name: {
            "joule": watt * (window.end_s - window.begin_s) / window.runs,
            "watt": watt,
            "idle_watt": watts.get(None),
            "answers": window.runs,
            "source": source,
        }
        for window in windows
        if window.name is not None and (watt := watts[window.name]) is not None
    }


def _watt(window: Window, samples: Sequence[tuple[float, float]] | None) -> float | None:
    if samples is None:
        return None if window.joule is None else window.joule / (window.end_s - window.begin_s)
    inside = [watt for moment, watt in samples if window.begin_s <= moment <= window.end_s]
    return float(np.mean(inside)) if len(inside) >= _FEWEST else None
