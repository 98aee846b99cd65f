"""Measure this machine and put its figures into docs/benchmarks.md: `make bench`.

Runs `catdog bench` on the shipped models and the comparison with others' runners (tests/bench/side_by_side.py), keeps
both as docs/boards/NAME.json and draws page and pictures from all such files. With --pages it only draws.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from convert.card import table
from edge.bench import machine, show
from edge.bench.compare import BOARDS
from edge.bench.measure import Wishes, bench
from edge.board import Machine
from edge.cli import report_errors
from edge.commands import LABEL
from edge.errors import EXIT_OK, InputError
from edge.files import write_atomically, write_document
from edge.labelled import parse_renames
from edge.report import as_svg, as_text, save
from scripts.pages import put

PAGE = Path("docs/benchmarks.md")
Board = Mapping[str, Any]


def main() -> int:
    """Measure or draw, as the command line says."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.split("\n\n")[0])
    add = parser.add_argument
    add("models", nargs="*", type=Path, metavar="MODEL", help="(the default's and the small one's)")
    add("--data", action="append", default=[], type=Path, metavar="DIR", help="as catdog bench's")
    add("--label", **LABEL | {"help": "as catdog bench's"})
    add("--name", help="of the machine, in file names (its processor and cores)")
    add("--quick", action="store_true", help="a short run, to see that all works; no evidence")
    add("--pages", action="store_true", help="measure nothing: draw the pages from docs/boards/*.json")
    options = parser.parse_args()
    return report_errors("make bench", lambda: _main(options))


def _main(options: argparse.Namespace) -> int:
    if not options.pages:
        _measure(options)
    draw(ROOT)
    return EXIT_OK


def _measure(options: argparse.Namespace) -> None:
    models = options.models or _shipped()
    renames, name = parse_renames(options.label), options.name or _slug(machine.facts(Machine()))
    wishes = Wishes(models, options.data, renames, quick=options.quick, command=" ".join(["make bench", *sys.argv[1:]]))
    document = bench(wishes, lambda words: print(f"{words} ...", file=sys.stderr, flush=True))
    print(as_text(show.title(document), show.sections(document), show.WIDTH), flush=True)
    with tempfile.TemporaryDirectory(prefix="catdog-") as folder:
        target = Path(folder) / "side.json"
        words = [sys.executable, "-m", "tests.bench.side_by_side", str(target), *(["--quick"] * options.quick)]
        subprocess.run(words, cwd=ROOT, check=True)
        # What catdog bench --save would have written, and more: --compare and --against take it.
        board = {**document, "side": json.loads(target.read_bytes())}
    print("\n".join(side_tables(board["side"])), flush=True)
    write_document(ROOT / BOARDS / f"{name}.json", board)


def _shipped() -> list[Path]:
    """Return the variants of the models that tell the same classes as the default one, which goes first."""
    found = [path for name in ("default", "small") for path in sorted((ROOT / "models").glob(f"{name}.*.tflite"))]
    found = found or sorted((ROOT / "models").glob("origin.*.tflite"))
    if not found:
        raise InputError("models", "holds no model", "Make them: make models")
    ordered = sorted(found, key=lambda path: not path.name.endswith("int8.tflite"))
    return [path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path for path in ordered]


def _slug(facts: Mapping[str, Any]) -> str:
    words = f"{facts['board'] or facts['cpu']} {facts['cores']} cores".lower()
    return re.sub(r"[^a-z0-9]+", "-", words).strip("-")


def draw(root: Path) -> None:
    """Write the page's tables, a report and a picture for each board below `root`, from docs/boards/*.json alone."""
    boards = [{**json.loads(path.read_bytes()), "name": path.stem} for path in sorted((root / BOARDS).glob("*.json"))]
    for board in boards:
        stem = root / BOARDS / board["name"]
        save(stem.with_suffix(".html"), show.title(board), show.sections(board, page=True), board["command"])
        if all(m["accuracy"] for m in board["models"]):
            write_atomically(stem.with_suffix(".svg"), as_svg(show.pareto(board)))
    tables = "\n".join(line for board in boards for line in _board(board)) or "No board has been measured yet."
    write_atomically(root / PAGE, put((root / PAGE).read_text("utf-8"), "boards", tables).encode())


def _board(board: Board) -> Iterator[str]:
    name, facts, models = board["name"], board["machine"], board["models"]
    versions = ", ".join(f"{key} {value}" for key, value in facts["versions"].items())
    yield f"### {facts['board'] or facts['cpu']}, {facts['cores']} cores\n"
    yield (
        f"{board['started'][:10]}, {versions}; governor {board['before']['governor'] or 'not told'}. "
        f"{_stamp(board)} [Whole report](boards/{name}.html), [data](boards/{name}.json).\n"
    )
    yield table(
        ["model", "file, MB", "p50, ms", "p95, ms", "answers/s", "load, ms", "start to answer, ms", "peak, MB",
         "accuracy (95 %)", "of the limit"],
        [_model(m) for m in models],
    )  # fmt: skip
    if all(m["accuracy"] for m in models):
        yield f"![Accuracy against latency](boards/{name}.svg)\n"
    if board["ship"]:
        yield f"Ship {board['ship']['model']}: {board['ship']['why']}.\n"
    if len(board["threads"]) > 1:
        counts = [str(count) for count in board["threads"]]
        yield table(
            ["network alone, ms", *(f"{count} thread{'s' * (count != '1')}" for count in counts)],
            [[m["name"], *(f"{m['sweep'][count]['p50']:.3g}" for count in counts)] for m in models],
        )
    stages = list(models[0]["stages"])
    yield table(
        ["stages, ms", *stages], [[m["name"], *(f"{m['stages'][stage]:.3g}" for stage in stages)] for m in models]
    )
    if "side" in board:  # catdog bench --save has none
        yield from side_tables(board["side"])


def _stamp(board: Board) -> str:
    said = f"Disturbed: {'; '.join(board['disturbed'])}." if board["disturbed"] else "A calm run."
    return f"**Quick: no evidence.** {said}" if board["quick"] else said


def _model(m: Board) -> list[str]:
    share, accuracy = m["share"], m["accuracy"]
    return [
        m["name"],
        f"{m['bytes'] / 1e6:.2f}",
        *(f"{m['classify'][key]:.3g}" for key in ("p50", "p95")),
        f"{m['per_second']:,.0f}",
        *(f"{m[key]['median']:.0f}" if m[key] else "" for key in ("load", "start", "memory")),
        f"{accuracy['share']:.1%} ({accuracy['low'] * 100:.1f} to {accuracy['high'] * 100:.1f})" if accuracy else "",
        "" if share is None else f"{share:.0%}",
    ]


def side_tables(side: Board) -> Iterator[str]:
    """Return the tables against the floor and against others."""
    yield table(
        ["a frame to its answer", "ours, ms", "floor, ms", "tutorials' loop, ms", "network alone, ms",
         "ours / floor (95 %)", "around the network: ours / tutorials'"],
        [
            [row["model"], *(f"{row['ms'][loop]:.3f}" for loop in ("ours", "floor", "tutorial", "network")),
             "{ratio:.3f} ({low:.3f} to {high:.3f})".format(**row["ours_to_floor"]),
             f"{row['around_ms']['ours'] / row['around_ms']['tutorial']:.2f}"]
            for row in side["loops"]
        ],
    )  # fmt: skip
    mb = side["starts"]["mb"]
    yield table(
        ["start", "against", "ratio (95 %)", "aim"],
        [
            [row["program"], row["against"], "{ratio:.3f} ({low:.3f} to {high:.3f})".format(**row), f"{row['aim']:.3g}"]
            for row in side["starts"]["ratios"]
        ]
        + [["peak memory of catdog classify", "floor", f"{mb['catdog classify'] / mb['floor']:.3f}", "1.1"]],
    )
    yield table(
        ["runner", "frames/s", "CPU ms a frame", "cold start, ms", "peak, MB"],
        [
            [row["peer"], f"{1000 / row['ms']:,.0f}", f"{row['cpu_ms']:.3f}", f"{row['start_ms']:.0f}",
             f"{row['peak_mb']:.0f}"]
            for row in side["peers"]
        ],
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
