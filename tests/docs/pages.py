"""The pages for people, cut into what tests look at: commands, links, headings."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("models/*.md"), *ROOT.glob("edge/**/*.md")])
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_SHELL = ("", "sh", "console")  # what a block of commands is marked with; others hold code, settings, answers


class Line(NamedTuple):
    """A command of a page: where it stands, and its words; pipes and redirections are cut off."""

    place: str
    words: list[str]


def text(page: Path) -> str:
    return page.read_text("utf-8")


def prose(page: Path) -> str:
    """Return a page without its blocks and pieces of code."""
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", text(page)))


def commands(page: Path) -> Iterator[Line]:
    """Yield every command that stands in a page's blocks."""
    for block in _FENCE.finditer(text(page)):
        if block[2] in _SHELL:
            first = text(page)[: block.start()].count("\n") + 2
            for number, line in _joined(block[3]):
                yield from parts(f"{page.relative_to(ROOT)}:{first + number}", line)


def _joined(block: str) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line; one that ends in a backslash goes on in the next."""
    whole, begin = "", 0
    for number, line in enumerate(block.splitlines()):
        begin = begin if whole else number
        whole += line.removesuffix("\\")
        if not line.endswith("\\"):
            yield begin, whole.strip().removeprefix("$ ")
            whole = ""


def parts(place: str, line: str) -> Iterator[Line]:
    """Yield the commands of a shell's line, one for each part of a pipe or a list."""
    reader = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    reader.whitespace_split = True
    try:
        words = list(reader)
    except ValueError:  # no command: an apostrophe in an answer, half a program
        return
    begin = 0
    for end, word in enumerate([*words, ";"]):
        if word and set(word) <= set("|&;<>"):
            if words[begin:end]:
                yield Line(place, words[begin:end])
            begin = end + 1
