"""Print the table of the shipped models as Markdown, from models/NAME.evaluation.json and the files beside it."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from edge.statistics import percent  # noqa: E402

NAMES = ("default", "small", "origin")
COLUMNS = (
    "model",
    "cats-dogs test_set, cat against dog",
    "breeds, cat against dog",
    "scenes called neither",
    "pets of test_set called neither",
    "ECE, test_set",
    "int8 file",
)


def table(models: Path) -> str:
    """Return a row for each model in `models` that was evaluated: shares in percent with 95 % intervals."""
    rows = [COLUMNS, ("---",) * len(COLUMNS)]
    rows += [_row(name, models) for name in NAMES if (models / f"{name}.evaluation.json").exists()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(name: str, models: Path) -> tuple[str, ...]:
    evaluation = json.loads((models / f"{name}.evaluation.json").read_bytes())
    folders = {Path(part["folder"]).name: part for part in evaluation["folders"]}
    pets, breeds, scenes = (folders.get(folder) for folder in ("cats-dogs", "breeds", "neither"))
    size = (models / f"{name}.int8.tflite").stat().st_size
    return (
        f"[{name}](../models/{name}.md)",
        _share(pets, "among_others"),
        _share(breeds, "among_others"),
        _share(scenes, "kept"),
        _share(pets, "lost"),
        f"{pets['calibration']['ece']:.1%}".replace("%", " %") if pets else "-",
        f"{size / 1e6:.2f} MB",
    )


def _share(part: Mapping[str, Any] | None, kind: str) -> str:
    """Return a share with its interval; a model without a fallback tells its classes apart and does no more."""
    if part and part["fallback"]:
        share = part["fallback"][kind]
    elif part and kind == "among_others":
        share = part["accuracy"]
    else:
        return "-"
    return percent(share["hits"], share["n"])


if __name__ == "__main__":
    print(table(ROOT / "models"))
