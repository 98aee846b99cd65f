"""What docs/raspberry-pi.md says of the emulated board is what its transcript says."""

import re

from tests.conftest import ROOT

SECTION = re.compile(r"^## On an emulated board\n(.*?)^## ", re.MULTILINE | re.DOTALL)


def test_every_figure_of_the_emulated_board_stands_in_its_transcript() -> None:
    found = SECTION.search((ROOT / "docs/raspberry-pi.md").read_text("utf-8"))
    assert found is not None
    transcript = (ROOT / "docs/boards/emulated-pi.txt").read_text("utf-8")
    figures = re.findall(r"\d+(?:\.\d+)? (?:s|MB)\b", found[1])
    assert len(figures) > 10
    assert [figure for figure in figures if not re.search(rf"\b{re.escape(figure)}\b", transcript)] == []
