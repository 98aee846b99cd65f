"""The unit file, held against systemd itself where it is there: nothing ignored, little exposed, cameras in reach."""

import re
import shutil
from pathlib import Path

import pytest

from edge.deploy.layout import Layout, unit
from tests.conftest import finished, python

EXPOSURE = 2.5  # the most that `systemd-analyze security` may say
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine")


def here() -> int:
    """Return the version of this machine's systemd."""
    return int(finished("systemctl", "--version").stdout.split()[1])


@needs_systemd
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    root = tmp_path / "root"
    program = root / "opt/catdog/releases/current/venv/bin/catdog"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    file = tmp_path / "catdog.service"
    file.write_text(unit(Layout(str(root)), here()))
    done = finished("systemd-analyze", "verify", file)
    assert done.stdout + done.stderr == ""  # it ends with status 0 after ignoring what it does not know


@needs_systemd
def test_little_is_exposed(tmp_path: Path) -> None:
    file = tmp_path / "catdog.service"
    file.write_text(unit(Layout(), here()))
    done = finished("systemd-analyze", "security", "--offline=true", f"--threshold={round(EXPOSURE * 10)}", file)
    score = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert score
    assert float(score[1]) <= EXPOSURE


@pytest.mark.parametrize(("systemd", "steps"), [(252, False), (253, False), (254, True), (257, True)])
def test_steps_on_the_way_to_a_longer_pause_are_for_those_who_know_them(systemd: int, steps: bool) -> None:
    text = unit(Layout(), systemd)
    assert ("RestartSteps=5" in text) == steps
    assert re.findall(r"^RestartSec=(\d+)$", text, re.MULTILINE) == (["2"] if steps else ["15"])


def test_what_the_service_needs_is_in_its_reach() -> None:
    lines = unit(Layout(), 257).splitlines()
    assert {"Type=notify", "Restart=always", "User=catdog", "SupplementaryGroups=video"} <= set(lines)
    assert "DeviceAllow=char-video4linux rw" in lines
    assert not [line for line in lines if line.startswith(("PrivateNetwork=yes", "ProcSubset=pid", "PrivateDevices=y"))]


def test_another_root_moves_every_path() -> None:
    text = unit(Layout("/srv/test"), 257)
    paths = re.findall(r"(?:/srv/test)?/(?:opt|etc|var/lib)/catdog", text)
    assert len(paths) >= 8
    assert all(path.startswith("/srv/test/") for path in paths)


REFUSE_EXEC_GAIN = """
import ctypes, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):  # PR_SET_MDWE, Linux 6.3: what MemoryDenyWriteExecute= asks of the kernel
    sys.exit(77)
from edge.cli import main
sys.exit(main(["selftest"]) or main(["run", "demo", "--frames", "2", "--quiet"]))
"""


def test_the_program_needs_no_memory_that_is_writable_and_executable() -> None:
    done = python(REFUSE_EXEC_GAIN, expect=None)
    if done.returncode == 77:
        pytest.skip("this kernel cannot refuse it")
    assert done.returncode == 0, done.stderr
