"""The wheels that a push takes to a Raspberry Pi, on an emulated processor of that kind."""

import shutil

import pytest

from edge.classifier import DEFAULT_MODEL
from tests.conftest import ROOT
from tests.pi import arm64

TOOLS = ("mmdebstrap", "qemu-aarch64-static")


@pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason="apt install mmdebstrap qemu-user-static")
def test_an_arm64_board_gives_the_golden_answers_of_this_machine() -> None:
    done = arm64.selftest(ROOT / ".cache" / "arm64", DEFAULT_MODEL)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ok: ")
