"""The page in a real browser: it follows what is seen, and never takes an old picture for one of now."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.testing import event, moment
from tests.conftest import picture
from tests.tiny import tiny_model
from tests.web.browser import DESKTOP, PHONE, PROGRAM, Page, browser
from tests.web.conftest import Serve, Served

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs Chromium: apt install chromium")

RED, GREEN, BLUE = (picture(colour, 120, 160) for colour in ("red", "green", "blue"))
STATE = "document.body?.dataset.state"
VERDICT = "document.getElementById('verdict')?.textContent"
COLOUR = """(() => { const video = document.getElementById("video");
    return [...video.getContext("2d").getImageData(video.width / 2, video.height / 2, 1, 1).data]; })()"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.fixture
def page(chromium: Page) -> Iterator[Page]:
    """The browser, with nothing open; nothing may be left to complain of at the end."""
    chromium.open("about:blank")
    chromium.size(*PHONE)
    chromium.complaints.clear()
    chromium.asked.clear()
    yield chromium
    assert chromium.complaints == []


def url(served: Served) -> str:
    return f"http://{served.host}:{served.port}/"


@contextmanager
def watched(page: Page, served: Served, make: Callable[..., Any] = moment, **fields: Any) -> Iterator[None]:
    """Have a run, and its page before one, while the block runs."""
    with served.running(make, **fields):
        page.open(url(served))
        page.until(STATE, "live")
        yield


def test_it_follows_what_is_seen_and_asks_nobody_else(served: Served, page: Page) -> None:
    shown = ["red", RED]
    with watched(page, served, lambda number: moment(str(shown[0]), number=number, image=shown[1])):
        page.until(VERDICT, "red")
        red, _, blue, _ = page.look(COLOUR)
        assert red > blue + 100
        shown[:] = ["blue", BLUE]
        page.until(VERDICT, "blue")
        page.until(f"{COLOUR}[2] > {COLOUR}[0] + 100")
        before = int(page.look("document.getElementById('video').dataset.frame"))
        page.until(f"+document.getElementById('video').dataset.frame > {before}")
        assert page.look("document.querySelectorAll('.bar').length") == 3
        assert page.look("document.getElementById('said').textContent") == "script: blue"
    assert {asked for asked in page.asked if asked != "about:blank" and not asked.startswith(url(served))} == set()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_who_has_no_token_is_asked_for_it_in_the_page_s_own_style(serve: Serve, page: Page, dark: bool) -> None:
    served = serve(web="0.0.0.0:0")
    page.size(*PHONE, dark=dark)
    page.open(f"http://127.0.0.1:{served.port}/")
    page.until("document.activeElement?.id", "token")
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.look(paper) == ("rgb(18, 22, 21)" if dark else "rgb(246, 245, 241)")
    assert page.look("document.documentElement.scrollWidth <= innerWidth") is True
    assert page.look("document.querySelector('h1 svg').getBoundingClientRect().width") > 20
    assert page.asked == [f"http://127.0.0.1:{served.port}/"], "nothing but itself"
    page.complaints[:] = [told for told in page.complaints if "401" not in told]


def test_a_source_that_is_lost_is_grey_says_so_and_comes_back(served: Served, page: Page) -> None:
    state = ["live"]
    with watched(page, served, lambda number: moment(number=number, image=GREEN, state=state[0])):
        assert page.look("document.getElementById('veil').hidden") is True
        state[0] = "lost"
        page.until(STATE, "lost")
        assert "is lost" in page.look("document.getElementById('veil').textContent")
        assert "grayscale" in page.look("getComputedStyle(document.getElementById('video')).filter")
        state[0] = "live"
        page.until(STATE, "live")


def test_a_run_that_hangs_is_stale(served: Served, page: Page) -> None:
    with watched(page, served, image=GREEN):
        pass
    page.until(STATE, "stale")


def test_a_run_that_ends_is_missed_and_found_again_when_it_begins_anew(serve: Serve, page: Page) -> None:
    served = serve()
    with watched(page, served, image=GREEN):
        pass
    served.web.close()
    page.until(STATE, "no contact")
    again = serve(web=f"127.0.0.1:{served.port}")
    with again.running(label="blue", image=BLUE):
        page.until(STATE, "live")
        page.until(VERDICT, "blue")
    page.complaints.clear()  # of a server that was away


def test_the_chart_goes_by_the_runner_s_clock(served: Served, page: Page) -> None:
    """A board without a network has any time; the phone's is another."""
    script = page.call("Page.addScriptToEvaluateOnNewDocument", source="Date.now = () => 0")
    painted = """(() => { const chart = document.getElementById("chart"), pen = chart.getContext("2d");
        return pen.getImageData(chart.width - 8, 0, 8, chart.height).data.some((value) => value > 0); })()"""
    try:
        with watched(page, served, image=GREEN):
            page.until(painted)
    finally:
        page.call("Page.removeScriptToEvaluateOnNewDocument", **script)


def test_visits_appear_with_their_pictures(served: Served, page: Page) -> None:
    page.open(url(served))
    page.until("document.getElementById('nobody')?.hidden", wanted=False)
    page.until(STATE, "connecting")
    served.web.write(event(frame=moment(image=RED).frame))
    page.until("document.querySelector('#visits img')?.naturalWidth", 160)
    assert page.look("document.querySelector('#visits b').textContent") == "red"


def test_of_several_sources_one_is_chosen_by_keyboard(serve: Serve, page: Page) -> None:
    served = serve(sources=2)

    def seen(number: int) -> object:
        label, image = ("red", RED) if number % 2 else ("green", GREEN)
        return moment(label, number=number, image=image, stream=1 - number % 2)

    with watched(page, served, seen):
        page.until(VERDICT, "red")
        page.look("document.querySelector('#sources input').focus()")
        page.press("ArrowRight")
        page.until(VERDICT, "green")
        page.until(f"{COLOUR}[1] > {COLOUR}[0] + 100")


def test_it_shows_why_and_stops(served: Served, page: Page) -> None:
    image = np.zeros((120, 160, 3), np.uint8)
    image[:60] = (30, 30, 220)  # red above, black below
    answer = served.tuning.classifier.classify
    heat = """(() => { const heat = document.getElementById("heat"), pen = heat.getContext("2d");
        return [0.25, 0.75].map((at) => pen.getImageData(heat.width / 2, heat.height * at, 1, 1).data[3]); })()"""
    with watched(page, served, lambda number: moment(answer(image).label, number=number, image=image)):
        page.until("document.getElementById('why').hidden", wanted=False)
        assert page.look("document.getElementById('heat').hidden") is True
        page.look("document.getElementById('why').focus()")
        page.press("Enter")
        page.until(f"{heat}[0] > 150 && {heat}[1] < 20")
        assert page.look("document.getElementById('why').getAttribute('aria-pressed')") == "true"
        page.press("Enter")
        page.until("document.getElementById('heat').hidden")
        page.until(STATE, "live")


def test_a_slider_acts_at_once_and_says_how_to_keep_it(serve: Serve, page: Page, tmp_path: Path) -> None:
    served = serve(model=tiny_model(tmp_path / "torn.tflite", fallback="green"))
    with watched(page, served, image=RED):
        page.until("document.getElementById('tuning')?.hidden", wanted=False)
        page.look("document.querySelector('summary').click()")
        page.look("document.getElementById('knob threshold red').focus()")
        page.press("End")
        page.until("document.querySelector('#flags code')?.textContent", "--threshold red=1")
        assert served.tuning.contract.thresholds == {"red": 1.0}
        page.press("Home")
        page.until("document.getElementById('flags').hidden")
        assert served.tuning.contract.thresholds == {"red": 0.0}


def test_buttons_keep_the_frame_of_now(serve: Serve, page: Page, tmp_path: Path) -> None:
    served = serve(keep=str(tmp_path / "kept"))
    with watched(page, served, image=RED):
        page.until("document.querySelectorAll('#keep button').length", 4)
        page.look("document.querySelectorAll('#keep button')[2].click()")
        page.until("document.querySelector('#keep [role=status]').textContent", "kept as blue")
    assert len(list((tmp_path / "kept/blue").iterdir())) == 1


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_nothing_sticks_out_and_text_can_be_read(served: Served, page: Page, size: tuple[int, int], dark: bool) -> None:
    page.size(*size, dark=dark)
    with watched(page, served, image=RED):
        page.until("document.querySelectorAll('#facts dd').length > 4")
        assert page.look("document.documentElement.scrollWidth") <= size[0]
        colours = json.loads(page.look(_COLOURS))
    assert [name for name, ratio in colours.items() if ratio < 4.5] == []


@pytest.mark.skipif("CATDOG_AXE" not in os.environ, reason="CATDOG_AXE names no axe.min.js (npm install axe-core)")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(serve: Serve, page: Page, tmp_path: Path, size: tuple[int, int], dark: bool) -> None:
    served = serve(model=tiny_model(tmp_path / "torn.tflite", fallback="green"), keep=str(tmp_path / "kept"))
    page.size(*size, dark=dark)
    served.web.write(event(frame=moment(image=RED).frame))
    with watched(page, served, image=RED):
        page.until("document.querySelectorAll('#knobs input').length > 0")
        page.look("document.querySelector('details').open = true")
        assert violations(page) == []
    page.open(f"http://127.0.0.1:{serve(web='0.0.0.0:0').port}/")
    page.until("document.activeElement?.id", "token")
    assert violations(page) == []
    page.complaints.clear()  # that it is asked for a token


def violations(page: Page) -> list[str]:
    page.look(Path(os.environ["CATDOG_AXE"]).read_text() + "; true")
    found = page.look("axe.run(document).then((told) => JSON.stringify(told.violations.map((one) => one.id)))")
    return list(json.loads(found))


# Contrast by WCAG 2.2, 1.4.3, of the texts that stand on plain grounds.
_COLOURS = """(() => {
  const channel = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = (text) => { const [r, g, b] = text.match(/[\\d.]+/g).map(Number);
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
  const ground = (node) => { for (; node; node = node.parentElement) {
    const colour = getComputedStyle(node).backgroundColor;
    if (!/, 0\\)$|transparent/.test(colour)) return colour; } return "rgb(255, 255, 255)"; };
  const found = {};
  for (const node of document.querySelectorAll("h1, h2, .pill, #share, .bar b, .bar em, dt, dd, code, .note, .axis")) {
    const [a, b] = [light(getComputedStyle(node).color), light(ground(node))];
    found[node.tagName + "." + node.className + "#" + node.id] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }
  return JSON.stringify(found);
})()"""
