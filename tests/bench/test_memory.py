"""Peak memory of the live runner, against the bare imports that it cannot do without. `pytest -m bench`."""

from pathlib import Path
from statistics import median

import pytest

from tests.bench.processes import PEAK, run

pytestmark = pytest.mark.bench

IMPORTS = "import numpy, cv2; from ai_edge_litert.interpreter import Interpreter"


def test_the_demo_against_its_imports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "imports.py").write_text(IMPORTS)
    bare = ("path", tmp_path / "imports.py")
    demo = ("module", "edge", "run", "demo", "--json", "--frames", "60")
    runs = [[run(["-c", PEAK, *words])[1] for words in (bare, demo)] for _ in range(5)]
    imports_mb, demo_mb = (median(column) for column in zip(*runs, strict=True))
    with capsys.disabled():
        ratio = demo_mb / imports_mb
        print(f"\npeak memory: bare imports {imports_mb:.0f} MB, catdog run demo {demo_mb:.0f} MB: {ratio:.2f} x")
    assert demo_mb <= 1.5 * imports_mb
