"""Peak memory of the live runner, against the bare imports that it cannot do without. `pytest -m bench`."""

from statistics import median

import pytest

from tests.conftest import Tell, python

pytestmark = pytest.mark.bench

IMPORTS = "import numpy, cv2; from ai_edge_litert.interpreter import Interpreter"
# Asked of a program between: ru_maxrss starts with the memory of the process that made it, and pytest's is large.
PEAK_KIB = """
import os, subprocess, sys
process = subprocess.Popen([sys.executable, *sys.argv[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak_mb(*words: str) -> float:
    """Return the peak resident memory of a Python of its own, in MB."""
    return int(python(PEAK_KIB, *words).stdout) * 1024 / 1e6


def test_the_demo_against_its_imports(tell: Tell) -> None:
    words = ("-m", "edge", "run", "demo", "--json", "--frames", "60")
    runs = [(peak_mb("-c", IMPORTS), peak_mb(*words)) for _ in range(5)]
    imports, demo = (median(column) for column in zip(*runs, strict=True))
    tell(f"peak memory: bare imports {imports:.0f} MB, catdog run demo {demo:.0f} MB: {demo / imports:.2f} x")
    assert demo <= 1.5 * imports
