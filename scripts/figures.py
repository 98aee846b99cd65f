"""Write the figures of README.md, docs/models.md and docs/architecture.md, the models' cards and docs/reports, out of
what was measured:

    python scripts/figures.py

They come from models/NAME.json, .certificate.json, .evaluation.json (`make models`), .clips.json (scripts/shares.py),
docs/boards/*.json (`make bench`) and docs/code.json (scripts/code_size.py). What was measured once, and is no longer to
be had from such a file, stands in docs/measured.json. A test (tests/docs) finds where pages and files differ.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import fill
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from convert.card import table
from edge.evaluate import show
from edge.files import write_atomically
from edge.report import as_html
from edge.statistics import percent
from scripts.make_models import MODELS, card_of
from scripts.pages import put
from train.evaluate import show_damage

Json = Mapping[str, Any]
SHOWS = {
    "people": "an empty room, people walk in and out",
    "cat": "a cat climbs onto a chair",
    "dog": "a dog, small, crosses a meadow: too far away",
}


def pages(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each page that shows figures, and its text as it must be."""
    models = root / "models"
    told = {
        "README.md": {"figures": _front(root)},
        "docs/models.md": {
            "small": _unshipped("small", models),
            "models": _rates(models),
            "aims": _aims(models),
            "clips": _clips(models),
        },
        "docs/architecture.md": {"size": _code(root)},
    }
    for name, blocks in told.items():
        text = (root / name).read_text("utf-8")
        for block, content in blocks.items():
            text = put(text, block, content)
        yield root / name, text
    for model in MODELS:
        certificate = models / f"{model.name}.certificate.json"
        # origin's is of before there were any sets, and so is its card
        if certificate.exists() and "sets" in _read(certificate)["variants"][0]:
            yield models / f"{model.name}.md", card_of(model, models)
    for page in sorted((root / "docs/reports").glob("*.html")):
        yield page, _report(models / f"{page.stem}.evaluation.json")


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_bytes()))


def _report(evaluation: Path) -> str:
    """Return the page that `python -m train evaluate --html PAGE --no-photos` wrote of this evaluation."""
    document = _read(evaluation)
    title = show.title(Path(document["model"]["file"]), [Path(part["folder"]) for part in document["folders"]])
    sections = show_damage.sections(document, show.thumbnails(document["mistakes"], photos=False))
    return as_html(title, sections, document["command"]).decode()


def _front(root: Path) -> str:
    models, rows = root / "models", []
    named = {"default": " (shipped)", "small": " (for the smallest boards)", "origin": ", the teaching example"}
    for name, about in named.items():
        if _shipped(name, models):
            pets, breeds, scenes, *_ = _figures(name, models)
            said = "it knows no third answer" if name == "origin" else scenes
            rows.append((f"{name}{about}", _size(name, models), pets, breeds, said))
    head = ("model", "int8 file", "cat against dog, 2,000 photos", "2,000 photos of other origin",
            "800 scenes called neither")  # fmt: skip
    learned = sum(n for kind, n in _read(models / "default.json")["photos"].items() if kind.startswith("train/"))
    prose = f"""Photos that they never saw, with 95 % intervals. The default model is a MobileNetV2 that learned from
{learned:,} photos. {_speed(root)}"""
    return f"{table(head, rows)}\n{fill(prose, 120)}"


def _speed(root: Path) -> str:
    """Return the speed of the default model on the first machine that was measured."""
    path = min((root / "docs/boards").glob("*.json"))
    board = _read(path)
    ms = {row["variant"]: row["classify"]["p50"] for row in board["models"] if row["name"].startswith("default.")}
    cpu, date = board["machine"]["cpu"], board["started"][:10]
    return f"On one core of an {cpu} its int8 file answers a frame in {ms['int8']:.1f} ms, \
{ms['float32'] / ms['int8']:.1f} times as fast as its float32 ([benchmarks](docs/benchmarks.md), {date})."


def _rates(models: Path) -> str:
    head = ("model", "cats-dogs test_set, cat against dog", "breeds, cat against dog", "scenes called neither",
            "pets of test_set called neither", "ECE, test_set", "int8 file")  # fmt: skip
    shipped = [name for name in ("default", "small", "origin") if _shipped(name, models)]
    rows = [(f"[{name}](../models/{name}.md)", *_figures(name, models), _size(name, models)) for name in shipped]
    return table(head, rows)


def _unshipped(name: str, models: Path) -> str:
    """Return what was found of a model that is measured and not shipped."""
    if _shipped(name, models):
        return f"`{name}` is for the smallest boards."
    two_way, breeds, scenes, lost, ece = _figures(name, models)
    model = _read(models / f"{name}.evaluation.json")["model"]
    size, side = model["bytes"], model["fit"]["height"]
    prose = f"""A `{name}` one (MobileNetV2 0.35 at {side} px) has its recipe in `make models`. It was
made and not shipped, as it is not right often enough: {two_way} of test_set, where 97.0 % is the floor, {breeds} of
breeds (95.0 %), {scenes} of scenes (94.0 %); {lost} of pets called neither, calibration error {ece}, {size / 1e6:.2f}
MB."""
    return fill(prose, 120)


def _figures(name: str, models: Path) -> tuple[str, str, str, str, str]:
    pets, breeds, scenes = _folders(name, models)
    return (
        _share(pets, "among_others"),
        _share(breeds, "among_others"),
        _share(scenes, "kept"),
        _share(pets, "lost"),
        f"{pets['calibration']['ece'] * 100:.1f} %" if pets else "-",
    )


def _aims(models: Path) -> str:
    """Return what the default model was to reach, and what it does."""
    pets, breeds, scenes = (part or {} for part in _folders("default", models))
    keras, *_, int8 = _read(models / "default.certificate.json")["variants"]
    damage = [row["strengths"]["moderate"]["accuracy"]["share"] for row in
              _read(models / "default.evaluation.json")["robustness"]["rows"]]  # fmt: skip
    loss = (keras["right"] - int8["right"]) / keras["photos"]
    rows = [
        _aim("test_set, cat against dog", 0.987, pets["fallback"]["among_others"]["share"]),
        _aim("breeds, cat against dog", 0.98, breeds["fallback"]["among_others"]["share"]),
        _aim("scenes called neither", 0.965, scenes["fallback"]["kept"]["share"]),
        _aim("pets of test_set called neither", 0.012, pets["fallback"]["lost"]["share"], at_most=True),
        _aim("calibration error on test_set", 0.01, pets["calibration"]["ece"], at_most=True),
        _aim(f"int8 against its own Keras model, loss (McNemar p {int8['mcnemar_p']:.2f})", 0.002, loss, at_most=True),
        _aim("int8 against its own Keras model, the same answers", 0.995, int8["agreement"]),
        _aim("the worst of ten kinds of damage at moderate strength", 0.9, min(damage)),
    ]
    return table(("aim", "floor", "measured"), rows)


def _aim(what: str, floor: float, share: float, at_most: bool = False) -> tuple[str, str, str]:
    short = share > floor if at_most else share < floor
    digits = 2 if floor < 0.01 else 1
    said = f"{floor * 100:.1f} %{' at most' if at_most else ''}"
    return what, said, f"{share * 100:.{digits}f} %{': short' if short else ''}"


def _clips(models: Path) -> str:
    """Return what the default model says to clips; the most frequent answer has its interval."""
    rows = []
    for part in _read(models / "default.clips.json")["parts"]:
        shown = SHOWS.get(part["clip"], part["label"]) if part["label"] == "all" else part["label"]
        when = f", {part['start_s']:.0f} to {part['end_s']:.0f} s" if part["end_s"] else ""
        frames = sum(part["answers"].values())
        (first, hits), *others = part["answers"].items()
        said = [f"{first} {percent(hits, frames)}", *(f"{label} {n / frames * 100:.1f} %" for label, n in others)]
        rows.append((f"{part['clip']}{when}", shown, str(frames), ", ".join(said)))
    return table(("clip", "shows", "frames", "answers"), rows)


def _code(root: Path) -> str:
    size = _read(root / "docs/code.json")
    rows = [
        (
            key.replace("_", " "),
            *(f"{row[key]:,g}" if isinstance(row[key], float) else str(row[key]) for row in size.values()),
        )
        for key in next(iter(size.values()))
    ]
    return table(("", *size), rows)


def _shipped(name: str, models: Path) -> bool:
    return (models / f"{name}.int8.tflite").exists()


def _size(name: str, models: Path) -> str:
    return f"{(models / f'{name}.int8.tflite').stat().st_size / 1e6:.2f} MB"


def _folders(name: str, models: Path) -> tuple[Json | None, Json | None, Json | None]:
    """Return what was measured on the pets, on those of other origin, and on scenes without any."""
    folders = {Path(part["folder"]).name: part for part in _read(models / f"{name}.evaluation.json")["folders"]}
    return folders.get("cats-dogs"), folders.get("breeds"), folders.get("neither")


def _share(part: Json | None, kind: str) -> str:
    """Return a share with its interval; a model without a fallback tells its classes apart and does no more."""
    if part and part["fallback"]:
        share = part["fallback"][kind]
    elif part and kind == "among_others":
        share = part["accuracy"]
    else:
        return "-"
    return percent(share["hits"], share["n"])


if __name__ == "__main__":
    for page, text in pages(ROOT):
        write_atomically(page, text.encode())
