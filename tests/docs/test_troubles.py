"""docs/troubleshooting.md repeats what the program says."""

from pathlib import Path

from edge.doctor import CHECKS
from scripts.troubles import PAGE, page, troubles
from tests.conftest import ROOT


def test_the_page_says_what_the_program_says() -> None:
    text = (ROOT / PAGE).read_text("utf-8")
    assert text == page(text), "run scripts/troubles.py"


def test_every_check_of_the_doctor_that_can_find_a_fault_has_a_row() -> None:
    text = (ROOT / PAGE).read_text("utf-8")
    assert [name for name in CHECKS if f"\n| {name}: " not in text] == []


def test_a_fault_is_read_from_the_source(tmp_path: Path) -> None:
    (tmp_path / "some.py").write_text(
        "_WHY = 'no camera'\n"
        "def probe(good):\n"
        "    fix = f'Run {this} | that' if good else 'Wait'\n"
        "    raise SourceError(name, f'is {_WHY}', fix)\n"
    )
    assert list(troubles(tmp_path / "some.py")) == [("is ...", "Run ... \\| that; or: Wait")]
