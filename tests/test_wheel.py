"""The wheel holds the runner, its model and its demo photos: nothing of the workstation, nothing of the tests."""

import sys
import zipfile
from collections.abc import Iterator
from email import message_from_string
from pathlib import Path

import pytest

from tests.conftest import ROOT, finished


def build(folder: Path) -> Path:
    finished(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    (wheel,) = folder.iterdir()
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def archive(wheel: Path) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(wheel) as archive:
        yield archive


def test_it_holds_the_package_and_nothing_else(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"edge"}
    assert len(tops) == 2
    assert {Path(name).suffix for name in names if name.startswith("edge/")} >= {".py", ".tflite", ".jpg"}
    assert not [name for name in names if "/test_" in name or name.startswith("tests/")]
    assert not [name for name in names if "__pycache__" in name or name.endswith(".keras")]


@pytest.mark.parametrize("files", ["**/*.py", "demo/*.jpg", "py.typed"])
def test_it_holds_all_of(archive: zipfile.ZipFile, files: str) -> None:
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "edge").glob(files)}
    assert there
    assert there <= set(archive.namelist())


def test_the_default_model_is_a_link_in_the_checkout_and_a_file_in_the_wheel(archive: zipfile.ZipFile) -> None:
    link = ROOT / "edge" / "default.tflite"
    assert link.readlink().parent == Path("../models"), "another default model is another link, nothing else"
    assert archive.read("edge/default.tflite") == link.read_bytes()


def test_it_says_who_it_is_and_serves_every_platform(wheel: Path, archive: zipfile.ZipFile) -> None:
    assert wheel.name.startswith("catdog_edge-")
    assert wheel.name.endswith("-py3-none-any.whl")
    folder = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA")).rpartition("/")[0]
    about = message_from_string(archive.read(f"{folder}/METADATA").decode())
    assert about["Name"] == "catdog-edge"
    assert about["License-Expression"] == "MIT"
    assert "catdog = edge.cli:main" in archive.read(f"{folder}/entry_points.txt").decode()
    assert archive.read(f"{folder}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()


def test_the_same_checkout_gives_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    assert build(tmp_path).read_bytes() == wheel.read_bytes()
