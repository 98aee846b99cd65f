"""The public names: what the page lists, what type checkers see and what a program gets are the same."""

import ast
import re
from pathlib import Path

import pytest

import edge
from edge import testing

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "python.md").read_text("utf-8")


def listed(heading: str) -> list[str]:
    """Return the names in the first column of the table below a heading of the page."""
    rows = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0].splitlines()
    return [name for row in rows if row.startswith("| `") for name in re.findall(r"`(\w+)`", row.split("|")[1])]


def test_the_page_lists_the_public_names() -> None:
    assert sorted(listed("The names")) == sorted(edge.__all__)


def test_the_page_lists_what_there_is_for_tests() -> None:
    assert {*listed("Test your own program"), "GREY"} == set(testing.__all__)


def test_type_checkers_see_what_programs_get() -> None:
    tree = ast.parse((ROOT / "edge" / "__init__.py").read_text("utf-8"))
    (guard,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        name.asname: getattr(__import__(node.module, fromlist=[name.name]), name.name)
        for node in guard.body
        if isinstance(node, ast.ImportFrom) and node.module
        for name in node.names
    }
    assert seen == {name: getattr(edge, name) for name in edge.__all__}
    assert set(edge.__all__) <= set(dir(edge))


def test_a_name_that_is_none_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Clasifier'"):
        edge.Clasifier  # noqa: B018
    with pytest.raises(ImportError):
        exec("from edge import Clasifier")  # noqa: S102


@pytest.mark.parametrize("name", sorted(edge.__all__))
def test_every_public_name_explains_itself(name: str) -> None:
    text = getattr(edge, name).__doc__
    assert text
    assert not text.startswith(f"{name}("), "that is what Python makes up for a tuple without a docstring"


@pytest.mark.parametrize("program", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_the_programs_on_the_page_run(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    exec(program, {})  # noqa: S102
