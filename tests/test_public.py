"""The public names: what the page lists, what type checkers see and what a program gets are the same."""

import ast
import inspect
import re

import pytest

import edge
from edge import testing
from tests.conftest import ROOT

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


@pytest.mark.parametrize("name", listed("The names"))
def test_what_the_page_says_a_name_has_it_has(name: str) -> None:
    (row,) = [row for row in PAGE.splitlines() if row.startswith(f"| `{name}` |")]
    said = set(re.findall(r"`([a-z_]\w*)", row.split("|")[2]))
    missing = said - set(parts_of(getattr(edge, name)))
    assert not missing


# What programs out there rely on. To take away or to rename one of these breaks them: CHANGELOG.md must say so, and the
# old way must work for one more minor version. What is added comes behind.
PROMISED = {
    "Answer": "label probability probabilities latency_ms",
    "CatdogError": "thing wrong remedy",
    "Classifier": "path threads labels classify",
    "Event": "kind visit duration_s",
    "Frame": "image number captured_at source position_s",
    "InputError": "thing wrong remedy",
    "Moment": "frame answer age_ms rate dropped verdict events picture state time_s stream",
    "Output": "say gone open write close",
    "Settings": "size fps rotate mirror region loop real_time timeout_s",
    "Source": "name live rate dropped say room settings again open read close",
    "Verdict": "label probability probabilities",
    "open_source": "word settings",
    "read_photo": "path",
    "watch": "sources classifier outputs settings frames max_fps when_moving raw machine",
}


def parts_of(thing: object) -> list[str]:
    """Return what a public name has or takes: fields in their order, methods, attributes; arguments."""
    if not isinstance(thing, type):
        return list(inspect.signature(thing).parameters)  # type: ignore[arg-type]
    fields = getattr(thing, "_fields", ())
    taken = [name for name in inspect.signature(thing).parameters if name not in fields]
    return [*fields, *taken, *vars(thing), *getattr(thing, "__annotations__", {})]


@pytest.mark.parametrize("name", sorted(edge.__all__))
def test_what_was_promised_is_there(name: str) -> None:
    promised, there = PROMISED[name].split(), parts_of(getattr(edge, name))
    assert set(promised) <= set(there)
    fields = getattr(getattr(edge, name), "_fields", ())
    named = [part for part in promised if part in fields]
    assert tuple(named) == fields[: len(named)], "their order counts, too"


@pytest.mark.parametrize("program", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_the_programs_on_the_page_run(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    exec(program, {})  # noqa: S102
