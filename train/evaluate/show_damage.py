"""The whole report of an evaluation: the figures, and the robustness table with its plot and its pictures."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edge.evaluate import show
from edge.report import Bars, Details, Gallery, Heading, Paragraph, Picture, Section, Table
from edge.statistics import percent
from train.corruptions import STRENGTHS

Document = Mapping[str, Any]


def sections(
    document: Document,
    mistakes: Sequence[Picture] | None = None,
    examples: Mapping[str, Sequence[Picture]] | None = None,
) -> list[Section]:
    """Return the report of what `--json` writes; `mistakes` as edge.evaluate.show has them, `examples` as below."""
    return show.sections(document, mistakes, _worst(document), _robustness(document, examples or {}))


def _worst(document: Document) -> list[tuple[str, str]]:
    """Return the figure of the moderate damage that costs most, and its words; nothing where it was not measured."""
    if document["robustness"] is None:
        return []
    rows = [(row["name"], row["strengths"]["moderate"]["accuracy"]["share"]) for row in document["robustness"]["rows"]]
    name, share = min(rows, key=lambda row: row[1])
    return [(f"{share:.1%}", f"worst moderate damage: {name}")]


def _robustness(document: Document, examples: Mapping[str, Sequence[Picture]]) -> list[Section]:
    """Return tables, a plot and pictures of the damage; nothing where it was not measured.

    Args:
        document: what `--json` writes.
        examples: strength -> one photo under every corruption; empty for a terminal.
    """
    found = document["robustness"]
    if found is None:
        return []
    plain = found["undamaged"]["accuracy"]
    words = (
        f"The same {found['photos']:,} photos again, damaged before they are cropped and resized. As they are, "
        f"{percent(plain['hits'], plain['n'])} are right."
    )
    bars = {"as they are": plain, **{row["name"]: row["strengths"]["moderate"]["accuracy"] for row in found["rows"]}}
    chart = Bars(
        {name: share["share"] for name, share in bars.items()},
        ".1%",
        "Accuracy under moderate damage, with 95 % intervals.",
        {name: (share["low"], share["high"]) for name, share in bars.items()},
        1.0,
    )
    return [
        Heading("Robustness"),
        Paragraph(words),
        _table(found, lambda scores: scores["accuracy"], "Accuracy"),
        *_table_among_others(document),
        chart,
        *_examples(examples),
    ]


def _table(found: Document, chosen: Callable[[Document], Document], caption: str) -> Section:
    undamaged = chosen(found["undamaged"])["share"]
    rows: list[list[object]] = [["as they are", *[undamaged] * len(STRENGTHS), ""]]
    for row in found["rows"]:
        cells = [row["strengths"][strength] for strength in STRENGTHS]
        numbers = " / ".join(f"{cell['value']:g}" for cell in cells)
        rows.append([row["name"], *(chosen(cell)["share"] for cell in cells), f"{row['measure']}: {numbers}"])
    return Table(["damage", *STRENGTHS, "strengths"], rows, dict.fromkeys(STRENGTHS, ".1%"), caption)


def _table_among_others(document: Document) -> list[Section]:
    """Return the table of how well the classes other than the fallback are told apart, where there is one."""
    found = document["robustness"]
    fallback = found["undamaged"]["fallback"]
    if fallback is None or not fallback["among_others"]["n"]:
        return []
    caption = f"Accuracy, {show.among_others(document)}"
    return [_table(found, lambda scores: scores["fallback"]["among_others"], caption)]


def _examples(examples: Mapping[str, Sequence[Picture]]) -> list[Section]:
    """Return one photo under moderate damage, and under the other strengths behind a click."""
    if not examples:
        return []
    caption = "One photo under each moderate damage, and what the model says to it."
    shown: list[Section] = [Heading("What the damage looks like", 3), Gallery(examples["moderate"], caption)]
    return [*shown, *(Details(f"The same, {s}", [Gallery(examples[s])]) for s in STRENGTHS if s != "moderate")]
