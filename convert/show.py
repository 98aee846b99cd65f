"""The certificate as sections of a report: the same ones for the terminal and for HTML."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from convert.calibration import ENOUGH
from convert.certify import Flip
from edge.report import Gallery, Heading, Paragraph, Picture, Section, Table, Tiles

Document = Mapping[str, Any]


def sections(document: Document, flips: Sequence[Flip] = ()) -> list[Section]:
    """Return the report.

    Args:
        document: what NAME.certificate.json holds.
        flips: of photos that are to be seen; of the others that a variant answers otherwise than Keras, words alone.
    """
    return [
        *_summary(document),
        *_variants(document),
        *_folders(document),
        *_flips(document, {flip.file: flip.path for flip in flips}),
    ]


def _summary(document: Document) -> Iterator[Section]:
    keras, int8 = document["variants"][0], document["variants"][-1]
    yield Tiles(
        [
            (f"{int8['accuracy']:.2%}", f"accuracy of {title(int8)} ({_ends(int8, 'accuracy')})"),
            (f"{keras['accuracy']:.2%}", f"accuracy of Keras ({_ends(keras, 'accuracy')})"),
            (f"{int8['agreement']:.2%}", f"of {title(int8)}'s answers are Keras' ({_ends(int8, 'agreement')})"),
            (f"{document['photos']:,}", f"photos ({document['what']})"),
        ]
    )
    yield from (Paragraph(f"Over budget: {line}.", "bad") for line in document["missed"])
    if not document["missed"]:
        budget = document["budget"]
        yield Paragraph(
            f"Within the budget: no variant loses more than {budget['max_drop_points']:g} points of accuracy, and each "
            f"gives Keras' answer to at least {budget['min_agreement_percent']:g} % of the photos, both rounded up to "
            "whole photos.",
            "good",
        )
    yield from _remarks(document)


def _remarks(document: Document) -> Iterator[Section]:
    calibration, replaced = document["calibration"], document["plain_int8"]
    if calibration["photos"] < ENOUGH:
        yield Paragraph(
            f"int8 took its ranges from {calibration['photos']} training photos, all there are; {ENOUGH} or more make "
            "them surer.",
            "warn",
        )
    if document["what"] == "all":
        yield Paragraph("No photos are kept for testing: the model may have learned from these, which flatters it.")
    if replaced:
        yield Paragraph(
            f"Plain int8 was over budget ({replaced['accuracy']:.2%} right, agrees on {replaced['agreement']:.2%}). "
            f"{document['variants'][-1]['variant']} is the second attempt, with these layers in float, chosen on "
            f"calibration photos: {', '.join(document['variants'][-1]['float_layers'])}."
        )


def title(row: Document) -> str:
    """Return what a row of the certificate is called, e.g. "int8 (3 layers in float)"."""
    count = len(row.get("float_layers", ()))
    return f"{row['variant']} ({count} {'layer' if count == 1 else 'layers'} in float)" if count else row["variant"]


def _variants(document: Document) -> list[Section]:
    columns = ["variant", "bytes", "accuracy, % (95 %)", "agrees, % (95 %)", "largest", "mean", "lost", "won", "p"]
    rows = [
        [
            title(row),
            row["bytes"],
            *(_with_ends(row, name) for name in ("accuracy", "agreement")),
            *(row[name] for name in ("largest", "mean", "lost", "won", "mcnemar_p")),
        ]
        for row in document["variants"]
    ]
    said = (
        "The same photos through Keras and through the code that runs on the device, each with its 95 % interval. "
        "Agrees: the answer is Keras'. Largest, mean: difference of a probability from Keras'. Lost: photos that Keras "
        "alone got right; won: photos that the variant alone did; p: how often mere chance would part lost and won as "
        "much (McNemar)."
    )
    table = Table(columns, rows, {"bytes": ",", "largest": ".4f", "mean": ".5f", "p": ".2f"})
    digests = ", ".join(f"{row['variant']} {row['sha256'][:12]}" for row in document["variants"])
    return [Heading("Variants"), table, Paragraph(said), Paragraph(f"These very files, by SHA-256: {digests}.")]


def _ends(row: Document, name: str) -> str:
    return f"{row[f'{name}_low']:.2%} to {row[f'{name}_high']:.2%}"


def _with_ends(row: Document, name: str) -> str:
    """Return a share and its interval in the least space, in percent: 77.10 (75.20–78.80)."""
    share, low, high = (row[key] * 100 for key in (name, f"{name}_low", f"{name}_high"))
    return f"{share:.2f} ({low:.2f}–{high:.2f})"


FALLBACK = {
    "among_others": "other classes told apart",
    "kept": "called the fallback, rightly",
    "lost": "called the fallback, wrongly",
}


def _folders(document: Document) -> list[Section]:
    """Return a table for each DATA folder, where there are several or the model has a fallback."""
    first = document["variants"][0]["sets"]
    if len(first) < 2 and "fallback" not in first[0]:
        return []
    tables: list[Section] = [Heading("Folders")]
    for number, part in enumerate(first):
        rows = [(title(row), row["sets"][number]) for row in document["variants"]]
        columns = folder_columns([row for _, row in rows])
        cells = [[name, *(share(columns[column][i]) for column in columns)] for i, (name, _) in enumerate(rows)]
        caption = f"{part['folder']}, {part['accuracy']['n']:,} photos ({part['split']})"
        tables.append(Table(["variant", *columns], cells, caption=caption))
    return tables


def folder_columns(rows: Sequence[Document]) -> dict[str, list[Document]]:
    """Return the shares to show of one DATA folder: heading -> one share per row."""
    columns = {"accuracy": [row["accuracy"] for row in rows]}
    for key, name in FALLBACK.items():
        if all("fallback" in row and row["fallback"][key]["n"] for row in rows):
            columns[name] = [row["fallback"][key] for row in rows]
    return columns


def share(figures: Document) -> str:
    """Return a share with its interval, e.g. "78.75% (76.90% to 80.49%)"."""
    if figures["share"] is None:
        return "none"
    return f"{figures['share']:.2%} ({figures['low']:.2%} to {figures['high']:.2%})"


def _flips(document: Document, paths: Mapping[str, Path]) -> list[Section]:
    by_photo: dict[str, list[tuple[str, Document]]] = {}  # file -> (variant, flip) of every variant that flipped it
    for row in document["variants"][1:]:
        for flip in row["flips"]:
            by_photo.setdefault(flip["file"], []).append((row["variant"], flip))
    if not by_photo:
        return [Heading("Flips"), Paragraph("Every variant gives Keras' answer to every photo.", "good")]
    counts = (f"{row['variant']} {len(row['flips']):,}" for row in document["variants"][1:])
    said = f"{len(by_photo):,} photos whose answer flipped ({', '.join(counts)})."
    pictures = [_picture(found, paths.get(file, b"")) for file, found in by_photo.items()]
    return [Heading("Flips"), Gallery(pictures, said)]


def _picture(found: Sequence[tuple[str, Document]], photo: Path | bytes) -> Picture:
    first = found[0][1]
    said = [f"{variant} says {flip['answer']}, {flip['probability']:.1%}" for variant, flip in found]
    caption = f"Keras says {first['keras']}, {first['keras_probability']:.1%}"
    return Picture(photo, caption, (*said, f"labelled {first['label']}", first["file"]))
