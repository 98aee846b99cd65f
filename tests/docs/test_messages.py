"""What a person can put right is said in one manner: which thing, what is wrong, what to do; nothing internal."""

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from edge import errors
from edge.commands import names
from edge.outputs import names as kind_names
from scripts.reference import programs
from scripts.troubles import assigned, words
from tests.conftest import ROOT

KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
FILES = [path for room in ("edge", "train", "convert") for path in sorted((ROOT / room).rglob("*.py"))]
# How a remedy begins that is no sentence but the very words to type.
COMMANDS = ("sudo ", "pip ", "python -m ", "catdog ", "make ", "mkdir ", "chmod ")
INTERNAL = re.compile(rf"NoneType|self\.|Traceback|(?<![.\w])_[a-z]\w*|\bedge\.(?!deploy\b)[a-z]+|{'|'.join(KINDS)}")


class Message(NamedTuple):
    place: str
    wrong: str
    remedy: str


def messages() -> Iterator[Message]:
    """Yield every error that the source raises, as far as its words are known beforehand."""
    for path in FILES:
        tree = ast.parse(path.read_text("utf-8"))
        everywhere = assigned(tree.body)
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            known = everywhere | assigned(ast.walk(function))
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
                    if any(isinstance(word, ast.Starred) for word in node.args):
                        continue  # a pair that another function returns: docs/troubleshooting.md has these
                    place = f"{path.relative_to(ROOT)}:{node.lineno}"
                    assert len(node.args) == 3, f"{place}: thing, what is wrong, what to do"
                    yield Message(place, words(node.args[1], known), words(node.args[2], known))


ALL = list(dict.fromkeys(messages()))


def test_they_are_found() -> None:
    assert len(ALL) > 150


@pytest.mark.parametrize("message", ALL, ids=lambda message: message.place)
def test_a_message_says_what_is_wrong_and_what_to_do(message: Message) -> None:
    for text in (message.wrong, message.remedy):
        assert not re.search(r"[^.]\.$", text), "the error itself puts the full stop"
        assert not INTERNAL.search(text), "names an internal"
    assert message.wrong[:1] not in ("", " ")
    assert re.match(r"[A-Z]|\.\.\.", message.remedy) or message.remedy.startswith(COMMANDS), "a remedy is an imperative"


@pytest.mark.parametrize("name", programs())
def test_a_word_that_an_option_does_not_take_is_refused_in_words_of_ours(name: str) -> None:
    parser = programs()[name]
    wrong = ["--nonsense"] + [f"{option.option_strings[0]}=?!" for option in parser._actions if _has_a_form(option)]
    for word in wrong:
        with pytest.raises(errors.InputError) as fault:
            parser.parse_args([word])
        assert re.search(r"\. See (catdog|python -m) .*--help$", str(fault.value)), word
        assert not re.search(r"invalid \w+ value", str(fault.value)), word


def _has_a_form(option: argparse.Action) -> bool:
    """True where not every word will do."""
    return bool(option.option_strings) and option.type not in (None, str, Path, names, kind_names)
