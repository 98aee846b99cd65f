"""The one renderer of the project: sections in, terminal text or one self-contained HTML file out.

A report is data first: the caller computes a plain dict, which `--json` writes as it is, and makes sections from it.
Each section is a small record that draws itself twice, `html()` and `text(width)`; a new kind of section is one new
record. The HTML needs no script and no network, follows the reader's light or dark setting and fits a phone.

Only numpy, OpenCV and the standard library are used, so that a board can write its own reports; nothing imports this
package at start-up.

    save(Path("report.html"), "Data set", [Heading("Classes"), Bars({"cat": 4000, "dog": 3990})])
    print(as_text("Data set", sections))
"""

from edge.report.grids import Bin as Bin
from edge.report.grids import Matrix as Matrix
from edge.report.grids import Reliability as Reliability
from edge.report.page import Details as Details
from edge.report.page import Section as Section
from edge.report.page import as_html as as_html
from edge.report.page import as_svg as as_svg
from edge.report.page import as_text as as_text
from edge.report.page import save as save
from edge.report.pictures import Gallery as Gallery
from edge.report.pictures import Picture as Picture
from edge.report.pictures import thumbnail as thumbnail
from edge.report.plots import Bars as Bars
from edge.report.plots import Dot as Dot
from edge.report.plots import Scatter as Scatter
from edge.report.words import Heading as Heading
from edge.report.words import Paragraph as Paragraph
from edge.report.words import Table as Table
from edge.report.words import Tiles as Tiles
