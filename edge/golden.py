"""Golden pictures: a few that a model file carries with the answers it gave where it was made, asked again elsewhere.

A digest proves that the file is the same; it says nothing of this machine's runtime, processor and OpenCV. The golden
answers do. Some of the pictures are drawn here and cost the file nothing: they go through the whole fit rule. Others
are photos of the input's size, kept as JPEG.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge import runtime
from edge.classifier import Classifier
from edge.errors import ModelError
from edge.fit import Image
from edge.photo import decode_photo

FOLDER = "golden"
_ANSWERS = f"{FOLDER}/answers.json"
# Name -> rows and columns of patches: one upright, one wide, one square.
_DRAWN = {"drawn-upright": (8, 6), "drawn-wide": (6, 9), "drawn-square": (7, 7)}
_PATCH = 40  # pixels
# By how much a probability may differ. Runtimes and processors round alike but for the last bit; five of int8's steps
# of 1/256 are what such bits make in the end.
TOLERANCES = {"float32": 0.001, "float16": 0.005, "dynamic": 0.02, "int8": 0.02}


class Outcome(NamedTuple):
    """What the golden pictures said: how many there are, the largest difference of a probability, the most allowed."""

    pictures: int
    largest: float
    tolerance: float


def make(classifier: Classifier, photos: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files that a model carries, to be given to `edge.contract.seal`.

    The model is sealed without them; `photos` are JPEGs by name, each of about the input's size.
    """
    kept = {f"{FOLDER}/{name}": jpeg for name, jpeg in photos.items()}
    answers = {name: classifier.predict(image).tolist() for name, image in _pictures((*_DRAWN, *kept), kept)}
    document = {"tolerance": TOLERANCES[classifier.contract.variant], "answers": answers}
    return {_ANSWERS: json.dumps(document).encode(), **kept}


def draw(name: str) -> Image:
    """Return a picture uint8 (height, width, 3), BGR, of coloured patches: the same one on every machine for ever."""
    rows, columns = _DRAWN[name]
    # A hash, because numpy does not promise that its random numbers stay the same from version to version.
    noise = hashlib.shake_128(name.encode()).digest(rows * columns * 3)
    patches = np.frombuffer(noise, np.uint8).reshape(rows, columns, 3)
    return patches.repeat(_PATCH, 0).repeat(_PATCH, 1)


def check(classifier: Classifier) -> Outcome | None:
    """Ask a model about its golden pictures; None where it carries none, as files of earlier versions do.

    Raises:
        ModelError: an answer differs by more than the file allows, or its golden part makes no sense.
    """
    written = classifier.associated(_ANSWERS)
    if written is None:
        return None
    try:
        document = json.loads(written)
        tolerance, answers = float(document["tolerance"]), dict(document["answers"])
        kept = {name: classifier.associated(name) or b"" for name in answers if name not in _DRAWN}
        differences = {
            name: float(np.abs(classifier.predict(image) - np.array(answers[name])).max())
            for name, image in _pictures(tuple(answers), kept)
        }
        worst = max(differences, key=differences.__getitem__)
    except (KeyError, TypeError, ValueError) as fault:
        wrong = f"has golden answers that make no sense ({fault!r})"
        raise ModelError(classifier.path, wrong, "Convert the model again") from None
    if not differences[worst] <= tolerance:
        raise ModelError(
            classifier.path,
            f"answers otherwise on this machine than where it was made: {worst} differs by {differences[worst]:.3f}, "
            f"{tolerance:g} is allowed",
            f"Install the versions in docs/dependencies.md ({runtime.NAME} is in use here), or take another variant",
        )
    return Outcome(len(differences), differences[worst], tolerance)


def _pictures(names: tuple[str, ...], kept: Mapping[str, bytes]) -> Iterator[tuple[str, Image]]:
    for name in names:
        yield name, draw(name) if name in _DRAWN else decode_photo(kept[name], name)


def before_first_use(classifier: Classifier) -> None:
    """Check a model's golden answers, once for each model, machine and runtime; later starts cost a look at a file.

    Raises:
        ModelError: as `check`.
    """
    stamp = _stamp(classifier)
    if stamp is not None and stamp.exists():
        return
    check(classifier)
    if stamp is not None:
        with suppress(OSError):  # a read-only disk: asked again the next time
            stamp.parent.mkdir(parents=True, exist_ok=True)
            stamp.touch()


def _stamp(classifier: Classifier) -> Path | None:
    """Return the file that says that a model has been checked here; None where there is no place for one."""
    folder = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - Path.expanduser raises where there is no home
    if not Path(folder).is_absolute():
        return None
    # A home folder may be shared by several machines.
    machine = os.uname().nodename if hasattr(os, "uname") else ""
    facts = (classifier.digest, machine, *runtime.identity())
    return Path(folder, "catdog", "checked", hashlib.sha256(repr(facts).encode()).hexdigest()[:32])
