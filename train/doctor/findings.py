"""From what was seen to what is said: every rule of the doctor, one short function each.

A finding asks for one of three things: "exclude" goes into the exclusion list, "look" goes there behind a # for a
person to decide, "note" is said and no more. All thresholds stand here; docs/doctor.md tells how they were found.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from train.dataset import JUDGES
from train.doctor import formats
from train.doctor.scan import Photo
from train.doctor.suspects import Judgement
from train.similar import Pair

EXCLUDE, LOOK, NOTE = "exclude", "look", "note"

TINY = 32  # pixels of the shorter side: less than any network here takes
BLANK = 3.0  # levels of contrast: fog, a lens cap, one colour
BLURRED = 0.012  # of looks.Looks.sharpness
DRAWN = 0.28  # of looks.Looks.drawn: 7 of 10,000 web photos reach it, and all 7 are drawings or placards
_USUAL = 0.005  # share of a class from which on such looks are its own: motorbikes cut out on white, say
_DRAWN_WEIGHT = 6.0  # standard deviations of strangeness that 1.0 of `drawn` is worth
STRANGE, RATHER_STRANGE = 7.0, 4.5  # strangeness + _DRAWN_WEIGHT * drawn
_AGREEMENT_WEIGHT = 1.5  # of neighbours against the classifier's margin
WRONG, RATHER_WRONG = -0.8, -0.2  # margin + _AGREEMENT_WEIGHT * agreement
TRUSTED = 0.95  # accuracy of the classifier below which it may only suggest

KINDS = {  # in the order of the report: kind -> what it means and what comes of it
    "unreadable": "No program can learn from these files. Training skips them.",
    "cut off": "The end of the file is missing, so part of the picture is grey or garbage.",
    "two classes": "The same picture lies in folders of different classes, so one of them is wrong.",
    "leak": "The same picture lies in two splits: a model would be judged by what it has learned.",
    "wrong class": "A classifier that has not seen the photo, and its neighbours, take it for another class.",
    "no photo": "Few colours with hard edges between them: drawings, placards, logos.",
    "strange": "Like no other photo of the data set: often nothing of the class is in it.",
    "blank": "One colour and no contrast.",
    "tiny": "Too few pixels to show anything.",
    "blurred": "Hardly any detail.",
    "copy": "The same picture more than once in one class. Training keeps one of exact copies.",
    "wrong name": "The name's ending says another format than the content. Some programs refuse such files.",
    "rotated": "Upright by EXIF only. This product honours it; libraries that do not would learn it sideways.",
    "animated": "More than one picture in the file. The first one is used.",
    "colour mode": "Converted to 8-bit colour: grey, palette, CMYK, 16 bits; transparency is dropped.",
    "other file": "Lies in a class folder and is no photo by its name. It is ignored.",
}


class Finding(NamedTuple):
    """Something about one photo."""

    kind: str  # a key of KINDS
    action: str  # "exclude", "look" or "note"
    path: Path  # of the photo, as the next three
    label: str
    split: str
    digest: str
    reason: str
    score: float | None = None  # how strongly, where the kind has a score; greater is worse
    other: Path | None = None  # the photo it is a copy of


def _find(photo: Photo, kind: str, action: str, reason: str, score: float | None = None) -> Finding:
    # Who lets a classifier choose the photos that it is judged by, measures nothing: a person decides about those.
    action = LOOK if action == EXCLUDE and photo.split == "test" else action
    rounded = None if score is None else round(score, 3)
    return Finding(kind, action, photo.path, photo.label, photo.split, photo.digest, reason, rounded)


def of_file(photo: Photo) -> Iterator[Finding]:
    """Yield what one file says against itself."""
    facts, scan, suffix = photo.scan.facts, photo.scan, photo.path.suffix
    if scan.fault:
        foreign = facts.format not in (*formats.SUFFIXES, "unknown", "empty")
        yield _find(photo, "unreadable", EXCLUDE, f"is {facts.format}, no photo" if foreign else scan.fault)
        return
    if not facts.whole:
        yield _find(photo, "cut off", EXCLUDE, f"the {facts.format} file ends early")
    if facts.format in formats.SUFFIXES and not facts.fits(suffix):
        yield _find(photo, "wrong name", NOTE, f"{suffix or 'no suffix'}, but the content is {facts.format}")
    if facts.orientation != 1:
        yield _find(photo, "rotated", NOTE, f"EXIF orientation {facts.orientation}")
    if facts.animated:
        yield _find(photo, "animated", NOTE, f"animated {facts.format}")
    if facts.mode != "colour":
        yield _find(photo, "colour mode", NOTE, f"{facts.mode} ({facts.format})")
    yield from _of_pixels(photo)


def _of_pixels(photo: Photo) -> Iterator[Finding]:
    scan, looks = photo.scan, photo.scan.looks
    assert looks is not None
    if min(scan.height, scan.width) < TINY:
        yield _find(photo, "tiny", LOOK, f"{scan.width} x {scan.height} pixels")
    elif looks.contrast < BLANK:
        yield _find(photo, "blank", EXCLUDE, f"contrast of {looks.contrast:.1f} levels of 255")
    elif looks.sharpness < BLURRED:
        yield _find(photo, "blurred", NOTE, "hardly any detail", -looks.sharpness)


def of_drawings(photos: Sequence[Photo]) -> Iterator[Finding]:
    """Yield the drawings, placards and logos; suggested only, where too many of the class look so."""
    drawn = [photo for photo in photos if photo.scan.looks and photo.scan.looks.drawn >= DRAWN]
    photos_of, drawn_of = (Counter(photo.label for photo in group) for group in (photos, drawn))
    for photo in drawn:
        assert photo.scan.looks is not None
        rare = drawn_of[photo.label] <= max(3, _USUAL * photos_of[photo.label])
        yield _find(photo, "no photo", EXCLUDE if rare else LOOK, "few colours, hard edges", photo.scan.looks.drawn)


def of_copies(photos: Sequence[Photo]) -> Iterator[Finding]:
    """Yield the files that hold the same bytes as an earlier one."""
    by_digest: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        if photo.digest:
            by_digest[photo.digest].append(photo)
    for first, *copies in by_digest.values():
        for photo in copies:
            yield _copy(first, photo, "the same file", exact=True)


def of_pairs(photos: Sequence[Photo], pairs: Sequence[Pair]) -> Iterator[Finding]:
    """Yield the near-duplicates; `pairs` are of positions in `photos`, which hold each digest once."""
    for pair in pairs:
        words = f"the same shot{' mirrored' if pair.mirrored else ''}, {pair.likeness:.0%} alike"
        yield _copy(photos[pair.first], photos[pair.second], words, exact=False)


def _copy(first: Photo, second: Photo, words: str, exact: bool) -> Finding:
    first, second = sorted((first, second), key=lambda photo: JUDGES.index(photo.split))
    if first.label != second.label:
        # An exact copy cannot be right twice; near ones may be two pictures, e.g. a placard for each class.
        found = _find(second, "two classes", EXCLUDE if exact else LOOK, f"{words} as one of class {first.label}")
    elif first.split != second.split:
        # A digest would exclude both files of an exact copy; training itself keeps the one that judges.
        found = _find(second, "leak", NOTE if exact else EXCLUDE, f"{words} as one of split {first.split}")
    else:
        found = _find(second, "copy", NOTE, words)
    return found._replace(other=first.path)


def of_judgement(photos: Sequence[Photo], judged: Judgement, labels: Sequence[str]) -> Iterator[Finding]:
    """Yield the photos that do not look like their class."""
    wrong = judged.margin + _AGREEMENT_WEIGHT * judged.agreement
    trusted = judged.accuracy >= TRUSTED
    drawn = np.array([photo.scan.looks.drawn if photo.scan.looks else 0.0 for photo in photos])
    strange = judged.strangeness + _DRAWN_WEIGHT * drawn
    for i, photo in enumerate(photos):
        if wrong[i] <= RATHER_WRONG:
            words = (
                f"looks like {labels[judged.answer[i]]}; {judged.agreement[i]:.0%} of its neighbours are {photo.label}"
            )
            yield _find(photo, "wrong class", EXCLUDE if wrong[i] <= WRONG and trusted else LOOK, words, -wrong[i])
        if strange[i] >= RATHER_STRANGE and drawn[i] < DRAWN:
            words = f"{judged.strangeness[i]:.1f} standard deviations from its class"
            yield _find(photo, "strange", EXCLUDE if strange[i] >= STRANGE and trusted else LOOK, words, strange[i])


def of_folders(photos: Sequence[Photo]) -> Iterator[Finding]:
    """Yield the visible files beside the photos that are none by their names."""
    known = {photo.path for photo in photos}
    sample = {photo.path.parent: photo for photo in photos}
    for folder, photo in sorted(sample.items()):
        for path in sorted(folder.iterdir()):
            if path not in known and path.is_file() and not path.name.startswith("."):
                yield Finding("other file", NOTE, path, photo.label, photo.split, "", path.suffix or "no suffix")


def arrange(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings in the order of the report: by kind, the worst first."""
    order = list(KINDS)
    return sorted(findings, key=lambda f: (order.index(f.kind), -(f.score or 0.0), str(f.path)))
