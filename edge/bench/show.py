"""The document as sections of a report: the same for terminal (100 columns) and HTML."""

from collections.abc import Mapping, Sequence
from typing import Any

from edge.errors import printable
from edge.report import Bars, Dot, Heading, Paragraph, Scatter, Section, Table

Document = Mapping[str, Any]
WIDTH = 100  # columns of the terminal
_NAME = 24  # columns of a model's name there


def title(document: Document) -> str:
    """Return what the report is called."""
    machine = document["machine"]
    return f"Benchmark on {printable(machine['board'] or machine['cpu'])}"


def sections(document: Document, page: bool = False) -> list[Section]:
    """Return the report; with plots, and with names in full length, where it is for a page."""
    names = {m["name"]: m["name"] if page else shorten(m["name"]) for m in document["models"]}
    parts: list[Section] = [
        *_stamp(document),
        *_latency(document, names),
        *_starts(document, names),
        *_peak(document, names),
        *_sweep(document, names),
        *_stages(document, names, page),
        *_energy(document, names),
        *_accuracy(document, names, page),
        *_ship(document),
        *_machine(document),
    ]
    return parts


def shorten(name: str) -> str:
    """Return a name of at most 24 letters: what stands in its middle goes first, models differ at the ends."""
    name = printable(name)
    return name if len(name) <= _NAME else f"{name[: (_NAME - 1) // 2]}…{name[-(_NAME // 2) :]}"


def _stamp(document: Document) -> list[Section]:
    parts: list[Section] = []
    if document["quick"]:
        parts.append(Paragraph("QUICK: a short run, to see that all works. It is no evidence.", "warn"))
    if document["disturbed"]:
        parts.append(Paragraph(f"DISTURBED: {'; '.join(document['disturbed'])}.", "bad"))
    else:
        parts.append(Paragraph("Calm: nothing that is watched disturbed this run.", "good"))
    rounds, blocks, threads = document["rounds"], document["blocks"], document["threads"][0]
    how = (
        f"{rounds:,} rounds in {blocks} blocks, each model visited once a round, in random order, with {threads}"
        f" thread{'s' * (threads > 1)}. The first model against itself: {_ratio(document['control'])}."
    )
    return [*parts, Paragraph(how), *(Paragraph(printable(note), "warn") for note in document["notes"])]


def _ratio(ratio: Document) -> str:
    return f"{ratio['ratio']:.3f} ({ratio['low']:.3f} to {ratio['high']:.3f})"


def _latency(document: Document, names: Mapping[str, str]) -> list[Section]:
    percentiles = ("p50", "p90", "p95", "p99", "min")
    rows = [
        [names[m["name"]], *(m["classify"][p] for p in percentiles), m["per_second"], m["invoke"]["p50"],
         "1" if number == 0 else _ratio(m["ratio"])]
        for number, m in enumerate(document["models"])
    ]  # fmt: skip
    columns = ["model", *percentiles, "/s", "network", "ratio (95 %)"]
    formats = {**dict.fromkeys((*percentiles, "network"), _form(document)), "/s": ",.0f"}
    caption = "A frame to its answer, ms; answers a second; the network alone, ms; time against the first model"
    return [Heading("Latency"), Table(columns, rows, formats, caption)]


def _form(document: Document) -> str:
    """Return how times are written: three digits, or whole milliseconds where some take longer than a second."""
    longest = max(m[step]["p95"] for m in document["models"] for step in ("classify", "invoke"))
    return ",.0f" if longest >= 1000 else ".3g"


def _starts(document: Document, names: Mapping[str, str]) -> list[Section]:
    keys = {"load": "load ms", "first": "first answer ms", "start": "process to answer ms", "memory": "peak MB"}
    rows = [
        [names[m["name"]], m["bytes"] / 1e6, *(m[key]["median"] if m[key] else None for key in keys)]
        for m in document["models"]
    ]
    formats = {"size MB": ".2f", **dict.fromkeys(keys.values(), _form(document)), "peak MB": ".1f"}
    count = document["models"][0]["load"]["n"]
    caption = f"Median of {count} fresh processes a model"
    return [Heading("Start and memory"), Table(["model", "size MB", *keys.values()], rows, formats, caption)]


def _peak(document: Document, names: Mapping[str, str]) -> list[Section]:
    if not document["peak"]:
        return []
    found = ", ".join(f"{kind} {peak['gmacs']:.1f} ({peak['shape']})" for kind, peak in document["peak"].items())
    rows = [[names[m["name"]], (m["macs"] or 0) / 1e6, m["gmacs"], m["share"]] for m in document["models"]]
    formats = {"million MACs": ",.1f", "GMAC/s": ".1f", "share of peak": ".0%"}
    caption = f"What this machine reaches, in GMAC/s: {found}"
    return [Heading("Distance from the limit"), Paragraph(caption), Table(["model", *formats], rows, formats)]


def _sweep(document: Document, names: Mapping[str, str]) -> list[Section]:
    if len(document["threads"]) < 2:
        return []
    counts = [str(count) for count in document["threads"]]
    rows = [[names[m["name"]], *(m["sweep"][count]["p50"] for count in counts)] for m in document["models"]]
    columns = [f"{count} thread{'s' * (count != '1')}" for count in counts]
    return [
        Heading("Threads"),
        Table(["model", *columns], rows, dict.fromkeys(columns, _form(document)), "The network alone, median ms"),
    ]


def _stages(document: Document, names: Mapping[str, str], page: bool) -> list[Section]:
    stages = list(document["models"][0]["stages"])
    rows = [[names[m["name"]], *m["stages"].values()] for m in document["models"]]
    caption = "A JPEG of 640 x 480 on its way to a picture with its answer, median ms"
    found: list[Section] = [
        Heading("Stages"),
        Table(["model", *stages], rows, dict.fromkeys(stages, _form(document)), caption),
    ]
    if page:
        found.append(Bars(document["models"][0]["stages"], ".3g", f"{document['models'][0]['name']}, ms"))
    return found


def _energy(document: Document, names: Mapping[str, str]) -> list[Section]:
    measured = [m for m in document["models"] if m["energy"]]
    if not measured:
        return []
    rows = [
        [names[m["name"]], m["energy"]["joule"] * 1000, m["energy"]["watt"], m["energy"]["idle_watt"]] for m in measured
    ]
    formats = {"mJ an answer": ".3g", "W": ".2f", "W at rest": ".2f"}
    caption = f"Measured by {measured[0]['energy']['source']}; the whole machine's share at rest is in it"
    return [Heading("Energy"), Table(["model", *formats], rows, formats, caption)]


def _accuracy(document: Document, names: Mapping[str, str], page: bool) -> list[Section]:
    models = [m for m in document["models"] if m["accuracy"]]
    if not models:
        return []
    rows = [
        [names[m["name"]], _share(m["accuracy"]), _share(m["agreement"]) if m["agreement"] else "",
         "yes" if m["name"] in document["front"] else ""]
        for m in models
    ]  # fmt: skip
    caption = f"On {models[0]['accuracy']['n']:,} photos, with 95 % intervals; answers equal to the float32 variant's"
    columns = ["model", "accuracy", "as float32", "Pareto front"]
    table = Table(columns, rows, {}, caption)
    return [Heading("Accuracy"), table, *([pareto(document)] if page else [])]


def _share(share: Document) -> str:
    return f"{share['share']:.1%} ({share['low'] * 100:.1f} to {share['high'] * 100:.1f})"


def pareto(document: Document) -> Scatter:
    """Return accuracy against latency, with the front that no model is beyond."""
    models = [m for m in document["models"] if m["accuracy"]]
    dots = [Dot(m["classify"]["p50"], m["accuracy"]["share"] * 100, m["name"], m["variant"]) for m in models]
    front = [(d.x, d.y) for name in document["front"] for d in dots if d.name == name]
    caption = "Up and left is better; the dashed line joins the models that no other beats in both"
    return Scatter(dots, "from a frame to its answer, ms", "accuracy, %", caption, front)


def _ship(document: Document) -> list[Section]:
    if document["ship"] is None:
        return []
    model, why = document["ship"]["model"], printable(document["ship"]["why"])
    words = f"Ship {printable(model)}: {why}" if model else f"Nothing to ship: {why}"
    return [Paragraph(words, "good" if model else "bad")]


def _machine(document: Document) -> list[Section]:
    machine, before, after = (document[key] for key in ("machine", "before", "after"))
    rows: list[Sequence[object]] = [
        ("board", machine["board"] or "not told"),
        ("processor", f"{machine['cpu']}, {machine['cores']} cores, {machine['architecture']}"),
        ("features", " ".join(machine["features"]) or "none of note"),
        ("governor", before["governor"] or "not told"),
        ("frequency", _change(before["mhz"], after["mhz"], "MHz", ".0f")),
        ("temperature", _change(before["temperature_c"], after["temperature_c"], "°C", ".1f")),
        ("throttle bits", _change(before["throttled"], after["throttled"], "", "#x")),
        ("load", _change(before["load_1m"], after["load_1m"], "", ".2f")),
        ("versions", " ".join(f"{name} {version}" for name, version in machine["versions"].items())),
        ("when", f"{document['started']}, {document['seconds']:.0f} s"),
    ]
    return [Heading("Machine"), Table(["what", "before and after"], [list(row) for row in rows])]


def _change(before: float | None, after: float | None, unit: str, form: str) -> str:
    if before is None or after is None:
        return "not told"
    return f"{before:{form}} to {after:{form}} {unit}".rstrip()


def changes_as_sections(changes: Sequence[Sequence[object]], notes: Sequence[str]) -> list[Section]:
    """Return what changed between two runs: what to know before, and the `compare.Change`s."""
    columns = ["model", "figure", "old", "new", "change"]
    table: Section = Table(columns, [list(row[: len(columns)]) for row in changes])
    quiet: Section = Paragraph("Nothing changed beyond noise.")
    return [*(Paragraph(printable(note)) for note in notes), table if changes else quiet]


def within(worse: int, tolerance: float) -> Section:
    """Say whether figures became worse by more than a tolerance (a share)."""
    if not worse:
        return Paragraph(f"Within the tolerance: nothing became worse by more than {tolerance:.0%}.", "good")
    figures = "figure" if worse == 1 else "figures"
    return Paragraph(f"BEYOND the tolerance: {worse} {figures} became worse by more than {tolerance:.0%}.", "bad")
