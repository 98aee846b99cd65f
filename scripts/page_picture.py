"""Takes docs/pictures/page.jpg: the demo on the live page, on a desktop with the heat-map, on a phone in the dark.

    python scripts/page_picture.py

Needs Chromium, and two minutes, so that the page has visits and a chart to show. Look at the picture afterwards.
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from edge.capture.demo import FOLDER, SHOWN_S
from edge.files import write_atomically
from edge.fit import Image
from edge.photo import as_jpeg, find_photos
from tests.web.browser import Page, browser

PICTURE = ROOT / "docs/pictures/page.jpg"
DESKTOP, PHONE = (1280, 990), (390, 844)
HEIGHT, GAP = 785, 22  # of the picture, and between the two, in pixels
_ID = "document.getElementById('{}')"
_BEGUN = "fetch('/api/history').then((told) => told.json()).then(({points}) => points.length && points[0].time)"
_LIVE = "document.body?.dataset.state"


def main() -> int:
    """Take it."""
    photos = [path.stem for path in find_photos(FOLDER)]
    with _served() as url, browser() as page:
        page.size(*DESKTOP)
        page.open(url)
        page.until(_LIVE, "live")
        begun_s = float(page.look(f"{_BEGUN}.then((time) => Date.parse(time) / 1000)"))
        page.look(f"{_ID.format('why')}.click()")
        page.until("document.querySelectorAll('#visits img').length > 7", seconds=300)
        left = _taken(page, begun_s, photos, "05-dog-grass")
        page.size(*PHONE, dark=True)
        page.open(url)
        page.until(_LIVE, "live")
        right = _taken(page, begun_s, photos, "07-cat-kitten")
    gap = np.full((HEIGHT, GAP, 3), 255, np.uint8)
    both = np.hstack([left, gap, right])
    write_atomically(PICTURE, as_jpeg(both, both.shape[1], 88))
    return 0


@contextmanager
def _served() -> Iterator[str]:
    """Run the demo with a page; give its address."""
    words = [sys.executable, "-m", "edge", "run", "demo", "--quiet", "--web", "127.0.0.1:0"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
        try:
            assert run.stderr is not None
            yield next(found[0] for line in run.stderr if (found := re.search(r"http://\S+", line)))
        finally:
            run.terminate()


def _taken(page: Page, begun_s: float, photos: list[str], photo: str) -> Image:
    """Return what is seen while the demo shows a photo and the verdict is right: uint8 (HEIGHT, width, 3), BGR."""
    middle_s = (photos.index(photo) + 0.5) * SHOWN_S
    time.sleep((middle_s - (time.time() - begun_s)) % (len(photos) * SHOWN_S))
    page.until(f"{_ID.format('verdict')}.textContent", photo.split("-")[1], seconds=SHOWN_S)
    image = cv2.imdecode(np.frombuffer(page.picture(whole=False), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    width = round(image.shape[1] * HEIGHT / image.shape[0])
    return np.asarray(cv2.resize(image, (width, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


if __name__ == "__main__":
    sys.exit(main())
