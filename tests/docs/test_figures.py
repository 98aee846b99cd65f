"""Figures of the pages come from files of the checkout: written out of them, or listed in docs/measured.json."""

import json
import re
from pathlib import Path

import pytest

from scripts.figures import pages
from scripts.pages import put, typed
from tests.conftest import ROOT
from tests.docs.pages import PAGES, prose

MEASURED = json.loads((ROOT / "docs/measured.json").read_bytes())
# What looks measured: shares, decimals with a unit, sizes, short and long times. Whole seconds are mostly settings.
_FIGURE = re.compile(
    r"(?<![\w.])(?:\d[\d,.]*?(?: ?%| (?:ms|µs|MB|GB|points|minutes)\b)|(?:\d+\.\d+|\d{3}) s\b|\d+\.\d+ (?:x|times)\b)"
)


def figures(text: str) -> set[str]:
    return set(_FIGURE.findall(text))


@pytest.mark.parametrize(("page", "text"), [*pages(ROOT)], ids=lambda value: getattr(value, "name", ""))
def test_the_page_shows_what_the_files_say(page: Path, text: str) -> None:
    assert page.read_text("utf-8") == text, "run scripts/figures.py"


@pytest.mark.parametrize("name", [str(page.relative_to(ROOT)) for page in PAGES if page.parent.name != "models"])
def test_a_figure_that_a_person_typed_is_listed_with_its_origin(name: str) -> None:
    listed = set[str]().union(*(row["figures"] for row in MEASURED.get(name, [])))
    found = set() if name == "CHANGELOG.md" else figures(typed(prose(ROOT / name)))
    assert found == listed, "put it into docs/measured.json, with what it was measured by"


def test_every_list_says_where_its_figures_are_from() -> None:
    assert {name for name in MEASURED if not (ROOT / name).exists()} == set()
    assert all(row["from"] for rows in MEASURED.values() for row in rows)


def test_figures_are_found_and_blocks_are_left_out() -> None:
    block = "<!-- a: written by scripts/b.py -->\n9 %\n<!-- end of a -->"
    page = f"98.5 % of 8,000 photos in 2.0 ms, 3 s, 153 s\n{block}\n16.7 x"
    assert figures(typed(page)) == {"98.5 %", "2.0 ms", "153 s", "16.7 x"}
    assert "\n7 %\n" in put(page, "a", "7 %")
    with pytest.raises(ValueError, match="no place for c"):
        put(page, "c", "")


@pytest.mark.parametrize(
    ("page", "heading"), [("docs/raspberry-pi.md", "On an emulated board"), ("README.md", "I have a Raspberry Pi")]
)
def test_every_figure_of_the_emulated_board_stands_in_its_transcript(page: str, heading: str) -> None:
    section = (ROOT / page).read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    transcript = (ROOT / "docs/boards/emulated-pi.txt").read_text("utf-8")
    figures = re.findall(r"\d+(?:\.\d+)? (?:s|MB)\b", section)
    assert figures
    assert [figure for figure in figures if not re.search(rf"(?<![\d.]){re.escape(figure)}\b", transcript)] == []
