"""The renderer: everything escaped, nothing fetched, plots that show the data; and files that are old or new."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.errors import CatdogError, columns_of
from edge.report.axes import linear, logarithmic
from edge.report.grids import Bin, Matrix, Reliability
from edge.report.markup import tag
from edge.report.page import Details, Section, as_html, as_svg, as_text, save
from edge.report.pictures import Gallery, Picture, thumbnail
from edge.report.plots import Bars, Dot, Scatter
from edge.report.words import Heading, Paragraph, Table, Tiles

EVIL = "<script>alert(1)</script>\"'&\x07\udc80"
SVG = "{http://www.w3.org/2000/svg}"


def everything(words: str) -> list[Section]:
    """Return one of each section, with `words` wherever a caller's text goes."""
    jpeg = thumbnail(np.zeros((8, 8, 3), np.uint8))
    return [
        Heading(words),
        Paragraph(words, "warn"),
        Tiles([(words, words, "bad")]),
        Table([words, "number"], [[words, 1.5], [words, None]], {"number": ".2f"}, words),
        Bars({words: 2, "b": 1}, caption=words, intervals={words: (1.5, 2.5)}),
        Scatter([Dot(1, 2, words, words), Dot(10, 3, "b", "c")], words, words, words, [(1, 2), (10, 3)]),
        Matrix([words, "b"], [[1, 2], [0, 4]], words),
        Reliability([Bin(0.5, 1.0, 10, 0.8, 0.7)], words),
        Gallery([Picture(jpeg, words, [words], words), Picture(b"", words)], words),
        Details(words, [Paragraph(words)]),
    ]


class Reader(HTMLParser):
    """Notes elements, their attributes, and whether each one is closed in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(page: bytes) -> Reader:
    reader = Reader()
    reader.feed(page.decode())
    reader.close()
    assert not reader.open
    return reader


def test_a_page_holds_no_script_and_asks_nobody_for_anything() -> None:
    reader = read(as_html(EVIL, everything(EVIL), EVIL))
    assert "script" not in {name for name, _ in reader.elements}
    for name, attributes in reader.elements:
        assert not any(key.startswith("on") for key in attributes), name
        for key in ("src", "href"):
            assert (attributes.get(key) or "data:").startswith(("data:image/jpeg;base64,", "data:", "#"))
    assert not re.search(r"url\(|@import", as_html("a", []).decode())


def test_control_characters_and_lone_surrogates_do_not_reach_page_or_terminal() -> None:
    sections = everything(EVIL)
    page, text = as_html(EVIL, sections).decode(), as_text(EVIL, sections)
    assert "\x07" not in page + text
    assert "\\x07" in page
    text.encode("utf-8")


@given(st.text(max_size=30))
def test_any_text_gives_a_well_formed_page(words: str) -> None:
    read(as_html(words, everything(words)))
    as_text(words, everything(words))


@pytest.mark.parametrize("section", everything("a < b"), ids=lambda section: type(section).__name__)
def test_every_section_says_something_in_a_terminal(section: Section) -> None:
    assert "a < b" in section.text(80)


def test_dark_and_light_follow_the_reader() -> None:
    assert b"prefers-color-scheme:dark" in as_html("a", [])


def test_headings_make_a_table_of_contents_whose_links_lead_somewhere() -> None:
    reader = read(as_html("a", [Heading("One two"), Heading("Three"), Heading("Four!")]))
    links = [attributes["href"] for name, attributes in reader.elements if name == "a"]
    targets = [attributes["id"] for name, attributes in reader.elements if name == "h2"]
    assert links == [f"#{target}" for target in targets]
    assert len(links) == 3


def test_pictures_are_embedded_as_they_are() -> None:
    jpeg = thumbnail(np.full((40, 80, 3), 200, np.uint8), side=16)
    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (8, 16, 3)
    assert b"data:image/jpeg;base64,/9j/" in as_html("a", [Gallery([Picture(jpeg, "p")])])


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own words


def test_a_figure_is_a_file_of_its_own_with_its_colours() -> None:
    root = parse(as_svg(Bars({"a": 1})))
    assert root.tag == f"{SVG}svg"
    assert "--c0:" in (root.findtext(f"{SVG}style") or "")


def test_bars_are_as_long_as_their_values() -> None:
    root = parse(Bars({"a": 4, "b": 1, "c": 0}).svg())
    widths = [float(bar.get("width", "0")) for bar in root.iter(f"{SVG}rect")]
    assert widths[0] == pytest.approx(4 * widths[1], rel=0.01)
    assert widths[2] == 1  # nothing is still to be seen
    assert [text.text for text in root.iter(f"{SVG}text")] == ["a", "4", "b", "1", "c", "0"]


def test_dots_lie_by_the_logarithm_of_x_and_a_front_joins_them() -> None:
    points = [(1.0, 0.0), (10.0, 1.0), (1000.0, 1.0)]
    root = parse(Scatter([Dot(*point) for point in points], front=points).svg())
    dots = [(float(c.get("cx", 0)), float(c.get("cy", 0))) for c in root.iter(f"{SVG}circle")]
    assert len(dots) == 3
    assert dots[0][1] > dots[1][1]  # SVG counts downwards
    assert dots[1][0] - dots[0][0] == pytest.approx((dots[2][0] - dots[1][0]) / 2, abs=0.2)
    path = next(p.get("d", "") for p in root.iter(f"{SVG}path") if p.get("class") == "front")
    assert path == "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in dots)


def test_a_confusion_matrix_is_shaded_by_row() -> None:
    root = parse(Matrix("ab", [[9, 1], [50, 50]]).svg())
    shades = [float(c.get("fill-opacity", 0)) for c in root.iter(f"{SVG}rect") if c.get("fill-opacity")]
    assert shades == pytest.approx([0.9 * 0.92, 0.1 * 0.92, 0.46, 0.46])


def test_empty_reports_and_sections_do_not_fail() -> None:
    empty: list[Section] = [
        Tiles([]), Table(["a"], []), Bars({}), Scatter([]), Matrix([], []), Reliability([]), Gallery([]),
    ]  # fmt: skip
    read(as_html("", empty))
    as_text("", empty)


def test_a_table_aligns_numbers_and_wide_letters() -> None:
    lines = Table(["名前", "n"], [["猫", 1234.5], ["dog", 2]], {"n": ",.1f"}).text(80).split("\n")
    assert [columns_of(line) for line in lines] == [columns_of(lines[1])] * 4
    assert lines[2].endswith("1,234.5")


def test_a_gallery_says_how_many_it_does_not_list() -> None:
    assert "and 3 more" in Gallery([Picture(b"", "p")] * 13).text(80)


@settings(max_examples=1000)
@example([0.0, 1e-38])
@example([1e6, 1e6 + 1e-9])
@example([3.0])
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_a_linear_axis_holds_its_values_between_few_ticks(values: list[float]) -> None:
    axis = linear(values)
    slack = 1e-6 * (max(map(abs, values)) + 1e-3)  # a millionth of the axis is less than a pixel
    assert axis.low <= min(values) + slack
    assert axis.high >= max(values) - slack
    assert 2 <= len(axis.ticks) <= 9
    assert all(0 <= axis.share(value) <= 1 for value in values)


@given(st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=20))
def test_a_logarithmic_axis_holds_its_values(values: list[float]) -> None:
    axis = logarithmic(values)
    assert axis.low < min(values) <= max(values) < axis.high
    assert axis.ticks


def test_tags_escape_attributes_and_text() -> None:
    assert tag("a", "<", title='"&') == '<a title="&quot;&amp;">&lt;</a>'


def test_save_writes_one_file(tmp_path: Path) -> None:
    save(tmp_path / "new" / "report.html", "Title", [Paragraph("words")])
    assert re.match(r"<!doctype html>\n<html lang=\"en\">", (tmp_path / "new" / "report.html").read_text())
    with pytest.raises(CatdogError, match="cannot be written"):
        save(tmp_path, "Title", [])
