"""The script that looks after the links on a board, on a board made of files, with real signatures."""

import hashlib
import os
from functools import partial
from pathlib import Path

import pytest

from edge.deploy.layout import GUARD
from edge.outputs import nothing_yet
from edge.outputs.service import status
from edge.testing import moment
from tests.conftest import finished

pytestmark = pytest.mark.usefixtures("keys")
keygen = partial(finished, "ssh-keygen")
ANSWER, NO_ANSWER = status(moment()), status(nothing_yet("0", state="lost"))


class Shelves:
    """What the guard looks after, below a root of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.releases, self.models = root / "opt/catdog/releases", root / "var/lib/catdog/models"
        self.settings = root / "etc/catdog"
        for folder in (self.releases, self.models, self.settings):
            folder.mkdir(parents=True)
        self.key = root / "key"
        keygen("-q", "-t", "ed25519", "-N", "", "-C", "", "-f", self.key)
        self.settings.joinpath("signers").write_text(f"catdog {self.key.with_suffix('.pub').read_text()}")
        for name in ("r1", "r2"):
            (self.releases / name).mkdir()
        (root / "bin").mkdir()
        self.service_says(ANSWER)

    def service_says(self, words: str) -> None:
        """Let `systemctl show catdog -P StatusText` print something."""
        (self.root / "bin/systemctl").write_text(f"#!/bin/sh\necho '{words}'\n")
        (self.root / "bin/systemctl").chmod(0o755)

    def model(self, name: str, content: bytes = b"weights") -> Path:
        folder = self.models / name
        folder.mkdir()
        (folder / "model.tflite").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        (folder / "MANIFEST").write_text(f"# catdog model\n{digest}  model.tflite\n")
        keygen("-Y", "sign", "-q", "-n", "catdog-model", "-f", self.key, folder / "MANIFEST")
        return folder

    def guard(self, *words: object, expect: int = 0) -> str:
        path = f"{self.root}/bin:{os.environ['PATH']}"
        environment = {**os.environ, "CATDOG_ROOT": str(self.root), "PATH": path}
        return finished("sh", GUARD, *words, expect=expect, env=environment).stderr

    def links(self, shelf: Path) -> tuple[str | None, str | None]:
        """Return where the links `current` and `previous` lead; None where there is none."""
        links = (shelf / "current", shelf / "previous")
        current, previous = (str(link.readlink()) if link.is_symlink() else None for link in links)
        return current, previous


@pytest.fixture
def board(tmp_path: Path) -> Shelves:
    shelves = Shelves(tmp_path / "board")
    shelves.model("m1")
    shelves.guard("switch", shelves.models, "m1")
    shelves.guard("switch", shelves.releases, "r1")
    return shelves


def test_the_first_item_is_current_and_on_no_trial(board: Shelves) -> None:
    assert board.links(board.releases) == ("r1", None)
    assert not (board.releases / "trial").exists()
    assert board.guard("start") == ""


def test_a_switch_keeps_the_one_before_and_is_a_trial_until_the_service_is_ready(board: Shelves) -> None:
    board.guard("switch", board.releases, "r2")
    assert board.links(board.releases) == ("r2", "r1")
    assert (board.releases / "trial").exists()
    board.guard("start")
    board.guard("ready")
    assert board.links(board.releases) == ("r2", "r1")
    assert not (board.releases / "trial").exists()


def test_a_switch_to_what_is_current_changes_nothing(board: Shelves) -> None:
    board.guard("switch", board.releases, "r2")
    board.guard("ready")
    board.guard("switch", board.releases, "r2")
    assert board.links(board.releases) == ("r2", "r1")
    assert not (board.releases / "trial").exists()


def test_a_release_that_never_becomes_ready_gives_way_after_three_starts(board: Shelves) -> None:
    board.guard("switch", board.releases, "r2")
    assert [board.guard("start") for _ in range(3)] == ["", "", ""]
    assert "r2 has not become ready in 3 starts" in board.guard("start")
    assert board.links(board.releases) == ("r1", "r2")
    assert board.guard("start") == ""


def test_ready_without_an_answer_is_a_start_in_vain_on_a_trial_and_well_otherwise(board: Shelves) -> None:
    board.service_says(NO_ANSWER)
    assert "0 is lost" in board.guard("ready")
    board.guard("switch", board.releases, "r2")
    board.guard("ready", expect=1)
    assert (board.releases / "trial").exists()


def test_the_service_is_asked_whether_it_answers(board: Shelves) -> None:
    assert board.guard("answered") == ""
    board.service_says(NO_ANSWER)
    assert board.guard("answered", expect=1) == f"guard: {NO_ANSWER}\n"


@pytest.mark.parametrize("torn", ["", "x", "-1", "1e9", "2 3"])
def test_a_count_that_a_power_cut_tore_begins_anew(board: Shelves, torn: str) -> None:
    board.guard("switch", board.releases, "r2")
    (board.releases / "trial").write_text(torn)
    board.guard("start")
    assert (board.releases / "trial").read_text() == "1\n"


def test_there_is_no_way_back_from_the_first(board: Shelves) -> None:
    board.guard("back", board.releases, expect=1)
    assert board.links(board.releases) == ("r1", None)


def test_what_a_cut_switch_left_behind_is_no_hindrance(board: Shelves) -> None:
    (board.releases / ".current").symlink_to("nowhere")
    (board.releases / "previous").symlink_to("gone")
    board.guard("switch", board.releases, "r2")
    assert board.links(board.releases) == ("r2", "r1")


@pytest.mark.parametrize("spoil", ["altered", "unsigned", "of another key", "signed as something else", "missing"])
def test_a_model_that_is_not_signed_gives_way_to_the_one_before(board: Shelves, tmp_path: Path, spoil: str) -> None:
    folder = board.model("m2", b"other weights")
    (folder / "complete").touch()
    board.guard("switch", board.models, "m2")
    board.guard("ready")
    if spoil == "altered":
        (folder / "model.tflite").write_bytes(b"bitter weights")
    elif spoil == "missing":
        (folder / "model.tflite").unlink()
    else:
        (folder / "MANIFEST.sig").unlink()
    if spoil == "of another key":
        keygen("-q", "-t", "ed25519", "-N", "", "-C", "", "-f", tmp_path / "other")
        keygen("-Y", "sign", "-n", "catdog-model", "-f", tmp_path / "other", folder / "MANIFEST")
    elif spoil == "signed as something else":
        keygen("-Y", "sign", "-n", "file", "-f", board.key, folder / "MANIFEST")
    said = board.guard("start")
    assert "the model m2 is not signed" in said
    assert "going back" in said
    assert board.links(board.models) == ("m1", "m2")
    assert not (folder / "complete").exists()  # so the next push sends it anew


def test_a_model_that_is_not_signed_does_not_run_where_there_is_no_other(board: Shelves) -> None:
    (board.models / "m1" / "model.tflite").write_bytes(b"bitter weights")
    assert "python -m edge.deploy push" in board.guard("start", expect=1)


def test_unless_told(board: Shelves) -> None:
    (board.models / "m1" / "MANIFEST.sig").unlink()
    (board.settings / "unsigned-models-are-welcome").touch()
    assert board.guard("start") == ""


def test_anything_else_is_refused(board: Shelves) -> None:
    board.guard("stop", expect=2)
    board.guard(expect=2)
