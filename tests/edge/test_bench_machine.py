"""What the benchmark says of the machine, and what it takes for a disturbance; on machines made of files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from edge.bench import energy
from edge.bench.machine import Watch, complaints, facts, governor_note, state, used_by_others
from edge.board import Machine
from edge.errors import InputError
from edge.testing import Clock

PI_5 = {
    "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
    "proc/cpuinfo": "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd asimdhp asimddp\nCPU part\t: 0xd0b\n",
    "proc/meminfo": "MemTotal:        4146848 kB\nMemFree: 1 kB\n",
    "proc/loadavg": "0.05 0.10 0.12 1/234 567",
    "proc/stat": "cpu  1000 0 500 90000 10 0 20 0 0 0\ncpu0 1 2 3",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1500000\n",
    "sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq": "2400000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "2400000\n",
    "sys/class/thermal/thermal_zone0/temp": "61200\n",
    "sys/class/thermal/thermal_zone1/temp": "-273000\n",
}


def machine(root: Path, files: dict[str, str], throttled: str = "") -> Machine:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)

    def ask(words: Sequence[str]) -> str:
        assert list(words) == ["vcgencmd", "get_throttled"]
        return throttled

    return Machine(root, ask)


def test_a_raspberry_pi_is_told_by_its_files(tmp_path: Path) -> None:
    found = facts(machine(tmp_path, PI_5))
    assert (found["board"], found["cpu"]) == ("Raspberry Pi 5 Model B Rev 1.0", "Cortex-A76")
    assert found["features"] == ["asimd", "asimdhp", "asimddp"]
    assert (found["max_mhz"], found["memory_mb"]) == (2400, 4246)
    assert {"catdog-edge", "Python", "numpy", "OpenCV"} < set(found["versions"])


def test_its_state_is_read(tmp_path: Path) -> None:
    found = state(machine(tmp_path, PI_5, "throttled=0x50000\n"))
    assert (found["governor"], found["mhz"], found["temperature_c"]) == ("ondemand", 2400.0, 61.2)
    assert (found["throttled"], found["load_1m"], found["busy_s"]) == (0x50000, 0.05, pytest.approx(15.2))


def test_a_governor_that_follows_the_load_is_warned_of(tmp_path: Path) -> None:
    (note,) = governor_note(state(machine(tmp_path / "pi", PI_5)))
    assert "the governor is ondemand, not performance" in note
    assert "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor" in note
    steady = {**PI_5, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance\n"}
    assert governor_note(state(machine(tmp_path / "steady", steady))) == []
    assert governor_note(state(machine(tmp_path / "silent", {}))) == []


def test_the_kernels_throttle_bits_go_before_the_tool(tmp_path: Path) -> None:
    files = {"sys/devices/platform/soc/soc:firmware/get_throttled": "4\n"}
    assert state(machine(tmp_path, files, "throttled=0x0"))["throttled"] == 4


@pytest.mark.parametrize("garbage", ["", "\xff\xfe", "cpu 1 2 3 4 x 6 7 8 9", "cpu 1 2", "::::\n"])
def test_a_machine_that_says_nothing_of_use_is_no_fault(tmp_path: Path, garbage: str) -> None:
    there = machine(tmp_path, dict.fromkeys(PI_5, garbage), garbage)
    assert facts(there)["cpu"]
    assert state(there)["throttled"] is None


QUIET: dict[str, Any] = {"throttled": 0, "busy_s": 100.0, "own_s": 50.0, "clock_s": 0.0}
CALM = {"ratio": 1.001, "low": 0.998, "high": 1.003}


def after(**changed: Any) -> dict[str, Any]:
    return {"throttled": 0, "busy_s": 111.0, "own_s": 60.0, "clock_s": 10.0, **changed}


@pytest.mark.parametrize(
    ("begin", "ends", "cores"),
    [
        (QUIET, after(), 4),
        ({**QUIET, "throttled": 0x50000}, after(throttled=0x50000), 4),  # of an earlier day
        ({**QUIET, "throttled": None, "busy_s": None}, after(throttled=None, busy_s=None), 1),  # it says nothing
    ],
)
def test_a_calm_run_has_no_complaints(begin: dict[str, Any], ends: dict[str, Any], cores: int) -> None:
    assert complaints(begin, ends, [2400.0] * 20, CALM, 1.02, cores) == []


@pytest.mark.parametrize(
    ("ends", "mhz", "control", "drift", "reason"),
    [
        (after(), [], {"ratio": 1.03, "low": 1.01, "high": 1.05}, 1.0, "differs from itself"),
        (after(busy_s=120.0), [], CALM, 1.0, "other programs used 1.0 of 4 cores"),
        (after(throttled=0x4), [], CALM, 1.0, "the board reports: throttled"),
        (after(throttled=0x10000), [], CALM, 1.0, "under-voltage"),
        (after(), [2400.0] * 10 + [1500.0] * 10, CALM, 1.0, "the clock fell from 2400 to 1500 MHz"),
        (after(), [], CALM, 1.2, "took 20% longer at the end"),
    ],
)
def test_what_disturbs_is_named(
    ends: dict[str, Any], mhz: list[float], control: dict[str, float], drift: float, reason: str
) -> None:
    (found,) = complaints(QUIET, ends, mhz, control, drift, 4)
    assert reason in found


def test_a_machine_that_does_not_count_says_nothing_of_others() -> None:
    assert used_by_others({**QUIET, "busy_s": None}, after()) is None


def test_the_watch_looks_twice_a_second(tmp_path: Path) -> None:
    clock = Clock()
    watch = Watch(machine(tmp_path, PI_5), clock)
    for tenth in range(21):
        clock.now_s = tenth / 10
        watch()
    assert len(watch.mhz) == len(watch.temperatures_c) == 5


def test_energy_is_the_mean_power_of_the_time_over_the_answers() -> None:
    windows = [energy.Window(None, 0, 10, 1), energy.Window("a", 10, 20, 50), energy.Window("b", 20, 30, 100)]
    samples = [(t + 0.5, 2.0 if t < 10 else 5.0) for t in range(22)]
    found = energy.figures(windows, samples, "meter")
    assert found == {"a": {"joule": 1.0, "watt": 5.0, "idle_watt": 2.0, "answers": 50, "source": "meter"}}


def test_a_meters_file_is_read_with_its_heading_and_its_unfinished_last_line(tmp_path: Path) -> None:
    (tmp_path / "meter.csv").write_text("time,watts\n2.5,3.0\n1.5,4.0\n\n3.")
    assert energy.read_samples(tmp_path / "meter.csv") == [(1.5, 4.0), (2.5, 3.0)]


@pytest.mark.parametrize("text", ["1,2\nx,3\n4,5\n", "1,2\n3\n4,5\n", "1,2\nnan,3\n4,5\n"])
def test_a_file_of_anything_else_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "meter.csv").write_text(text)
    with pytest.raises(InputError, match="line 2 is not time,watts"):
        energy.read_samples(tmp_path / "meter.csv")


def test_the_processors_counter_goes_on_after_it_wraps(tmp_path: Path) -> None:
    folder = tmp_path / "sys/class/powercap/intel-rapl:0"
    folder.mkdir(parents=True)
    (folder / "max_energy_range_uj").write_text("1000000\n")
    (folder / "energy_uj").write_text("900000\n")
    joule = energy.counter(tmp_path)
    start = joule()
    (folder / "energy_uj").write_text("100000\n")
    assert joule() - start == pytest.approx(0.2)


def test_without_a_meter_nothing_is_said_of_energy(tmp_path: Path) -> None:
    assert energy.measure({"a": lambda: None}, 1.0, None, tmp_path) == ({}, [])
