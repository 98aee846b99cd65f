"""The wheels that a push takes to a Raspberry Pi, on an emulated processor of that kind."""

import shutil

import pytest

from edge.classifier import DEFAULT_MODEL
from tests.conftest import ROOT
from tests.pi import arm64

FOLDER = ROOT / ".cache" / "arm64"
there = (FOLDER / "tree/proc/cpuinfo").exists() and shutil.which("qemu-aarch64-static")


@pytest.mark.skipif(not there, reason="python -m tests.pi.arm64 fetches what this needs")
@pytest.mark.parametrize("core", arm64.CORES.values(), ids=arm64.CORES)
def test_a_raspberry_pi_gives_the_golden_answers_of_this_machine(core: str) -> None:
    done = arm64.selftest(FOLDER, DEFAULT_MODEL, core)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ok: ")
