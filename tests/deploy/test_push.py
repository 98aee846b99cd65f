"""Pushing to a board over a real ssh server: what travels, what changes, and what a fault or a kill leaves behind."""

import re
import zipfile
from pathlib import Path

import pytest

from edge.deploy import kit, signing
from tests.deploy.board import Board, program_wheel
from tests.tiny import tiny_model


def model(board: Board, name: str) -> Path:
    return tiny_model(board.folder / f"{name}.tflite", name=name)


def push(board: Board, wheel: Path, name: str, *more: object, expect: int = 0) -> str:
    """Push a program, and a model of such a name; return what that printed."""
    words = ("push", board.host, "--wheel", wheel, "--model", model(board, name), *more)
    return board.deploy(*words, expect=expect).stdout


def steps(out: str) -> list[str]:
    """Return the ticked lines, without board, seconds and the summary."""
    found = re.findall(r"^✓ \S+  (.*) \(\d+\.\d s\)$", out, re.MULTILINE)
    return [step for step in found if step not in ("facts", "wheels resolved and hashed, here")]


def test_the_first_push_installs_all_of_it(board: Board, pushed: tuple[Board, str]) -> None:
    _, out = pushed
    assert [re.sub(r"\d{4}-\w{12}|[\d.]+ MB", "X", step) for step in steps(out)] == [
        "folders, this workstation's key",
        "2 of 2 wheels, X",
        "release X, signature verified",
        "its environment",
        "model first.tflite as X, X, signature verified",
        "selftest, golden answers",
        "settings",
        "the switch",
        "unit, for every boot",
        "service, a fresh answer",
    ]
    assert out.splitlines()[-1].endswith("red 98%, demo")
    unit = Path(board.layout.unit).read_text()
    assert f"ExecStart={board.layout.catdog} run" in unit
    assert Path(board.layout.wanted).read_text() == unit
    assert "\nsource = demo\n" in Path(board.layout.settings).read_text()
    assert Path(board.layout.settings).stat().st_mode & 0o777 == 0o640


def test_the_second_push_changes_nothing_and_says_so(board: Board, wheel: Path) -> None:
    before, restarts = tree(board), board.restarts()
    out = push(board, wheel, "first")
    assert steps(out) == []
    assert "nothing to do: catdog-edge" in out.splitlines()[-1]
    assert (tree(board), board.restarts()) == (before, restarts)


def tree(board: Board) -> dict[str, object]:
    """Return every file below the board's root with its content, and every link with its target."""
    paths = [path for path in board.root.rglob("*") if "venv" not in path.parts]
    return {str(path): path.readlink() if path.is_symlink() else path.is_file() and path.read_bytes() for path in paths}


def test_a_model_travels_alone_and_the_one_before_is_kept(board: Board, wheel: Path) -> None:
    release, first = board.running()
    out = push(board, wheel, "second")
    assert [step.split()[0] for step in steps(out)] == ["model", "selftest,", "the", "service,"]
    assert board.running()[0] == release
    assert board.running()[1].startswith("0002-")
    assert Path(board.layout.models, "previous").readlink().name == first
    second = board.running()[1]
    push(board, wheel, "third")
    there = {path.name for path in Path(board.layout.models).iterdir() if path.is_dir() and not path.is_symlink()}
    assert there == {second, board.running()[1]}


def test_a_model_that_fails_its_selftest_is_not_switched_to_and_leaves_nothing(board: Board, wheel: Path) -> None:
    before, running, restarts = tree(board), board.running(), board.restarts()
    out = push(board, wheel, "fails-selftest", expect=1)
    assert "answers otherwise on this machine" in out.splitlines()[-1]
    assert (tree(board), board.running(), board.restarts()) == (before, running, restarts)


@pytest.mark.parametrize("what", ["model", "release"])
def test_what_gives_no_answer_is_taken_back(board: Board, wheel: Path, tmp_path: Path, what: str) -> None:
    before = board.running()
    program, name = (wheel, "never-ready") if what == "model" else (program_wheel(tmp_path, "9.9.9"), "first")
    last = push(board, program, name, expect=1).splitlines()[-1]
    assert "runs what it ran before: the new one gave no answer (catdog: camera 0: cannot be opened." in last
    assert board.running() == before
    assert (board.root / "active").read_text() == "active\n"


def test_a_new_release_brings_its_wheel_only_and_there_is_a_way_back_and_forth(board: Board, tmp_path: Path) -> None:
    first = board.running()
    assert "1 of 2 wheels" in push(board, program_wheel(tmp_path, "0.2.0"), "first")
    second = board.running()
    assert second[0] != first[0]
    assert second[1] == first[1]
    assert f"back to release {first[0]}" in board.deploy("rollback", board.host).stdout
    assert board.running() == first
    board.deploy("rollback", board.host)
    assert board.running() == second


def test_killed_at_any_moment_the_board_runs_old_or_new_and_the_next_push_goes_on(board: Board, tmp_path: Path) -> None:
    newer, second = program_wheel(tmp_path, "0.3.0"), model(board, "second")
    words = ("push", board.host, "--wheel", newer, "--model", second)
    for moment in ("facts", "1 of 2 wheels", "signature verified", "its environment", "selftest", "the switch"):
        with board.started(*words) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if moment in line:
                    break
            process.kill()
        for shelf in (board.layout.releases, board.layout.models):
            assert Path(shelf, "current", "complete").exists(), moment
    out = board.deploy(*words).stdout
    assert out.splitlines()[-1].endswith("red 98%, demo")
    assert board.running()[0].partition("-")[0] > "0001"
    shelf = Path(board.layout.releases)
    assert all((path / "complete").exists() for path in shelf.iterdir() if path.is_dir() and not path.is_symlink())


def test_the_remains_of_a_push_are_taken_away(board: Board, wheel: Path) -> None:
    torn = Path(board.layout.models, "0007-0123456789ab")
    torn.mkdir()
    assert steps(push(board, wheel, "first")) == ["what an interrupted push had left"]
    assert not torn.exists()


def test_a_wheel_that_was_spoilt_on_the_board_travels_again(board: Board, tmp_path: Path) -> None:
    pip = next(Path(board.layout.wheels).glob("pip-*.whl"))
    content = bytearray(pip.read_bytes())
    content[1000] ^= 1
    pip.write_bytes(content)
    newer, before = program_wheel(tmp_path, "0.4.0"), board.running()
    assert f"wheels/{pip.name}: FAILED" in push(board, newer, "first", expect=1)
    assert board.running() == before
    assert "2 of 2 wheels" in push(board, newer, "first")


def test_a_program_of_the_same_version_and_size_is_another_one_all_the_same(board: Board, wheel: Path) -> None:
    before = board.running()[0]
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    again = board.folder / wheel.name
    with zipfile.ZipFile(again, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2001, 1, 1, 0, 0, 0)), content)
    assert again.stat().st_size == wheel.stat().st_size
    push(board, again, "first")
    assert board.running()[0] != before


@pytest.mark.parametrize("notices", [True, False])
def test_a_model_that_was_altered_on_the_board_travels_again(board: Board, wheel: Path, notices: bool) -> None:
    push(board, wheel, "second")
    first = board.running()[1]
    if notices:  # at its next start, and goes back
        Path(board.layout.model).write_bytes(b"bitter weights")
        board.deploy("set", board.host, "max-fps=5")
        assert board.running()[1] != first
    else:  # the one before: its selftest does
        Path(board.layout.models, "previous/model.tflite").write_bytes(b"fails-selftest")
        push(board, wheel, "first", "--older", expect=1)
    wanted = "second" if notices else "first"
    assert f"model {wanted}.tflite as 0003" in push(board, wheel, wanted, "--older")
    assert Path(board.layout.model).read_bytes() == model(board, wanted).read_bytes()


def test_of_two_boards_one_that_fails_does_not_hold_up_the_other(board: Board, wheel: Path) -> None:
    nobody = f"{board.host.rpartition(':')[0]}:1"
    file = board.folder / "boards.txt"
    file.write_text(f"# all of them\n{nobody}\n{board.host}  source=demo\n")
    done = board.deploy("push", "--inventory", file, "--wheel", wheel, "--model", model(board, "second"), expect=1)
    heading, good, bad = done.stdout.splitlines()[-3:]
    assert heading == "2 boards, 1 failed"
    assert good.startswith(f"✓ {board.host}")
    assert bad.startswith(f"✗ {nobody}")
    assert "has no ssh server that answers" in bad


def test_settings_survive_a_push_and_are_changed_one_by_one(board: Board, wheel: Path) -> None:
    settings = Path(board.layout.settings)
    board.deploy("set", board.host, "max-fps=5", "when-moving=yes")
    text = settings.read_text()
    assert "\nmax-fps = 5\n" in text
    assert "\nwhen-moving = yes\n" in text
    push(board, wheel, "second")
    assert settings.read_text() == text
    push(board, wheel, "second", "--source", "/dev/video2")
    assert settings.read_text() == text.replace("source = demo", "source = /dev/video2")


def test_settings_with_which_it_gives_no_answer_are_taken_back(board: Board) -> None:
    text = Path(board.layout.settings).read_text()
    Path(board.layout.catdog).write_text(
        "#!/bin/sh\n! grep -q '^source = 7' \"${2#@}\" || { echo 'catdog: camera 7: is not there' >&2; exit 2; }\n"
    )
    done = board.deploy("set", board.host, "source=7", expect=1)
    assert "gave no answer (catdog: camera 7: is not there)" in done.stdout.splitlines()[-1]
    assert Path(board.layout.settings).read_text() == text


def test_what_it_does_and_said_can_be_asked(board: Board) -> None:
    (board.root / "journal").write_text("catdog: cat arrived\n")
    status = board.deploy("status", board.host).stdout
    assert board.running()[0] in status
    assert "red 98%, demo" in status
    assert "catdog: cat arrived" in board.deploy("logs", board.host).stdout
    assert "ok: selftest" in board.deploy("selftest", board.host).stdout
    (board.root / "active").write_text("activating\n")
    assert "activating (catdog: cat arrived)" in board.deploy("status", board.host, expect=1).stdout


def test_uninstall_leaves_nothing_and_a_second_one_says_so(board: Board) -> None:
    own = Path(f"{board.layout.unit}.d/override.conf")  # as systemctl edit leaves it
    own.parent.mkdir()
    own.write_text("[Service]\n")
    board.deploy("uninstall", board.host)
    left = list(board.root.rglob("*catdog*"))
    assert left == []
    assert "nothing to do" in board.deploy("uninstall", board.host).stdout


def test_uninstall_keeps_data_for_the_next_push(board: Board, wheel: Path) -> None:
    settings, model = Path(board.layout.settings).read_text(), board.running()[1]
    board.deploy("uninstall", board.host, "--keep-data")
    assert not Path(board.layout.program).exists()
    push(board, wheel, "first")
    assert Path(board.layout.settings).read_text() == settings
    assert board.running()[1] == model


def rehearsed(out: str) -> list[str]:
    return re.findall(r"^· \S+  would do: (.*)$", out, re.MULTILINE)


def test_a_rehearsal_on_a_bare_board_changes_nothing(bare: Board, wheel: Path) -> None:
    out = push(bare, wheel, "first", "--dry-run")
    assert "the switch" in rehearsed(out)
    assert out.splitlines()[-1].endswith("10 steps to do, nothing was changed")
    assert list(bare.root.iterdir()) == []


def test_a_rehearsal_names_the_steps_that_a_push_takes_and_none_where_there_is_none(board: Board, wheel: Path) -> None:
    words = (board, wheel, "second", "--source", "7")
    before, restarts = tree(board), board.restarts()
    out = push(*words, "--dry-run")
    assert steps(out) == []
    assert (tree(board), board.restarts()) == (before, restarts)
    assert rehearsed(out) == steps(push(*words))
    assert push(*words, "--dry-run").splitlines()[-1].endswith("nothing to do")


def test_a_rehearsal_is_told_for_each_board_and_refuses_what_a_push_would(board: Board, wheel: Path) -> None:
    nobody = f"{board.host.rpartition(':')[0]}:1"
    words = ("push", nobody, board.host, "--wheel", wheel, "--model", model(board, "second"), "--dry-run")
    heading, good, bad = board.deploy(*words, expect=1).stdout.splitlines()[-3:]
    assert heading == "2 boards, 1 failed"
    assert good.endswith("steps to do, nothing was changed")
    assert "has no ssh server that answers" in bad


def test_an_older_model_is_refused_unless_told(board: Board, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(signing.time, "strftime", lambda *_: "2099-01-01T00:00:00Z")
        kit.model(model(board, "second"), signing.Signer(board.home / ".config" / "catdog"))
    push(board, wheel, "second")
    assert "is older (signed" in push(board, wheel, "first", expect=1).splitlines()[-1]
    push(board, wheel, "first", "--older")


def test_another_workstation_is_refused_unless_told(board: Board, wheel: Path) -> None:
    signers = Path(board.layout.signers)
    before = signers.read_text()
    for file in (board.home / ".config/catdog").glob("key*"):
        file.unlink()
    assert "trusts another workstation's key" in push(board, wheel, "second", expect=1).splitlines()[-1]
    push(board, wheel, "second", "--adopt")
    assert signers.read_text() == f"{before}{signing.Signer(board.home / '.config/catdog').line}\n"
