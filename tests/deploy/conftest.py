"""A board with a release and a model on it, made once, and put back for every test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.board import SSHD, Board, program_wheel
from tests.tiny import tiny_model


@pytest.fixture(scope="session")
def keys() -> None:
    """What makes keys and signatures."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not on this machine")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return program_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    if not Path(SSHD).exists():
        pytest.skip("there is no sshd on this machine (apt install openssh-server)")
    board = Board(tmp_path_factory.mktemp("board"))
    with board.serving():
        yield board


@pytest.fixture(scope="session")
def pushed(served: Board, wheel: Path) -> tuple[Board, str]:
    """The board after its first push, and what that printed."""
    model = tiny_model(served.folder / "first.tflite", name="first")
    out = served.deploy("push", served.host, "--wheel", wheel, "--model", model).stdout
    for name in ("root", "home"):
        shutil.copytree(served.folder / name, served.folder / f"{name}.pushed", symlinks=True)
    return served, out


def put_back(board: Board) -> None:
    for name in ("root", "home"):
        shutil.rmtree(board.folder / name)
        shutil.copytree(board.folder / f"{name}.pushed", board.folder / name, symlinks=True)


@pytest.fixture
def board(pushed: tuple[Board, str]) -> Board:
    """A board as it is after its first push."""
    put_back(pushed[0])
    return pushed[0]


@pytest.fixture
def bare(pushed: tuple[Board, str]) -> Board:
    """A board with nothing on it, that the workstation has never seen."""
    put_back(pushed[0])
    shutil.rmtree(pushed[0].root)
    pushed[0].root.mkdir()
    return pushed[0]
