"""docs/benchmarks.md is drawn from docs/boards/*.json alone, and is up to date with them."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from scripts.benchmarks import draw
from tests.conftest import ROOT, Command, finished

MARKS = "<!-- boards: written by scripts/benchmarks.py -->\nold\n<!-- end of boards -->"

SPREAD = {"median": 80.4, "least": 1.0, "most": 99.0, "n": 3}
LATENCY = dict.fromkeys(("min", "p50", "low", "high", "p90", "p95", "p99", "mean"), 2.5)
RATIO = {"ratio": 1.02, "low": 1.0, "high": 1.04}
MEASURED = json.loads(next((ROOT / "docs/boards").glob("*.json")).read_bytes())


def model(name: str, share: float) -> dict[str, Any]:
    """Return the figures of a model, with those that the tables show made up."""
    made_up = {"name": name, "bytes": 1_234_567, "per_second": 400.0, "share": 0.25, "classify": LATENCY}
    accuracy = {"hits": 9, "n": 10, "share": share, "low": 0.6, "high": 0.98}
    spreads = dict.fromkeys(("load", "first", "start", "memory"), SPREAD)
    return {**MEASURED["models"][0], **made_up, **spreads, "accuracy": accuracy, "agreement": None}


def board() -> dict[str, Any]:
    return {
        **MEASURED,
        "side": beside(),
        "peak": None,
        "front": ["a"],
        "machine": {**MEASURED["machine"], "board": "Board 5", "cores": 4},
        "models": [model("a", 0.9), model("b", 0.8)],
        "ship": {"model": "a", "why": "the fastest"},
    }


def beside() -> dict[str, Any]:
    loops = {"ours": 1.0, "floor": 0.9, "tutorial": 1.4, "network": 0.8}
    return {
        "loops": [{"model": "96 px", "ms": loops, "ours_to_floor": RATIO, "around_ms": {"ours": 0.2, "tutorial": 0.6}}],
        "starts": {
            "mb": {"floor": 60.0, "catdog classify": 63.0},
            "ratios": [{"program": "catdog classify", "against": "floor", "aim": 1.1, **RATIO}],
        },
        "peers": [{"peer": "mediapipe", "ms": 2.0, "cpu_ms": 2.1, "start_ms": 700.0, "peak_mb": 154.0}],
    }


def test_the_page_is_up_to_date_with_the_boards(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs/boards", tmp_path / "docs/boards")
    shutil.copy(ROOT / "docs/benchmarks.md", tmp_path / "docs")
    draw(tmp_path)
    assert (tmp_path / "docs/benchmarks.md").read_text() == (ROOT / "docs/benchmarks.md").read_text(), (
        "run scripts/benchmarks.py --pages"
    )


def test_a_board_becomes_tables_a_report_and_a_picture(tmp_path: Path) -> None:
    folder = tmp_path / "docs/boards"
    folder.mkdir(parents=True)
    (folder / "board-5.json").write_text(json.dumps(board()))
    page = tmp_path / "docs/benchmarks.md"
    page.write_text(f"before\n{MARKS}\nafter\n")
    draw(tmp_path)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "\nold\n" not in text
    for words in (
        "### Board 5, 4 cores",
        "| a | 1.23 | 2.5 | 2.5 | 400 | 80 | 80 | 80 | 90.0% (60.0 to 98.0) | 25% |",
        "| 96 px | 1.000 | 0.900 | 1.400 | 0.800 | 1.020 (1.000 to 1.040) | 0.33 |",
        "| catdog classify | floor | 1.020 (1.000 to 1.040) | 1.1 |",
        "| mediapipe | 500 | 2.100 | 700 | 154 |",
        "Ship a: the fastest.",
        "![Accuracy against latency](boards/board-5.svg)",
    ):
        assert words in text
    assert (folder / "board-5.svg").read_bytes().startswith(b"<svg")
    assert b"Board 5" in (folder / "board-5.html").read_bytes()
    draw(tmp_path)
    assert page.read_text() == text


def test_a_board_that_catdog_bench_has_saved_has_a_page_too(tmp_path: Path) -> None:
    folder = tmp_path / "docs/boards"
    folder.mkdir(parents=True)
    saved = {key: value for key, value in board().items() if key != "side"}
    (folder / "pi-5.json").write_text(json.dumps(saved))
    page = tmp_path / "docs/benchmarks.md"
    page.write_text(MARKS)
    draw(tmp_path)
    assert "[Whole report](boards/pi-5.html)" in page.read_text()


def test_a_board_can_be_compared(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "board.json"
    path.write_text(json.dumps(board()))
    assert "Nothing changed" in command("edge", "bench", "--compare", path, path).stdout


def test_measuring_without_models_is_one_line(tmp_path: Path) -> None:
    done = finished(sys.executable, "scripts/benchmarks.py", tmp_path / "none.tflite", expect=2)
    assert "none.tflite: cannot be read" in done.stderr
