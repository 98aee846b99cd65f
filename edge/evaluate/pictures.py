"""The worst mistakes as pictures, for the HTML report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edge.errors import CatdogError
from edge.photo import read_photo
from edge.report import Picture, thumbnail

WORST = 24  # mistakes that are shown as pictures


def thumbnails(mistakes: Sequence[Mapping[str, Any]], photos: bool = True) -> list[Picture]:
    """Return the worst mistakes with answer, label, probabilities and file name; without `photos`, these alone."""
    return [_mistake(mistake, photos) for mistake in mistakes[:WORST]]


def _mistake(mistake: Mapping[str, Any], photos: bool) -> Picture:
    return Picture(
        _read(Path(mistake["file"])) if photos else b"",
        f"says {mistake['answer']}, {mistake['probability']:.1%}",
        (f"labelled {mistake['label']}, {mistake['probability_of_label']:.1%}", Path(mistake["file"]).name),
    )


def _read(path: Path) -> bytes:
    # Read a second time: only now is it known which ones were the worst.
    try:
        return thumbnail(read_photo(path))
    except CatdogError:  # gone in the meantime: its words stay
        return b""
