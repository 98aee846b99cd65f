"""The figures as sections of a report: the same ones for the terminal and for HTML."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edge.errors import printable
from edge.report import Bin, Gallery, Heading, Matrix, Paragraph, Picture, Reliability, Section, Table, Tiles

Document = Mapping[str, Any]
WORST = 24  # mistakes that are shown as pictures


def title(model: Path, folders: Sequence[Path]) -> str:
    """Return what the report of a model's answers to the photos of some folders is called."""
    names = (printable(folder.resolve().name) for folder in dict.fromkeys(folders))
    return f"{printable(model.name)} on {', '.join(names)}"


def sections(
    document: Document,
    mistakes: Sequence[Picture] | None = None,
    tiles: Sequence[tuple[str, str]] = (),
    damage: Sequence[Section] = (),
) -> list[Section]:
    """Return the report.

    Args:
        document: what `--json` writes.
        mistakes: the worst ones as pictures; the names alone where they are not given.
        tiles: more (figure, words) for its head.
        damage: sections about damaged photos.
    """
    return [
        *_summary(document, tiles),
        *_folders(document),
        *_classes(document),
        *_confidence(document),
        *damage,
        *_mistakes(document, mistakes),
    ]


def thumbnails(mistakes: Sequence[Document], photos: bool = True) -> list[Picture]:
    """Return the worst mistakes with answer, label, probabilities and file name; without `photos`, these alone."""
    return [
        Picture(
            Path(mistake["file"]) if photos else b"",
            f"says {mistake['answer']}, {mistake['probability']:.1%}",
            (f"labelled {mistake['label']}, {mistake['probability_of_label']:.1%}", Path(mistake["file"]).name),
        )
        for mistake in mistakes[:WORST]
    ]


def among_others(document: Document) -> str:
    """Return what telling the classes apart without the fallback is called: "cat against dog"."""
    fallback = document["model"]["fallback"]
    names = [label for label in document["model"]["labels"] if label != fallback]
    return " against ".join(names) if len(names) == 2 else f"among all but {fallback}"


def _share(share: Document) -> str:
    return "none" if share["share"] is None else f"{share['share']:.1%}"


def _interval(share: Document) -> str:
    """Return a share and its interval in the least space: 77.1 (75.2–78.8)."""
    if share["share"] is None:
        return "none"
    return _with_ends(share["share"], share["low"], share["high"])


def _with_ends(value: float, low: float, high: float) -> str:
    return f"{value * 100:.1f} ({low * 100:.1f}–{high * 100:.1f})"


def _summary(document: Document, more: Sequence[tuple[str, str]]) -> list[Section]:
    accuracy, model = document["accuracy"], document["model"]
    figures: list[tuple[str, ...]] = [
        (_share(accuracy), f"accuracy ({accuracy['low']:.1%} to {accuracy['high']:.1%})"),
        (f"{accuracy['n']:,}", "photos"),
        *_fallback_tiles(document),
        (f"{document['calibration']['ece']:.1%}", "calibration error (ECE)"),
    ]
    if document["macro_f1"] is not None:
        figures.append((f"{document['macro_f1']:.1%}", "mean F1 of the classes"))
    rule = model["fit"]
    words = (
        f"{model['name']} ({model['variant']}, {model['bytes'] / 1e6:.2f} MB) tells {', '.join(model['labels'])} on "
        f"{rule['width']} x {rule['height']} pixels. Intervals hold with 95 % confidence (Wilson)."
    )
    skipped = len(document["skipped"])
    left = [Paragraph(f"{skipped:,} photos could not be read and are in no figure.", "warn")] if skipped else []
    return [Tiles([*figures, *more]), Paragraph(words), *left, *_not_test(document)]


def _fallback_tiles(document: Document) -> list[tuple[str, ...]]:
    figures, name = document["fallback"], document["model"]["fallback"]
    if figures is None:
        return []
    tiles = (
        ("among_others", among_others(document)),
        ("kept", f"of {name} photos are called {name}"),
        ("lost", f"of the other photos are called {name}"),
    )
    return [(_share(figures[key]), words) for key, words in tiles if figures[key]["n"]]


def _not_test(document: Document) -> list[Section]:
    seen = [row["folder"] for row in document["folders"] if row["split"] not in ("test", "val")]
    if not seen:
        return []
    words = f"No test photos: {', '.join(seen)}. If the model has learned from these photos, the figures flatter it."
    return [Paragraph(words)]


def _folders(document: Document) -> list[Section]:
    rows, name = document["folders"], document["model"]["fallback"]
    if len(rows) < 2:
        return []
    columns = ["folder", "split", "photos", "accuracy, %"]
    if document["fallback"] is not None:
        columns += [f"{among_others(document)}, %", f"{name} kept, %", f"called {name}, %"]
    table = []
    for row in rows:
        extra = row["fallback"].values() if row["fallback"] else ()
        shares = [_interval(share) for share in (row["accuracy"], *extra)]
        table.append([row["folder"], row["split"], row["accuracy"]["n"], *shares])
    return [Heading("Folders"), Table(columns, table)]


def _classes(document: Document) -> list[Section]:
    labels, classes = document["model"]["labels"], document["classes"]
    rows = [[label, classes[label]["photos"], *_class_row(classes[label])] for label in labels]
    said = (
        "Precision: how many of the answers are right. Recall: how many of the photos got their answer. "
        "F1 is their harmonic mean."
    )
    caption = "How many photos of each class got which answer; shaded by their share of the row."
    return [
        Heading("Classes"),
        Table(["class", "photos", "precision, %", "recall, %", "F1, %"], rows),
        Paragraph(said),
        Matrix(labels, document["confusion"], caption),
    ]


def _class_row(figures: Document) -> list[str]:
    f1 = figures["f1"]
    last = "none" if f1["value"] is None else _with_ends(f1["value"], f1["low"], f1["high"])
    return [_interval(figures["precision"]), _interval(figures["recall"]), last]


def _confidence(document: Document) -> list[Section]:
    found = document["calibration"]
    bins = [Bin(**row) for row in found["bins"] if row["answers"]]
    chance, lean = found["chance"], "over" if found["confidence"] > found["accuracy"] else "under"
    verdict = f"it is {lean}confident" if found["ece"] > chance["high"] else "this gap may be chance"
    words = (
        f"On average the likeliest class claims {found['confidence']:.1%} and is right {found['accuracy']:.1%}. ECE, "
        f"the mean gap over {len(found['bins'])} bins, is {found['ece']:.2%}; a perfectly calibrated model would show "
        f"{chance['mean']:.2%} on so many photos, and rarely over {chance['high']:.2%}: {verdict}."
    )
    caption = "How often answers of each confidence are right. Bars below the dashed line promise too much."
    return [Heading("Confidence"), Paragraph(words), Reliability(bins, caption)]


def _mistakes(document: Document, pictures: Sequence[Picture] | None) -> list[Section]:
    found = document["mistakes"]
    if not found:
        return [Heading("Mistakes"), Paragraph("None.", "good")]
    pictures = [Picture(b"", *_mistake(mistake)) for mistake in found] if pictures is None else pictures
    caption = f"{len(found):,} wrong answers in all; the most certain ones first."
    return [Heading("Mistakes"), Gallery(pictures, caption)]


def _mistake(found: Document) -> tuple[str, tuple[str, str]]:
    words = f"says {found['answer']:<10} {found['probability']:6.1%}"
    return words, (f"labelled {found['label']:<10}", found["file"])
