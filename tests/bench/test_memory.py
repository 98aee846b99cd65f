"""Peak memory of the live runner, against the bare imports that it cannot do without. `pytest -m bench`."""

import os
import subprocess
import sys
from statistics import median

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.bench

IMPORTS = "import numpy, cv2; from ai_edge_litert.interpreter import Interpreter"


def peak_mb(*words: str) -> float:
    """Return the peak resident memory of a process of its own, in MB."""
    process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1024


def test_the_demo_against_its_imports(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [
        (peak_mb("-c", IMPORTS), peak_mb("-m", "edge", "run", "demo", "--json", "--frames", "60")) for _ in range(5)
    ]
    imports, demo = (median(column) for column in zip(*runs, strict=True))
    with capsys.disabled():
        print(f"\npeak memory: bare imports {imports:.0f} MB, catdog run demo {demo:.0f} MB: {demo / imports:.2f} x")
    assert demo <= 1.5 * imports
