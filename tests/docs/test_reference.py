"""docs/reference.md says what the program is, and the program's docstrings what it prints."""

from collections.abc import Callable

import pytest

from edge.outputs.jsonl import as_json, event_json, moment_json
from edge.testing import event, moment
from scripts.reference import PAGE, fields, page, programs
from tests.conftest import ROOT


def test_the_page_is_what_the_program_says() -> None:
    assert (ROOT / PAGE).read_text("utf-8") == page(), "run scripts/reference.py"


ANSWER, HAPPENED, RECORDED = moment(), event(), event(position_s=1.5)


@pytest.mark.parametrize(
    ("function", "printed"),
    [
        (as_json, as_json("photo.jpg", ANSWER.answer)),
        (moment_json, {**moment_json(ANSWER), **moment_json(RECORDED)}),
        (event_json, {**event_json(HAPPENED, HAPPENED.events[0]), **event_json(RECORDED, RECORDED.events[0])}),
    ],
)
def test_a_docstring_names_the_fields_printed(function: Callable[..., object], printed: dict[str, object]) -> None:
    beside = set(fields(as_json)) if function is moment_json else set()
    assert set(fields(function)) == set(printed) - beside


@pytest.mark.parametrize("name", programs())
def test_help_fits_a_terminal_and_shows_two_uses(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = programs()[name].format_help()
    assert [line for line in text.splitlines() if len(line) > 80] == []
    uses = [line.strip() for line in text.partition("\nexamples:\n")[2].splitlines()]
    assert len([use for use in uses if name in use or "| catdog" in use]) >= 2
