"""`catdog bench` from outside: its report, its data, its refusals."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge import bench, runtime
from edge.bench import compare, graphs, measure, show
from edge.bench.measure import names, sweep_of
from edge.report import as_html, as_text
from tests.conftest import ROOT, Command, one_line, write_photos
from tests.tiny import tiny_model


class Run:
    """One short run of two models with photos, shared by the tests."""

    def __init__(self, folder: Path, command: Command) -> None:
        write_photos(folder / "photos", count=4)
        (folder / "photos/red/broken.jpg").write_bytes(b"no photo")
        models = [tiny_model(folder / "tiny.float32.tflite"), tiny_model(folder / "tiny.int8.tflite", variant="int8")]
        words = ["--quick", "--seconds", 1, "--threads", "1,999", "--data", folder / "photos", "--max-drop", 5]
        files = ["--json", folder / "new/bench.json", "--html", folder / "bench.html"]
        self.done = command("edge", "bench", *models, *words, *files, expect=1)  # a photo is broken
        self.document: dict[str, Any] = json.loads((folder / "new/bench.json").read_text())
        self.page = (folder / "bench.html").read_text()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, command: Command) -> Run:
    return Run(tmp_path_factory.mktemp("bench"), command)


def test_every_figure_is_there(run: Run) -> None:
    first, second = run.document["models"]
    assert (first["name"], second["name"]) == ("tiny.float32", "tiny.int8")
    for model in (first, second):
        for figures in (model["classify"], model["invoke"]):
            assert 0 < figures["min"] <= figures["p50"] <= figures["p90"] <= figures["p95"]
            assert figures["low"] <= figures["p50"] <= figures["high"]
        assert model["classify"]["p50"] > model["invoke"]["p50"]
        assert list(model["stages"]) == ["decode", "fit", "invoke", "decide", "draw"]
        assert model["start"]["median"] > model["load"]["median"] > 0
        assert 20 < model["memory"]["median"] < 500
        assert model["accuracy"]["hits"] == model["accuracy"]["n"] == 12
    assert first["ratio"]["ratio"] == 1
    assert second["agreement"]["share"] == 1
    assert (second["agreement"]["with"], first["agreement"]) == ("tiny.float32", None)
    assert run.document["ship"]["model"] in ("tiny.float32", "tiny.int8")


def test_the_documented_keys_are_the_keys(run: Run) -> None:
    words = set(str(bench.__doc__).replace(",", " ").replace(":", " ").split())
    assert set(run.document) <= words
    assert set(run.document["models"][0]) <= words


def test_the_terminal_shows_it_within_100_columns(run: Run) -> None:
    assert max(map(len, run.done.stdout.splitlines())) <= 100
    for words in ("QUICK", "Latency", "tiny.int8", "share of peak", "Ship ", "against itself"):
        assert words in run.done.stdout
    assert "broken.jpg" in one_line(run.done)


def test_the_page_is_drawn_from_the_data_alone(run: Run) -> None:
    again = as_html(show.title(run.document), show.sections(run.document, page=True), run.document["command"]).decode()
    assert again == run.page
    assert run.page.count("<svg") == 2
    assert 'class="front"' in run.page


def test_threads_beyond_the_cores_are_left_out_and_said(run: Run) -> None:
    assert run.document["threads"] == [1]
    assert "999" in run.document["notes"][0]
    assert sweep_of(None, 1) == ([1], ["one core: more than one thread is not measured"])
    assert sweep_of(None, 4) == ([1, 2, 4], [])
    assert sweep_of([4, 2, 2], 2) == ([2], ["threads 4: left out, there are 2 cores"])


def test_a_disturbed_run_is_stamped(run: Run) -> None:
    stamped = as_text("", show.sections({**run.document, "disturbed": ["the board reports: throttled"]}), show.WIDTH)
    assert "DISTURBED: the board reports: throttled." in stamped
    assert "Calm" not in stamped
    assert "Calm" in as_text("", show.sections({**run.document, "disturbed": []}), show.WIDTH)


def test_strict_is_a_status(run: Run, here: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "tiny.tflite")
    document = {**run.document, "skipped": [], "disturbed": ["the clock fell"]}
    monkeypatch.setattr(measure, "bench", lambda *_: document)
    here("edge", "bench", model, expect=0)
    here("edge", "bench", model, "--strict", expect=1)


def test_long_names_and_slow_models_still_fit_the_terminal(run: Run) -> None:
    model = run.document["models"][0]
    slow = {key: 1234.5678 if isinstance(value, float) else value for key, value in model["classify"].items()}
    wide = {**model, "name": "a-name-" * 12, "classify": slow, "invoke": slow, "per_second": 1234.5}
    text = as_text("", show.sections({**run.document, "models": [wide, wide]}), show.WIDTH)
    assert max(map(len, text.splitlines())) <= 100


def test_names_stay_short_and_different(tmp_path: Path) -> None:
    a, b, c = tmp_path / "x/m.tflite", tmp_path / "y/m.tflite", tmp_path / "n.int8.tflite"
    assert names([a, b, c, a]) == {"x/m": a, "y/m": b, "n.int8": c}


def test_comparing_a_run_with_itself_shows_nothing(run: Run, command: Command, tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(run.document))
    changed = deepcopy(run.document)
    assert "Nothing changed" in command("edge", "bench", "--compare", old, old).stdout
    changed["models"][1] = slower(run.document, 100)["models"][1]  # far beyond any noise, on a busy machine, too
    changed["machine"]["cpu"] = "Cortex-A72"
    new.write_text(json.dumps(changed))
    shown = command("edge", "bench", "--compare", old, new).stdout
    assert "+9900.0%" in shown
    assert "Another processor" in shown
    assert len(compare.changes(run.document, changed)) == 1


def slower(document: dict[str, Any], factor: float, *keys: str) -> dict[str, Any]:
    """Return a run of which these figures of every model's frames, or all that count, are `factor` times as large."""
    changed = deepcopy(document)
    for model in changed["models"]:
        for key in keys or ("p50", "low", "high"):
            model["classify"][key] *= factor
    return changed


def test_overlapping_intervals_are_noise(run: Run) -> None:
    assert compare.changes(run.document, slower(run.document, 2, "p50", "high")) == []


@pytest.mark.parametrize(
    ("factor", "words", "expect", "said"),
    [
        (1.0, [], 0, "Within the tolerance: nothing became worse by more than 10%."),
        (0.1, [], 0, "Within the tolerance"),  # faster is no fault
        (100.0, [], 1, "BEYOND the tolerance: 2 figures became worse by more than 10%."),
        (100.0, ["--tolerance", 20_000], 0, "nothing became worse by more than 20000%."),
    ],
)
def test_a_run_is_held_against_an_earlier_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: Command,
    factor: float, words: list[object], expect: int, said: str,
) -> None:  # fmt: skip
    models = [tiny_model(tmp_path / "tiny.float32.tflite"), tiny_model(tmp_path / "tiny.int8.tflite", variant="int8")]
    document = {**run.document, "skipped": []}
    monkeypatch.setattr(measure, "bench", lambda *_: slower(document, factor))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs/boards").mkdir(parents=True)
    (tmp_path / "docs/boards/mine.json").write_text(json.dumps(document))
    for name in ("mine", "docs/boards/mine.json"):
        shown = here("edge", "bench", *models, "--against", name, *words, expect=expect).stdout
        assert said in " ".join(shown.split())


def test_accuracy_that_was_lost_is_beyond_any_tolerance(run: Run) -> None:
    changed = deepcopy(run.document)
    changed["models"][0]["accuracy"] = {"hits": 0, "n": 12, "share": 0.0, "low": 0.0, "high": 0.24}
    (lost,) = compare.changes(run.document, changed)
    assert lost.loss > 1e9
    (won,) = compare.changes(changed, run.document)
    assert won.loss < 0


@pytest.mark.parametrize(
    ("model", "machine", "said"),
    [
        ("tiny.int8", {"cpu": "Cortex-A72"}, "was measured with another processor (Cortex-A72; here: "),
        ("tiny.int8", {"cores": 99}, "was measured with another number of cores (99; here: "),
        ("other", {}, "has none of other in it"),
    ],
)
def test_a_run_of_another_machine_or_model_is_refused_before_anything_is_measured(
    run: Run, tmp_path: Path, here: Command, model: str, machine: dict[str, object], said: str
) -> None:
    file, own = tmp_path / "old.json", tiny_model(tmp_path / f"{model}.tflite")
    file.write_text(json.dumps({**run.document, "machine": {**run.document["machine"], **machine}}))
    assert said in one_line(here("edge", "bench", own, "--against", file, expect=2))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "MODEL: was not given"),
        (["{model}", "--against", "nowhere"], "docs/boards/nowhere.json: cannot be read"),
        (["{model}", "--tolerance", "5"], "--tolerance: is given without --against"),
        (["missing.tflite"], "cannot be read"),
        (["README.md"], "is not a TFLite model"),
        (["{model}", "--threads", "1,x"], "--threads 1,x: is no list of whole numbers"),
        (["{model}", "--threads", "0"], "--threads 0: is no list"),
        (["{model}", "--data", "missing"], "there is no such folder"),
        (["{model}", "--data", "{folder}/empty"], "has no class folders"),
        (["{model}", "--data", "{folder}/cats"], "class folder cat: is none of the classes that the model knows"),
        (["{model}", "{other}", "--data", "{folder}/photos"], "knows green, red, but tiny knows red, green, blue"),
        (["{model}", "--data", "{folder}/photos", "--label", "x"], "is not FOLDER=LABEL"),
        (["{model}", "--json", "{folder}"], "is a folder"),
        (["{model}", "--html", "{model}/report.html"], "is no folder to write in"),
        (["{model}", "--energy", "missing.csv"], "cannot be read"),
        (["--compare", "README.md", "README.md"], "is no benchmark"),
        (["--compare", "missing.json", "missing.json"], "cannot be read"),
    ],
)
def test_what_cannot_be_measured_is_one_line(here: Command, tmp_path: Path, words: list[str], said: str) -> None:
    places = {
        "model": tiny_model(tmp_path / "tiny.tflite"),
        "other": tiny_model(tmp_path / "other.tflite", labels=("green", "red")),
        "folder": tmp_path,
    }
    (tmp_path / "empty").mkdir()
    write_photos(tmp_path / "photos", count=1)
    write_photos(tmp_path / "cats", ("red",), 1).joinpath("red").rename(tmp_path / "cats/cat")
    assert said in one_line(here("edge", "bench", *(word.format(**places) for word in words), expect=2))


def test_multiply_adds_are_counted() -> None:
    conv = 62 * 62 * 32 * 27 + 29 * 29 * 32 * 288
    expected = conv + 6272 * 128 + 128 * 2
    for variant in ("float32", "float16", "dynamic", "int8"):
        assert graphs.macs((ROOT / f"models/origin.{variant}.tflite").read_bytes()) == expected


def test_a_yardstick_computes_what_it_says() -> None:
    yardstick = graphs.Yardstick("float32", 3, 4, 2)
    content = graphs.build(yardstick)
    assert graphs.macs(content) == yardstick.macs == 2 * 9 * 16
    interpreter = runtime.load(content, 1, "yardstick")
    picture = np.random.default_rng(2).normal(size=(1, 3, 3, 4)).astype(np.float32)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
    interpreter.invoke()
    details = sorted(interpreter.get_tensor_details(), key=lambda row: row["index"])
    weights = [interpreter.get_tensor(row["index"])[:, 0, 0] for row in details if tuple(row["shape"]) == (4, 1, 1, 4)]
    for layer in weights:
        picture = np.maximum(picture @ layer.T, 0)
    assert interpreter.get_tensor(interpreter.get_output_details()[0]["index"]) == pytest.approx(picture, abs=1e-5)


@pytest.mark.parametrize("yardstick", graphs.YARDSTICKS, ids=str)
def test_the_runtime_takes_every_yardstick(yardstick: graphs.Yardstick) -> None:
    interpreter = runtime.load(graphs.build(yardstick), 1, "yardstick")
    interpreter.invoke()
    assert interpreter.get_input_details()[0]["dtype"] == np.dtype(yardstick.kind)


def test_without_the_schema_there_is_no_peak(here: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "schema", None)
    model, target = tiny_model(tmp_path / "tiny.tflite"), tmp_path / "bench.json"
    shown = here("edge", "bench", model, "--quick", "--seconds", 0.1, "--json", target).stdout
    assert graphs.MISSING in shown.replace("\n", " ")
    document = json.loads(target.read_text())
    assert (document["peak"], document["models"][0]["gmacs"]) == (None, None)
