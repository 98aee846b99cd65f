"""Who may import whom, as docs/architecture.md draws it, read from the source with ast."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import edge
from tests.conftest import ROOT, python

# Packages in the checkout, and the ones among them that each may import.
PACKAGES = {"edge": set[str](), "convert": {"edge"}, "train": {"edge"}}

# Rooms of edge/, from the ground up. A room imports itself and what stands on lines above its own, nothing else;
# so no room on one line knows its neighbours. A new room needs a place here.
FLOORS = (
    "board edge errors flatbuffer keyboard quiet statistics",  # "edge" is edge/__init__.py, the door to others
    "fit files metrics record settings",
    "photo contract runtime graph",
    "attention classifier labelled report shelf",
    "judged golden keep",
    "capture",
    "doctor",
    "live",
    "outputs",
    "web",
    "stream",
    "run",
    "bench evaluate review",
    "commands",
    "cli",
    "deploy",
    "__main__",
    "testing",  # for others' tests: nothing of the product may import it
)

# What each dependency of the wheel is called in an import, and the rooms that may say so (all, where none is named).
WHEEL = {"numpy": ("numpy", ""), "opencv-python-headless": ("cv2", ""), "ai-edge-litert": ("ai_edge_litert", "runtime")}
STAND_INS = {"tflite_runtime": "runtime"}  # not asked for by the wheel, used where it is there already

WEB = ("app", "changes", "classify", "events", "guard", "openapi", "routes")
# Optional parts: a module, and what it alone may import besides, such as "edge.outputs.mqtt": {"paho"}.
EXTRAS: dict[str, set[str]] = {
    "edge.bench.graphs": {"ai_edge_litert"},  # its schema, where it is there
    "edge.deploy.board": {"pyinfra", "paramiko"},
    "edge.deploy.__main__": {"gevent"},  # pyinfra's way to work on many boards at once
    "edge.deploy.wheels": {"packaging"},
    "edge.outputs.broker": {"paho"},
    "edge.outputs.gpio": {"gpiozero"},
    **{f"edge.web.{name}": {"starlette"} for name in WEB},
    "edge.web.metrics": {"prometheus_client", "starlette"},
    "edge.web.output": {"segno", "starlette"},
    "edge.web.protocol": {"uvicorn"},
    "edge.web.server": {"starlette", "uvicorn"},
}

# What training and conversion import, by the names in requirements/train.in and edge.in.
WORKSTATION = {name: name for name in ("tensorflow", "keras", "h5py", "tensorboard", "flatbuffers", "tqdm", "numpy")}
WORKSTATION["opencv-python-headless"] = "cv2"


class Import(NamedTuple):
    """One import: where it stands, and the dotted name of what it brings."""

    place: str
    module: str
    target: str

    @property
    def top(self) -> str:
        return self.target.partition(".")[0]

    @property
    def is_foreign(self) -> bool:
        return self.top not in sys.stdlib_module_names and self.top not in PACKAGES


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[Import]:
    """Yield every import of a file, those inside functions too; `from a import b` is a.b where that is a module."""
    module = module_name(path)
    for node in ast.walk(ast.parse(path.read_text("utf-8"), path)):
        place = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            yield from (Import(place, module, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".") if path.stem == "__init__" else module.split(".")[:-1]
            start = ".".join(package[: len(package) - node.level + 1] if node.level else [])
            base = ".".join(part for part in (start, node.module) if part)
            for name in node.names:
                inner = ROOT.joinpath(*base.split("."), name.name)
                is_module = inner.is_dir() or inner.with_suffix(".py").is_file()
                yield Import(place, module, f"{base}.{name.name}" if is_module else base)


def imports_in(package: str) -> list[Import]:
    return [found for path in sorted((ROOT / package).rglob("*.py")) for found in imports_of(path)]


def room(module: str) -> str:
    """Return the room of a module of edge: edge.capture.file -> capture, edge itself -> edge."""
    return module.split(".")[1] if "." in module else module


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_the_packages_they_may(package: str) -> None:
    allowed = PACKAGES[package] | {package}
    others = {*PACKAGES, "tests"} - allowed
    wrong = [f"{found.place} imports {found.target}" for found in imports_in(package) if found.top in others]
    assert not wrong, f"{package} may import {sorted(allowed)} of this checkout, nothing else"


def test_every_room_of_edge_has_a_floor() -> None:
    placed = {name for floor in FLOORS for name in floor.split()}
    rooms = {room(module_name(path)) for path in (ROOT / "edge").rglob("*.py")}
    assert sorted(rooms - placed) == [], "new in edge/: give it a place in FLOORS, in this file"
    assert sorted(placed - rooms) == [], "gone from edge/: take it out of FLOORS"


def test_rooms_of_edge_import_downwards() -> None:
    floor_of = {name: number for number, floor in enumerate(FLOORS) for name in floor.split()}
    wrong = [
        f"{found.place} imports {found.target}: {room(found.target)} does not stand below {room(found.module)}"
        for found in imports_in("edge")
        if found.top == "edge"
        and found.module != "edge"  # for type checkers; the next test holds that it imports nothing
        and room(found.target) != room(found.module)
        and floor_of[room(found.target)] >= floor_of[room(found.module)]
    ]
    assert not wrong


def test_the_door_brings_no_room_before_it_is_asked_for() -> None:
    bare = modules_after("import edge")
    assert {name for name in bare - modules_after("pass") if name.split(".")[0] in {"edge", "typing"}} == {"edge"}
    assert "edge.run" not in modules_after("import edge; edge.read_photo")


def test_no_public_name_is_that_of_a_room() -> None:
    # Importing edge.NAME would put the module in the place of what the name means.
    assert not {name for floor in FLOORS for name in floor.split()} & set(edge.__all__)


def test_edge_imports_nothing_that_the_wheel_does_not_bring() -> None:
    rooms = dict(WHEEL.values()) | STAND_INS
    wrong = []
    for found in imports_in("edge"):
        if not found.is_foreign or found.top in EXTRAS.get(found.module, ()):
            continue
        if found.top not in rooms:
            wrong.append(f"{found.place} imports {found.top}, which no dependency of the wheel brings")
        elif rooms[found.top] not in ("", room(found.module)):
            wrong.append(f"{found.place} imports {found.top}, which only edge/{rooms[found.top]}.py may")
    assert not wrong


def test_the_wheel_asks_for_what_edge_imports_and_no_more() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {requirement_name(line) for line in project["dependencies"]} == set(WHEEL)
    assert {name for name, _ in WHEEL.values()} <= {found.top for found in imports_in("edge")}


@pytest.mark.parametrize("package", ["train", "convert"])
def test_the_workstation_imports_only_what_its_lock_names(package: str) -> None:
    files = [ROOT / "requirements" / name for name in ("edge.in", "train.in")]
    lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
    asked = {requirement_name(line) for line in lines if line[:1].isalpha()}
    known = {imported for name, imported in WORKSTATION.items() if name in asked}
    wrong = [
        f"{found.place} imports {found.target}"
        for found in imports_in(package)
        if found.is_foreign and found.top not in known
    ]
    assert not wrong, "name it in requirements/train.in (make lock), then in WORKSTATION, in this file"


def requirement_name(line: str) -> str:
    """Return the name that a requirement starts with: `numpy>=1.23  # why` -> numpy."""
    end = next((at for at, letter in enumerate(line) if not (letter.isalnum() or letter in "-_.")), len(line))
    return line[:end]


def modules_after(statement: str) -> set[str]:
    """Return the names of the modules that a fresh Python holds after `statement`."""
    program = f"import sys; {statement}; print(*sys.modules)"
    return set(python(program).stdout.split())


def test_the_command_line_starts_without_anything_heavy() -> None:
    heavy = {"numpy", "cv2", "ai_edge_litert", "tflite_runtime", "tensorflow", "keras", "json", "zipfile", "subprocess"}
    heavy |= {"argparse", "re", "pathlib", "typing"}
    assert sorted(modules_after("import edge.cli") & heavy) == []


def test_a_run_imports_nothing_of_outputs_that_were_not_asked_for() -> None:
    program = "from edge.cli import main; main(['run', 'demo', '--frames', '2', '--quiet'])"
    loaded = modules_after(program)
    assert "edge.run" in loaded
    foreign = {"starlette", "uvicorn", "anyio", "h11", "click", "prometheus_client", "segno"}
    foreign |= {"asyncio", "paho", "gpiozero"}
    assert sorted(name for name in loaded if name.split(".")[0] in foreign or name.startswith("edge.web")) == []
    needed = {f"edge.outputs.{name}" for name in ("aside", "jsonl", "stream", "together", "worker")}
    assert {name for name in loaded if name.startswith("edge.outputs.")} == needed
    assert sorted(loaded & {"edge.keep", "edge.keyboard", "edge.shelf", "edge.labelled", "ssl", "termios"}) == []


def test_the_classifier_brings_little_besides_its_three_libraries() -> None:
    bare = modules_after("import numpy, cv2, ai_edge_litert.interpreter, json, hashlib, contextlib, pathlib")
    ours = modules_after("import edge.classifier") - bare
    above = {f"edge.{name}" for floor in FLOORS[FLOORS.index("capture") :] for name in floor.split()}
    outside = {"argparse", "http", "keras", "logging", "socket", "subprocess", "tempfile", "tensorflow", "zipfile"}
    assert sorted(ours & (above | outside)) == []
