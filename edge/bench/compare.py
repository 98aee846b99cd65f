"""Two runs side by side: what changed beyond noise, and what speaks against comparing them at all."""

import json
import math
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from edge.bench.measure import FORMAT
from edge.bench.show import shorten
from edge.errors import InputError

Document = Mapping[str, Any]

# Two processes on one machine differ by about so much where nothing changed: an interval within a run knows nothing of
# it. docs/benchmarks.md says how to measure it on a board.
LEAST_CHANGE = 0.03
TOLERANCE = 0.10  # of --against: heat, updates of the system and its other programs move a board by some per cent
BOARDS = Path("docs/boards")
# What milliseconds hang on; key of machine.facts -> what people call it.
_MACHINE = {"board": "board", "cpu": "processor", "cores": "number of cores"}


class Change(NamedTuple):
    """A figure that changed beyond noise.

    `loss` is by what share it became worse, below 0 where it became better; infinite for accuracy that was lost, which
    no tolerance covers. All else is for people.
    """

    model: str
    figure: str
    old: str
    new: str
    change: str
    loss: float


def read(path: Path) -> dict[str, Any]:
    """Return what `catdog bench --json` wrote.

    Raises:
        InputError: the file cannot be read or is something else.
    """
    remedy = "Give a file that catdog bench --json wrote"
    try:
        document = json.loads(path.read_bytes())
        if document["format"] != FORMAT or not all(isinstance(m["classify"]["low"], float) for m in document["models"]):
            raise ValueError
    except OSError as fault:
        raise InputError(path, f"cannot be read ({fault.strerror})", remedy) from None
    except (ValueError, KeyError, TypeError):
        raise InputError(path, "is no benchmark of this version", remedy) from None
    assert isinstance(document, dict)
    return document


def reference(word: str, models: Collection[str], machine: Document) -> dict[str, Any]:
    """Return the run that --against names, once it is sure that something can be held against it.

    Args:
        word: a file, or what docs/boards has one of that name for.
        models, machine: the names of what is to be measured, and the `machine.facts` of this one.

    Raises:
        InputError: it is no benchmark, or one of another machine or of other models.
    """
    path = Path(word)
    path = path if path.exists() or path.suffix else BOARDS / f"{word}.json"
    document = read(path)
    for key, what in _MACHINE.items():
        if (then := document["machine"][key]) != (now := machine[key]):
            raise InputError(path, f"was measured with another {what} ({then}; here: {now})", "Take --compare for that")
    if not set(models) & {m["name"] for m in document["models"]}:
        raise InputError(path, f"has none of {', '.join(models)} in it", "Measure the models that it has")
    return document


def changes(old: Document, new: Document) -> list[Change]:
    """Return what changed by more than noise."""
    before, after = ({m["name"]: m for m in document["models"]} for document in (old, new))
    return [row for name in before if name in after for row in _of_model(name, before[name], after[name])]


def _of_model(name: str, old: Document, new: Document) -> Iterator[Change]:
    short = shorten(name)
    for step in ("classify", "invoke"):
        a, b = old[step], new[step]
        if _apart(a, b) and abs(b["p50"] / a["p50"] - 1) > LEAST_CHANGE:
            yield _grown(short, f"{step} p50 ms", a["p50"], b["p50"])
    for key, unit in (("load", "ms"), ("start", "ms"), ("memory", "MB")):
        a, b = old[key], new[key]
        apart = a and b and (a["most"] < b["least"] or b["most"] < a["least"])
        if apart and abs(b["median"] / a["median"] - 1) > LEAST_CHANGE:
            yield _grown(short, f"{key} {unit}", a["median"], b["median"])
    if old["accuracy"] and new["accuracy"] and _apart(old["accuracy"], new["accuracy"]):
        a, b = old["accuracy"]["share"], new["accuracy"]["share"]
        loss = math.inf if b < a else a - b
        yield Change(short, "accuracy", f"{a:.1%}", f"{b:.1%}", f"{(b - a) * 100:+.1f} points", loss)
    if old["bytes"] != new["bytes"]:
        yield _grown(short, "bytes", old["bytes"], new["bytes"], "d")


def _grown(model: str, figure: str, old: float, new: float, form: str = ".3g") -> Change:
    """Return the change of a figure of which less is better."""
    loss = new / old - 1
    return Change(model, figure, f"{old:{form}}", f"{new:{form}}", f"{loss:+.1%}", loss)


def _apart(a: Document, b: Document) -> bool:
    """True when two 95 % intervals do not touch: stricter than a test at 5 %."""
    return bool(a["high"] < b["low"] or b["high"] < a["low"])


def notes(old: Document, new: Document) -> list[str]:
    """Return what to know before believing the changes."""
    found = []
    for name, document in (("old", old), ("new", new)):
        if document["disturbed"]:
            found.append(f"The {name} run was disturbed: {'; '.join(document['disturbed'])}.")
        if document["quick"]:
            found.append(f"The {name} run was a quick one.")
    for key, what in _MACHINE.items():
        a, b = old["machine"][key], new["machine"][key]
        if a != b:
            found.append(f"Another {what}: {a} then, {b} now.")
    for name, version in new["machine"]["versions"].items():
        earlier = old["machine"]["versions"].get(name)
        if earlier != version:
            found.append(f"{name} was {earlier} and is {version}.")
    if old["threads"][0] != new["threads"][0]:
        found.append(f"Measured with {old['threads'][0]} threads then, {new['threads'][0]} now.")
    before, after = ({m["name"] for m in document["models"]} for document in (old, new))
    found.extend(f"{name}: only in the old run." for name in sorted(before - after))
    found.extend(f"{name}: only in the new run." for name in sorted(after - before))
    return found
