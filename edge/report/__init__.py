"""The one renderer of the project: sections in, terminal text or one self-contained HTML file out.

A report is data first: the caller computes a plain dict, which `--json` writes as it is, and makes sections from it.
Each section is a small record that draws itself twice, `html()` and `text(width)`; a new kind of section is one new
record. The HTML needs no script and no network, follows the reader's light or dark setting and fits a phone.

Only numpy, OpenCV and the standard library are used, so that a board can write its own reports; nothing imports this
package at start-up.

    save(Path("report.html"), "Data set", [Heading("Classes"), Bars({"cat": 4000, "dog": 3990})])
    print(as_text("Data set", sections))
"""

from edge.report.grids import Bin, Matrix, Reliability
from edge.report.page import Details, Section, as_html, as_svg, as_text, save
from edge.report.pictures import Gallery, Picture, thumbnail
from edge.report.plots import Bars, Dot, Lines, Scatter
from edge.report.words import Heading, Paragraph, Table, Tiles

__all__ = [
    "Bars",
    "Bin",
    "Details",
    "Dot",
    "Gallery",
    "Heading",
    "Lines",
    "Matrix",
    "Paragraph",
    "Picture",
    "Reliability",
    "Scatter",
    "Section",
    "Table",
    "Tiles",
    "as_html",
    "as_svg",
    "as_text",
    "save",
    "thumbnail",
]
