"""What a board lacks, from facts alone: demands with their remedies, steps, and what to undo."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.deploy.demands import check_access, check_board, check_source
from edge.deploy.facts import SCRIPT, Facts, Shelf, parse
from edge.deploy.items import RESTART, Item, Upload, Wish
from edge.deploy.layout import Layout
from edge.deploy.plan import plan
from edge.deploy.signing import MODEL, RELEASE, Signer
from edge.errors import CatdogError
from edge.outputs import nothing_yet
from edge.outputs.service import status
from tests.conftest import finished

NOW_S = 1_800_000_000
SAID = f"""machine aarch64
bits 64
system Debian GNU/Linux 13 (trixie)
board Raspberry Pi 4 Model B Rev 1.4
glibc glibc 2.41
python 3 13
systemd systemd 257 (257.8-1~deb13u2)
uid 1000
sudo free
free_kb 9000000
memory_kb 948304
clock_s {NOW_S}
camera 0 HD Cam: HD Cam
temperature 51000
throttled 0
"""
PI = parse(SAID.splitlines())
LAYOUT = Layout()


def test_facts_are_read() -> None:
    assert (PI.machine, PI.bits, PI.glibc, PI.python, PI.systemd) == ("aarch64", 64, (2, 41), (3, 13), 257)
    assert (PI.free_mb, PI.temperature_c, PI.cameras) == (9000, 51.0, {"0": "HD Cam: HD Cam"})
    assert PI.releases == PI.models == Shelf({})
    assert not any((PI.user, PI.settings, PI.unit, PI.active))


@given(st.lists(st.text(max_size=30)))
def test_whatever_a_board_says_is_no_fault_of_ours(lines: list[str]) -> None:
    parse(lines)


def test_the_script_runs_here(tmp_path: Path) -> None:
    shelf = tmp_path / "opt/catdog/releases/0001-0123456789ab"
    shelf.mkdir(parents=True)
    done = finished("sh", SCRIPT, tmp_path, "nobody")
    facts = parse(done.stdout.splitlines())
    assert done.stderr == ""
    assert facts.machine
    assert facts.user
    assert facts.python >= (3, 9)
    assert facts.releases.items == {"0001-0123456789ab": False}


@pytest.mark.parametrize(
    ("changed", "words", "remedy"),
    [
        ({"machine": "armv7l", "bits": 32}, "32-bit system (armv7l)", "(64-bit)"),
        ({"bits": 32}, "32-bit system (aarch64)", "(64-bit)"),
        ({"machine": "armv6l", "bits": 32}, "32 bits alone (armv6l)", "Zero 2 W"),
        ({"machine": "riscv64"}, "without wheels (riscv64)", "Raspberry Pi 3, 4, 5"),
        ({"python": (3, 9)}, "Python 3.9, which is too old", "bookworm or later"),
        ({"python": (0, 0)}, "has no Python 3", "apt install python3"),
        ({"glibc": (2, 24)}, "glibc 2.24, which is too old", "bookworm or later"),
        ({"missing": ("systemd",)}, "does not run systemd", "Raspberry Pi OS"),
        ({"missing": ("ssh-keygen",)}, "lacks ssh-keygen", "apt install openssh-client"),
        ({"clock_s": 0}, "years off (1970-01-01)", f"date -s @{NOW_S}"),
    ],
)
def test_a_board_that_cannot_is_refused_with_the_remedy(changed: dict[str, Any], words: str, remedy: str) -> None:
    with pytest.raises(CatdogError) as caught:
        check_board(PI._replace(**changed), "pi@cat", NOW_S)
    assert caught.value.thing == "pi@cat"
    assert words in caught.value.wrong
    assert remedy in caught.value.remedy


NODES = """camera 10 bcm2835-codec-decode
camera 0 unicam-image
camera 31 bcm2835-isp-output0
camera 2 HD Cam: HD Cam
camera 19 rpi-hevc-dec
ribbon 0 imx708
ribbon_program rpicam-vid
"""


def test_of_all_a_boards_nodes_those_that_show_something_are_cameras() -> None:
    facts = parse(NODES.splitlines())
    assert (facts.cameras, facts.ribbon) == ({"2": "HD Cam: HD Cam"}, {"0": "imx708"})
    assert facts.first_camera == "2"
    assert facts._replace(cameras={}).first_camera == "csi"
    assert facts._replace(cameras={}, ribbon_program="").first_camera == ""


@pytest.mark.parametrize(
    ("source", "changed", "words", "remedy"),
    [
        ("csi", {"ribbon_program": ""}, "has no rpicam-vid", "sudo apt install rpicam-apps-lite"),
        ("csi:1", {"ribbon": {}}, "sees no ribbon camera", "rpicam-hello --list-cameras"),
        ("csi:1", {}, "has no ribbon camera csi:1", "Choose one of csi:0 (imx708)"),
    ],
)
def test_a_ribbon_camera_that_cannot_be_read_is_refused_with_the_remedy(
    source: str, changed: dict[str, Any], words: str, remedy: str
) -> None:
    facts = parse(NODES.splitlines())
    for fine in ("csi", "csi:0"):
        check_source(facts, fine, "pi@cat")
    check_source(facts._replace(**changed), "0", "pi@cat")
    with pytest.raises(CatdogError) as caught:
        check_source(facts._replace(**changed), source, "pi@cat")
    assert words in caught.value.wrong
    assert remedy in caught.value.remedy


def test_a_board_that_can_is_not() -> None:
    check_board(PI, "pi@cat", NOW_S + 86400)
    check_access(PI, "pi@cat", has_password=False)
    check_access(PI._replace(sudo="password"), "pi@cat", has_password=True)


@pytest.mark.parametrize(("sudo", "has_password"), [("none", False), ("none", True), ("password", False)])
def test_who_may_not_become_root_is_told_how(sudo: str, has_password: bool) -> None:
    with pytest.raises(CatdogError, match="sudo"):
        check_access(PI._replace(sudo=sudo), "pi@cat", has_password)


# The plan


class Bench:
    """A signer, a release and models, without a board."""

    def __init__(self, folder: Path) -> None:
        self.signer = Signer(folder / "keys")
        self.pip, self.own = folder / "pip-1-py3-none-any.whl", folder / "catdog_edge-1-py3-none-any.whl"
        for file in (self.pip, self.own):
            file.write_bytes(bytes(4_000_000))
        wheels = {file.name: file for file in (self.pip, self.own)}
        signed = self.signer.sign(RELEASE, "one", {"wheels/x": "0" * 64})
        self.release = Item("catdog-edge-1", signed, {"guard": b"#!/bin/sh\n"}, wheels)
        signed = self.signer.sign(MODEL, "m1", {"model.tflite": "m1".ljust(64, "0")})
        self.model = Item("m1.tflite", signed, {"model.tflite": b"weights"}, {})

    def facts(self, **changed: Any) -> Facts:
        """Return a board that has it all."""
        release, model = (f"0001-{item.signed.digest[:12]}" for item in (self.release, self.model))
        there = PI._replace(
            user=True,
            releases=Shelf({release: True}, release),
            models=Shelf({model: True}, model),
            signed=self.model.signed.manifest.decode().partition("\n")[0],
            wheels={self.pip.name: 4_000_000, self.own.name: 4_000_000},
            signers=(self.signer.line,),
            settings=True,
            unit=True,
            service={"ActiveState": "active"},
        )
        return there._replace(**changed)

    def plan(self, facts: Facts, **changed: Any) -> Any:
        return plan(facts, Wish(self.release, self.model)._replace(**changed), self.signer, LAYOUT, "pi@cat")


@pytest.fixture(scope="module")
def bench(keys: None, tmp_path_factory: pytest.TempPathFactory) -> Bench:  # noqa: ARG001 - or skip
    return Bench(tmp_path_factory.mktemp("bench"))


def uploads(steps: Any) -> set[str]:
    return {piece.target.rpartition("/")[2] for step in steps for piece in step.work if isinstance(piece, Upload)}


def test_a_bare_board_gets_it_all_and_there_is_no_way_back(bench: Bench) -> None:
    made = bench.plan(PI, settings="source = 0\n")
    assert {bench.pip.name, bench.own.name, "guard", "model.tflite", "MANIFEST.sig"} <= uploads(made.prepare)
    assert made.steps[-1].work == (RESTART, LAYOUT.guard("answered"))
    assert made.back == ()
    assert len(made.clear) == 1


def test_a_board_whose_camera_is_away_runs_and_gives_no_answer(bench: Bench) -> None:
    away = {"ActiveState": "active", "StatusText": status(nothing_yet("0", state="lost"))}
    facts = bench.facts(service=away)
    assert (facts.active, facts.answers) == (True, False)
    assert bench.facts().answers
    assert bench.plan(facts).steps == ()  # a restart brings no camera


@pytest.mark.parametrize(
    ("change", "first", "number"),
    [
        (lambda f: f._replace(service={"ActiveState": "failed"}), "service, a fresh answer", 1),
        (lambda f: f._replace(unit=False), "unit, for every boot", 2),
        (lambda f: f._replace(models=f.models._replace(current="")), "selftest, golden answers", 3),
        (lambda f: f._replace(user=False), "user catdog", 1),
    ],
)  # fmt: skip
def test_what_is_lacking_is_made_good(bench: Bench, change: Callable[[Facts], Facts], first: str, number: int) -> None:
    made = bench.plan(change(bench.facts()))
    assert made.steps[0].words == first
    assert len(made.steps) == number
    assert not any(command.startswith("rm -rf") for command in made.clear)


def test_only_wheels_that_are_not_there_travel(bench: Bench) -> None:
    facts = bench.facts(releases=Shelf({}), wheels={bench.pip.name: 4_000_000, bench.own.name: 3})
    assert bench.own.name in uploads(bench.plan(facts).prepare)
    assert bench.pip.name not in uploads(bench.plan(facts).prepare)


def test_a_full_disk_is_refused_before_anything_travels(bench: Bench) -> None:
    with pytest.raises(CatdogError, match=r"has 100 MB free, \d+ are needed"):
        bench.plan(PI._replace(free_mb=100))
    assert bench.plan(bench.facts(free_mb=1)).steps == ()
