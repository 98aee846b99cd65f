"""The command line as a whole: help at once, faults in its own words."""

import os
from pathlib import Path

import pytest

from edge import __version__
from edge.cli import COMMANDS
from tests.conftest import ROOT, Command, one_line, python, shell


def test_help_lists_every_command(command: Command) -> None:
    shown = command("edge", "--help").stdout
    assert all(name in shown for name in COMMANDS)
    assert command("edge", "--version").stdout.strip() == f"catdog-edge {__version__}"


def test_a_start_leaves_no_threads_that_nothing_uses() -> None:
    """OpenBLAS would start one for each core as numpy loads; Linux tells."""
    program = "from edge.cli import main; main(['info']); print(open('/proc/self/status').read())"
    assert "Threads:\t1\n" in python(program).stdout


def test_an_unknown_option_is_one_line_that_names_the_help_of_its_command(command: Command) -> None:
    said = "catdog: command line: unrecognized arguments: --nonsense. See catdog run --help"
    assert one_line(command("edge", "run", "--nonsense", expect=2)) == said


def test_no_command_and_an_unknown_one_are_usage_errors(command: Command) -> None:
    assert one_line(command("edge", expect=2)).startswith("catdog: COMMAND: was not given. Choose run, classify, ")
    assert one_line(command("edge", "purr", expect=2)).startswith("catdog: COMMAND purr: is no command. Choose run")


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--webhok=http://me:SECRET@host/"],
        ["run", "--frames", "http://me:SEC RET@SECRET@host/?key=SECRET"],
        ["run", "demo", "--frames=rtsp://host/SECRET"],
        ["bench", "--nonsense=https://me:SECRET@host"],
    ],
)
def test_a_complaint_about_arguments_repeats_no_password(command: Command, words: list[str]) -> None:
    done = command("edge", *words, expect=2)
    assert "://..." in done.stderr
    assert not any(part in done.stderr for part in ("SEC", "RET"))


def test_settings_that_are_no_text_are_one_line(command: Command, tmp_path: Path) -> None:
    (tmp_path / "settings").write_bytes(b"\xff\xfe\0")
    assert "is no text" in one_line(command("edge", "run", f"@{tmp_path / 'settings'}", expect=2))


@pytest.mark.parametrize("line", ["info", "classify edge/demo", "run edge/demo", "run --help", "classify --help"])
def test_a_full_disk_below_the_output_is_one_line(line: str) -> None:
    done = shell(f"catdog {line} > /dev/full", expect=1)
    assert done.stderr.startswith("catdog: standard output: cannot be written (No space left on device)")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("program", ["train", "train doctor", "convert", "edge.deploy", "edge.deploy push"])
def test_a_help_that_cannot_be_written_is_one_line(program: str) -> None:
    done = shell(f"python -m {program} --help > /dev/full", expect=1)
    assert ": standard output: cannot be written (No space left on device)" in one_line(done)


def test_the_last_word_of_a_program_that_ends_itself_is_not_lost() -> None:
    program = "import sys; from edge.cli import report_errors; sys.exit(report_errors('x', lambda: sys.exit('why')))"
    assert python(program, expect=1).stderr == "why\n"


@pytest.mark.parametrize("name", [*COMMANDS, "--help", "--version"])
def test_a_closed_output_is_one_line_before_anything_is_begun(name: str) -> None:
    said = one_line(shell(f"catdog {name} edge/demo >&-", expect=2))
    assert said.startswith("catdog: standard output: is closed, so nothing can be shown. ")


def test_a_run_that_has_another_output_needs_no_standard_one(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    shell(f"catdog run edge/demo/01-cat-two.jpg --events {log} >&-")
    assert log.exists()


@pytest.mark.parametrize("to", ["2>&-", "2> /dev/full"])
def test_what_nobody_can_be_told_does_not_end_in_the_output(to: str) -> None:
    shell(f"catdog classify nowhere {to}", expect=2)
    for line, status in (("classify edge/demo/01-cat-two.jpg nowhere", 1), ("run edge/demo/01-cat-two.jpg", 0)):
        done = shell(f"catdog {line} {to}", expect=status)
        assert (len(done.stdout.splitlines()), done.stderr) == (1, "")


@pytest.mark.parametrize("name", ["classify", "run"])
def test_a_name_outside_the_output_s_alphabet_is_no_fault(command: Command, tmp_path: Path, name: str) -> None:
    photo = tmp_path / "猫.jpg"
    photo.write_bytes((ROOT / "edge/demo/01-cat-two.jpg").read_bytes())
    done = command("edge", name, photo, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert "\\u732b.jpg" in done.stdout


def test_ctrl_c_during_the_import_of_a_runtime_is_ctrl_c(command: Command, tmp_path: Path) -> None:
    # What pybind11 makes of it: an ImportError, raised from the KeyboardInterrupt.
    (tmp_path / "ai_edge_litert").mkdir()
    (tmp_path / "ai_edge_litert" / "__init__.py").touch()
    (tmp_path / "ai_edge_litert" / "interpreter.py").write_text(
        "try:\n    raise KeyboardInterrupt\nexcept KeyboardInterrupt as fault:\n"
        "    raise ImportError('initialization failed') from fault\n"
    )
    done = command("edge", "classify", "x.jpg", expect=130, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.stderr == "catdog: interrupted\n"
