"""What is refused, over a real ssh server: one line with the remedy, and nothing left on the board."""

from pathlib import Path

import pytest

from tests.deploy.board import Board
from tests.tiny import tiny_model


def refused(board: Board, *words: object) -> str:
    """Return the last line of a push that must fail, having seen that it left nothing new on the board."""
    before = sorted(board.root.iterdir())
    done = board.deploy("push", *words, expect=1)
    assert done.stderr == ""
    assert sorted(board.root.iterdir()) == before
    return done.stdout.splitlines()[-1]


@pytest.fixture
def what(bare: Board, wheel: Path) -> tuple:
    return ("--wheel", wheel, "--model", tiny_model(bare.folder / "first.tflite", name="first"))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"uid": "1000", "password": ""}, "asks for a password for sudo. Add --ask-sudo-password"),
        ({"df": "Filesystem 1K Used Free\n/dev/root 9 9 90000"}, "has 90 MB free,"),
        ({"uname": "armv7l"}, "runs a 32-bit system (armv7l)"),
        ({"python": "3 9"}, "has Python 3.9, which is too old"),
        ({"date": "86400"}, "has a clock that is years off (1970-01-02). On the board: sudo date -s @"),
    ],
)
def test_a_board_that_cannot_is_told_how_to(bare: Board, what: tuple, files: dict[str, str], words: str) -> None:
    for name, text in files.items():
        (bare.root / name).write_text(text + "\n")
    assert words in refused(bare, bare.host, *what)


def test_a_key_that_does_not_fit_and_a_host_key_that_changed(bare: Board, what: tuple) -> None:
    config = bare.folder / "other_config"
    known = bare.folder / "other_known"
    config.write_text(f"Host *\n  IdentityFile {bare.folder}/other\n  UserKnownHostsFile {known}\n")
    assert "ssh-copy-id" in refused(bare, bare.host, *what, "--ssh-config", config)
    kind, key = (bare.folder / "key.pub").read_text().split()[:2]
    known.write_text(f"[127.0.0.1]:{bare.port} {kind} {key}\n")
    last = refused(bare, bare.host, *what, "--ssh-config", config)
    assert "another host key" in last
    assert f"ssh-keygen -R '[127.0.0.1]:{bare.port}'" in last


def test_a_board_that_is_not_there(bare: Board, what: tuple) -> None:
    assert "cannot be found" in refused(bare, "pi@no-such-board.invalid", *what)


def test_hosts_stand_on_either_side_of_the_options(bare: Board) -> None:
    assert "2 boards, 2 failed" in bare.deploy("status", "a.invalid", "--jobs", "2", "b.invalid", expect=1).stdout
    assert "unrecognized arguments: --no" in bare.deploy("status", "a.invalid", "--no", "b", expect=2).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("push",), "HOST: is missing"),
        (("push", "pi@-x"), "'pi@-x': names no board"),
        (("push", "pi@cat", "--model", "missing.tflite"), "missing.tflite: cannot be read"),
        (("push", "pi@cat", "--wheel", "missing.whl"), "missing.whl: is no wheel"),
        (("set", "pi@cat"), "NAME=VALUE: is missing"),
        (("set", "pi@cat", "max-fps=fast"), "max-fps=fast: is nothing that catdog run takes"),
        (("set", "pi@cat", "max-fps=0.01"), "max-fps: 0.01 is too low for a service"),
        (("set", "pi@cat", "max-fsp=5"), "max-fsp=5: is nothing that catdog run takes"),
        (("set", "pi@cat", "gpio=cat=17"), "gpio: is not for the service of a push, which sees no pins. Let mqtt,"),
        (("status", "--inventory", "missing.txt"), "missing.txt: cannot be read"),
    ],
)
def test_nonsense_is_refused_before_any_board_is_reached(bare: Board, words: tuple[str, ...], said: str) -> None:
    done = bare.deploy(*words, expect=2)
    assert done.stdout == ""
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
