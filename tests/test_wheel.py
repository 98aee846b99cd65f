"""The wheel holds the runner, its model and its demo photos: nothing of the workstation, nothing of the tests."""

import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from tests.conftest import ROOT, finished


def build(folder: Path) -> Path:
    finished(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, timeout=120)
    (wheel,) = folder.iterdir()
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_it_serves_every_platform(wheel: Path) -> None:
    assert wheel.name.startswith("catdog_edge-")
    assert wheel.name.endswith("-py3-none-any.whl")


def test_it_holds_the_package_and_nothing_else(names: list[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"edge"}
    assert len(tops) == 2
    assert {Path(name).suffix for name in names if name.startswith("edge/")} >= {".py", ".tflite", ".jpg"}
    assert not [name for name in names if "/test_" in name or name.startswith("tests/")]
    assert not [name for name in names if "__pycache__" in name or name.endswith(".keras")]


def test_it_holds_every_module(names: list[str]) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "edge").rglob("*.py")}
    assert modules <= set(names)


def test_it_tells_type_checkers_that_it_is_typed(names: list[str]) -> None:
    assert "edge/py.typed" in names


def test_the_default_model_is_a_link_in_the_checkout_and_a_file_in_the_wheel(wheel: Path) -> None:
    link = ROOT / "edge" / "default.tflite"
    assert link.readlink().parent == Path("../models"), "another default model is another link, nothing else"
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("edge/default.tflite") == link.read_bytes()


def test_it_holds_the_demo_photos(names: list[str]) -> None:
    photos = {path.relative_to(ROOT).as_posix() for path in (ROOT / "edge" / "demo").glob("*.jpg")}
    assert photos
    assert photos <= set(names)


def test_it_says_who_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        folder = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA")).rpartition("/")[0]
        about = message_from_string(archive.read(f"{folder}/METADATA").decode())
        assert about["Name"] == "catdog-edge"
        assert about["License-Expression"] == "MIT"
        assert "catdog = edge.cli:main" in archive.read(f"{folder}/entry_points.txt").decode()
        assert archive.read(f"{folder}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()


def test_the_same_checkout_gives_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    assert build(tmp_path).read_bytes() == wheel.read_bytes()
