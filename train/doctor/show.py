"""The doctor's report: plain data for JSON, sections for terminal and HTML, lines for the exclusion list."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edge.report import Bars, Details, Gallery, Heading, Paragraph, Picture, Section, Table, Tiles
from train.doctor.findings import EXCLUDE, KINDS, LOOK, NOTE, Finding
from train.exclusions import Exclusion

SHOWN = 60  # thumbnails of one kind; the JSON has them all
UNBALANCED = 3.0  # times as many photos in the largest class as in the smallest


def as_data(
    findings: Sequence[Finding], counts: Mapping[str, Counter[str]], features: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the report as JSON-ready data.

    `counts` is split -> number of photos by label, `features` what they were judged with: name, note, accuracy.
    """
    return {
        "photos": sum(sum(by_label.values()) for by_label in counts.values()),
        "splits": {split: dict(sorted(by_label.items())) for split, by_label in counts.items()},
        "features": dict(features),
        "findings": [
            {**found._asdict(), "path": str(found.path), "other": str(found.other) if found.other else None}
            for found in findings
        ],
    }


def sections(data: Mapping[str, Any], findings: Sequence[Finding]) -> list[Section]:
    """Return the whole report, with the photos."""
    parts: list[Section] = [*summary(data, findings)]
    for kind, found in _by_kind(findings).items():
        parts += [Heading(f"{kind.capitalize()} ({len(found)})"), Paragraph(KINDS[kind]), *_galleries(found)]
    return parts


def _by_kind(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    by_kind = {kind: [found for found in findings if found.kind == kind] for kind in KINDS}
    return {kind: found for kind, found in by_kind.items() if found}


def summary(data: Mapping[str, Any], findings: Sequence[Finding]) -> list[Section]:
    """Return the part that a terminal shows: figures, classes, findings by kind."""
    actions = Counter(found.action for found in findings)
    parts: list[Section] = [
        Tiles(
            [
                (f"{data['photos']:,}", "photos"),
                (f"{actions[EXCLUDE]:,}", "to exclude", "bad" if actions[EXCLUDE] else "good"),
                (f"{actions[LOOK]:,}", "to look at", "warn" if actions[LOOK] else "good"),
            ]
        ),
        *(Bars(counts, caption=f"Photos by class, {split}") for split, counts in data["splits"].items()),
    ]
    parts += [Paragraph(words, "warn") for words in _warnings(data)]
    features = data["features"]
    if features.get("accuracy") is not None:
        judged = f"Judged by {features['name']}: a classifier on it is right about {features['accuracy']:.1%}"
        parts.append(Paragraph(f"{judged} of the photos it has not seen."))
    if findings:
        parts.append(_table(findings))
    return parts


def _warnings(data: Mapping[str, Any]) -> Iterator[str]:
    counts = data["splits"].get("train", {})
    if counts and max(counts.values()) >= UNBALANCED * min(counts.values()):
        most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        yield (
            f"Unbalanced: {counts[most] / counts[least]:.1f} times as many {most} as {least} photos. "
            "Add photos of the smaller class, or train with --set class_weights=true."
        )
    if data["features"].get("note"):
        yield data["features"]["note"]


def _table(findings: Sequence[Finding]) -> Table:
    rows = []
    for kind, found in _by_kind(findings).items():
        actions, example = Counter(one.action for one in found), found[0].path
        rows.append([kind, len(found), actions[EXCLUDE], actions[LOOK], f"{example.parent.name}/{example.name}"])
    return Table(["finding", "photos", "exclude", "look", "the first"], rows)


def _galleries(findings: Sequence[Finding]) -> Iterator[Section]:
    for action, title in ((EXCLUDE, "To exclude"), (LOOK, "To look at"), (NOTE, "Noted")):
        group = [found for found in findings if found.action == action]
        if not group:
            continue
        more = f", {SHOWN} of them shown" if len(group) > SHOWN else ""
        gallery = Gallery([picture for found in group[:SHOWN] for picture in _pictures(found)])
        if action == NOTE:  # many and harmless: folded away, so that what needs a decision is seen first
            yield Details(f"{title}: {len(group)}{more}", [gallery])
        else:
            yield Heading(f"{title}: {len(group)}{more}", 3)
            yield gallery


def _pictures(found: Finding) -> Iterator[Picture]:
    where = f"{found.split}/{found.label}"
    details = [found.reason, where, found.digest[:12]]
    badge = "" if found.score is None else f"{abs(found.score):.2f}"
    yield Picture(found.path, found.path.name, details, badge)
    if found.other:
        about = ["the one it is a copy of", found.other.parent.name]
        yield Picture(found.other, found.other.name, about)


def exclusions(findings: Sequence[Finding]) -> tuple[list[Exclusion], list[Exclusion]]:
    """Return the photos to exclude and those to suggest, each once."""
    firm: dict[str, Exclusion] = {}
    loose: dict[str, Exclusion] = {}
    for found in findings:
        if found.digest and found.action in (EXCLUDE, LOOK):
            score = "" if found.score is None else f" ({abs(found.score):.2f})"
            line = Exclusion(found.digest, str(found.path), f"{found.kind}: {found.reason}{score}")
            chosen = firm if found.action == EXCLUDE else loose
            chosen.setdefault(found.digest, line)
    return list(firm.values()), [line for digest, line in loose.items() if digest not in firm]
