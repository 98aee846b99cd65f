"""Two runs side by side: what changed beyond noise, and what speaks against comparing them at all."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edge.bench.measure import FORMAT
from edge.bench.show import shorten
from edge.errors import InputError

Document = Mapping[str, Any]

# Two processes on one machine differ by about so much where nothing changed: an interval within a run knows nothing of
# it. docs/benchmarks.md says how to measure it on a board.
LEAST_CHANGE = 0.03


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


def changes(old: Document, new: Document) -> list[list[object]]:
    """Return rows (model, figure, old, new, change) of what changed by more than noise."""
    before, after = ({m["name"]: m for m in document["models"]} for document in (old, new))
    return [row for name in before if name in after for row in _of_model(name, before[name], after[name])]


def _of_model(name: str, old: Document, new: Document) -> Iterator[list[object]]:
    short = shorten(name)
    for step in ("classify", "invoke"):
        a, b = old[step], new[step]
        if _apart(a, b) and abs(b["p50"] / a["p50"] - 1) > LEAST_CHANGE:
            yield [short, f"{step} p50 ms", f"{a['p50']:.3g}", f"{b['p50']:.3g}", f"{b['p50'] / a['p50'] - 1:+.1%}"]
    for key, unit in (("load", "ms"), ("start", "ms"), ("memory", "MB")):
        a, b = old[key], new[key]
        if a and b and (a["most"] < b["least"] or b["most"] < a["least"]):
            change = b["median"] / a["median"] - 1
            if abs(change) > LEAST_CHANGE:
                yield [short, f"{key} {unit}", f"{a['median']:.3g}", f"{b['median']:.3g}", f"{change:+.1%}"]
    if old["accuracy"] and new["accuracy"] and _apart(old["accuracy"], new["accuracy"]):
        a, b = old["accuracy"]["share"], new["accuracy"]["share"]
        yield [short, "accuracy", f"{a:.1%}", f"{b:.1%}", f"{(b - a) * 100:+.1f} points"]
    if old["bytes"] != new["bytes"]:
        yield [short, "bytes", old["bytes"], new["bytes"], f"{new['bytes'] / old['bytes'] - 1:+.1%}"]


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
    for key, what in (("board", "board"), ("cpu", "processor"), ("cores", "number of cores")):
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
