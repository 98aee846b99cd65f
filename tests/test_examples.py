"""The programs of examples/: each is run as its first lines say, on pictures whose answer is known."""

import ast
import csv
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE
from types import ModuleType

import gpiozero
import numpy as np
import pytest
from gpiozero.pins.mock import MockFactory

import edge
from edge import read_photo
from tests.clips import cut, write_clip
from tests.conftest import ROOT, write_photos

FOLDER = ROOT / "examples"
PROGRAMS = sorted(FOLDER.glob("*.py"))
PHOTOS = ("01-cat-two", "02-dog-collie", "09-neither-rocket")
CAT, DOG, NEITHER = (ROOT / "edge" / "demo" / f"{name}.jpg" for name in PHOTOS)

Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run an example with words of a command line; return what it prints."""

    def run(name: str, *words: object) -> str:
        monkeypatch.setattr(sys, "argv", [f"examples/{name}.py", *map(str, words)])
        runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
        return capsys.readouterr().out

    return run


def clip(path: Path, *photos: Path, seconds: float = 2.0) -> Path:
    """Write a clip that shows each photo for so long, at 10 frames a second."""
    still = [[read_photo(photo)[:240, :320]] * int(seconds * 10) for photo in photos]
    return write_clip(path, cut(*still), rate=10)


def test_classify_photo(run: Run) -> None:
    lines = run("classify_photo", CAT, DOG, NEITHER, "none.jpg").splitlines()
    assert [line.split(": ")[1].split(",")[0] for line in lines] == ["cat", "dog", "neither"]


def test_own_action(run: Run, tmp_path: Path) -> None:
    assert run("own_action", clip(tmp_path / "cat.avi", CAT)).splitlines() == [
        "Hello, cat!",
        "Goodbye, cat, after 2 s.",
    ]


def test_count_visits(run: Run, tmp_path: Path) -> None:
    table, twice = tmp_path / "visits.csv", clip(tmp_path / "twice.avi", CAT, NEITHER, CAT, DOG, seconds=5.0)
    run("count_visits", twice, table)
    with table.open(newline="") as file:
        rows = list(csv.reader(file))
    assert [(label, count) for _, label, count, _ in rows] == [("cat", "1"), ("cat", "2"), ("dog", "1")]
    assert all(3.5 <= float(seconds) <= 6.0 for *_, seconds in rows)


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    gpiozero.Device.pin_factory = MockFactory()
    yield gpiozero.Device.pin_factory
    gpiozero.Device.pin_factory.reset()
    gpiozero.Device.pin_factory = None


@pytest.mark.parametrize(("photo", "opens"), [(CAT, True), (DOG, False), (NEITHER, False)])
def test_cat_flap(run: Run, tmp_path: Path, pins: MockFactory, photo: Path, opens: bool) -> None:
    run("cat_flap", clip(tmp_path / "visitor.avi", NEITHER, photo, NEITHER))
    states = [bool(change.state) for change in pins.pin(17).states]
    assert (True in states) == opens
    assert states[-1] is False, "shut again"


def test_two_cameras(run: Run, tmp_path: Path) -> None:
    kitchen, garden = clip(tmp_path / "kitchen.avi", CAT), clip(tmp_path / "garden.avi", DOG)
    lines = run("two_cameras", f"kitchen={kitchen}", f"garden={garden}").splitlines()
    assert "kitchen: cat, garden: dog" in lines
    assert lines[-1] == "kitchen: ended, garden: ended"


def test_own_source_and_output(run: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "pictures.npy", np.stack([read_photo(CAT)[:240, :320]] * 3))
    lines = run("own_source_and_output", tmp_path / "pictures.npy").splitlines()
    assert lines == ["live\t0.0\tcat", "live\t0.1\tcat", "live\t0.2\tcat", "ended\t0.2\tcat"]


class Switched(Exception):  # noqa: N818 - what ends a program that runs for ever
    pass


def test_picamera2_frames(run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    done: list[str] = []
    photos = iter([CAT, DOG])

    class Picamera2:
        def create_video_configuration(self, **wishes: object) -> object:
            return wishes["main"]

        def configure(self, main: dict[str, object]) -> None:
            done.append(str(main["format"]))

        def start(self) -> None:
            done.append("started")

        def capture_array(self, name: str) -> np.ndarray:
            assert name == "main"
            photo = next(photos, None)
            if photo is None:
                raise Switched
            return read_photo(photo)

        def close(self) -> None:
            done.append("closed")

    module = ModuleType("picamera2")
    module.Picamera2 = Picamera2  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    with pytest.raises(Switched):
        run("picamera2_frames")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["cat", "dog"]
    assert done == ["RGB888", "started", "closed"]


def test_other_classes(run: Run, model: Path, tmp_path: Path) -> None:
    lines = run("other_classes", model, write_photos(tmp_path, ["green"], 2)).splitlines()
    assert lines[0] == "knows: red, green, blue"
    assert [line.split()[:2] for line in lines[1:]] == [["green", "green"]] * 2


def test_there_are_eight_and_each_has_its_test_and_its_place_on_the_page() -> None:
    assert len(PROGRAMS) == 8
    assert {f"test_{path.stem}" for path in PROGRAMS} <= set(globals())
    page = (ROOT / "docs" / "python.md").read_text("utf-8")
    assert [path.name for path in PROGRAMS if f"(../examples/{path.name})" not in page] == []


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_an_example_is_short_and_uses_public_names_only(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) < 30
    assert f"python examples/{path.name}" in text.partition("import")[0], "it says how to run it"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("edge"):
            assert node.module == "edge"
            assert {name.name for name in node.names} <= set(edge.__all__)
        elif isinstance(node, ast.Import):
            assert not [name.name for name in node.names if name.name.startswith("edge")]


@pytest.mark.parametrize(
    "words",
    [["two_cameras.py", "a=pattern", "b=demo"], ["other_classes.py", ROOT / "models/default.int8.tflite", "demo"]],
)
def test_ctrl_c_ends_a_program_quietly(words: list[str | Path]) -> None:
    command = [sys.executable, "-u", str(FOLDER / str(words[0])), *map(str, words[1:])]
    with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True, cwd=ROOT) as program:
        assert program.stdout is not None
        assert program.stdout.readline()
        if words[0] == "other_classes.py":
            assert program.stdout.readline()  # after what it knows: an answer
        program.send_signal(signal.SIGINT)
        _, complaints = program.communicate(timeout=60)
    assert (program.returncode, complaints) == (0, "")
