"""What the pages say of the emulated board is what its transcript says."""

import re

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("page", "heading"), [("docs/raspberry-pi.md", "On an emulated board"), ("README.md", "I have a Raspberry Pi")]
)
def test_every_figure_of_the_emulated_board_stands_in_its_transcript(page: str, heading: str) -> None:
    section = (ROOT / page).read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    transcript = (ROOT / "docs/boards/emulated-pi.txt").read_text("utf-8")
    figures = re.findall(r"\d+(?:\.\d+)? (?:s|MB)\b", section)
    assert figures
    assert [figure for figure in figures if not re.search(rf"(?<![\d.]){re.escape(figure)}\b", transcript)] == []
