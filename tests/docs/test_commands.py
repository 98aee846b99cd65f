"""What the pages tell people to type is understood by the program; what is safe and quick is typed here, too."""

import contextlib
import io
import os
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from scripts.reference import programs
from tests.conftest import ROOT, Command, finished
from tests.docs.pages import PAGES, Line, commands, parts, text

LINES = [line for page in PAGES for line in commands(page)]
PROGRAMS = programs()
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
# Options that the pages speak of and that are none of ours: of pip, git, openssl ...
FOREIGN = {"--require-hashes", "--only-binary", "--check", "--list-cameras", "--force-reinstall", "--version", "--help"}


def named(line: Line) -> Line:
    """Return a command with its program's plain name: without a folder of an environment."""
    return line._replace(words=[re.sub(r"^\.venv/\w+/bin/", "", line.words[0]), *line.words[1:]])


def program_of(words: Sequence[str]) -> str | None:
    """Return the key of PROGRAMS that some words begin with; the longest."""
    return next((" ".join(words[:n]) for n in (4, 3, 2) if " ".join(words[:n]) in PROGRAMS), None)


def exists(words: Sequence[str]) -> bool:
    """Tell whether what is no command of PROGRAMS, but may be ours, is there: a module, a script."""
    if words[0] == "catdog":
        return words[1:] in ([], ["--help"], ["--version"])
    if words[:2] == ["python", "-m"]:
        return find_spec(words[2]) is not None and (words[2] != "edge.deploy" or "--help" in words)
    if words[0] in ("python", "sh") and not words[1].startswith("-"):
        return (ROOT / words[1]).is_file()
    return True


def understood(line: Line) -> None:
    """Fail where a command is one of ours and its program would refuse its words."""
    words = named(line).words
    program = program_of(words)
    if program is None:
        assert exists(words), f"{line.place}: there is no {' '.join(words[:4])}"
        return
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            options = PROGRAMS[program].parse_args(words[len(program.split()) :])
    except SystemExit as end:
        if end.code:
            pytest.fail(f"{line.place}: {said.getvalue().strip().splitlines()[-1]}")
        return  # --help
    if program == "python -m train" and options.set:
        from train.options import change_recipe
        from train.recipe import Recipe  # brings TensorFlow

        change_recipe(Recipe(), options)


@pytest.mark.parametrize("line", [line for line in LINES if line.words[0] != "make"], ids=lambda line: line.place)
def test_a_command_of_a_page_is_understood(line: Line) -> None:
    understood(line)


@pytest.mark.parametrize("line", [line for line in LINES if line.words[0] == "make"], ids=lambda line: line.place)
def test_a_target_of_a_page_ends_in_commands_that_are_understood(line: Line) -> None:
    # Not with what a make above has been given, as in make test ARGS="tests/docs".
    own = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "ARGS")}
    done = finished("make", "-n", *line.words[1:], env=own)
    for printed in done.stdout.splitlines():
        for part in parts(line.place, printed.lstrip("@")):
            if re.match(r"\.venv/\w+/bin/(catdog|python)$", part.words[0]):
                understood(part)


def is_quick(line: Line) -> bool:
    """Tell whether a command ends by itself, soon, and changes nothing."""
    words = named(line).words
    if words[0] != "catdog":
        return False
    plain = [word for word in words[2:] if not word.startswith("-")]
    return words[1:] == ["info"] or ("--frames" in words and bool(plain) and plain[0] in ("demo", "pattern"))


QUICK = [line for line in LINES if is_quick(line)]


@pytest.mark.parametrize("line", QUICK, ids=lambda line: line.place)
def test_what_is_safe_and_quick_works(command: Command, line: Line) -> None:
    command("edge", *named(line).words[1:])


def test_some_are_safe_and_quick() -> None:
    assert len(QUICK) >= 3


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_options_and_targets_in_a_sentence_exist(page: Path) -> None:
    every = {word for parser in PROGRAMS.values() for word in parser._option_string_actions} | FOREIGN
    for code in re.findall(r"`([^`\n]+)`", text(page)):
        words = code.split()
        program = program_of(named(Line("", words)).words)
        known = every if program is None else {*PROGRAMS[program]._option_string_actions, *FOREIGN}
        options = {word.partition("=")[0].rstrip(",.:;") for word in words if re.match(r"--[a-z]", word)}
        assert options <= known, f"{code}: {sorted(options - known)}"
        if words[0] == "make" and words[1:] and words[1].isascii() and words[1].isalpha() and words[1].islower():
            assert words[1] in TARGETS, code
