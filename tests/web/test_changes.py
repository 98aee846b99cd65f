"""The few things that can be done over the web: knobs, photos to keep, and a look at where the evidence lies."""

import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.classifier import Classifier
from edge.errors import InputError
from edge.live.tuning import Tuning, tuned
from edge.testing import moment
from tests.conftest import ROOT, Command, one_line, picture
from tests.edge.test_run import rows, wait_until
from tests.tiny import tiny_model
from tests.web.conftest import SOON_S, Reply, Serve, Served
from tests.web.test_told import messages


@pytest.fixture
def torn(tmp_path: Path) -> Path:
    """A model with a fallback, green, and no thresholds."""
    return tiny_model(tmp_path / "torn.tflite", fallback="green")


def post(served: Served, path: str, **fields: Any) -> Reply:
    return served.ask(path, "POST", json.dumps(fields).encode(), content_type="application/json")


# Knobs


REDDISH = np.full((48, 64, 3), (100, 90, 140), np.uint8)  # red 0.79, green 0.11, blue 0.16 or so


def test_a_threshold_acts_on_the_next_frame(serve: Serve, torn: Path) -> None:
    served = serve(model=torn)
    assert served.tuning.classifier.classify(REDDISH).label == "red"
    reply = post(served, "/api/tuning", name="threshold red", value=0.9)
    assert (reply.status, reply.json["flag"]) == (200, "--threshold red=0.9")
    assert served.tuning.classifier.classify(REDDISH).label == "green"
    assert served.tuning.contract.thresholds == {"red": 0.9}
    knob = next(k for k in served.ask("/api/tuning").json["knobs"] if k["name"] == "threshold red")
    assert (knob["value"], knob["default"]) == (0.9, 0.0)


def test_knobs_have_bounds_and_remember_where_they_began(torn: Path) -> None:
    tuning = tuned(Classifier(torn), [("red", 0.25)], 1.5)
    assert [(knob.name, knob.value, knob.default) for knob in tuning.knobs()] == [
        ("threshold red", 0.25, 0.25),
        ("threshold blue", 0.0, 0.0),
        ("half-life", 1.5, 1.5),
    ]
    assert tuning.turn("half-life", 0.5).flag == "--half-life 0.5"
    assert tuning.patience.half_life_s == 0.5
    for name, value in (("threshold red", 1.1), ("threshold red", -0.1), ("half-life", 0.0), ("half-life", math.nan)):
        with pytest.raises(InputError, match="Give a number from"):
            tuning.turn(name, value)
    for name in ("threshold green", "threshold cat", "", "leave", "threshold"):
        with pytest.raises(InputError, match="is nothing that can be changed"):
            tuning.turn(name, 0.5)


def test_a_fallback_with_a_threshold_of_its_own_can_never_be_the_answer_for_ever(tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "own.tflite", fallback="green", thresholds={"green": 0.4})
    knob = next(knob for knob in Tuning(Classifier(model)).knobs() if knob.name == "threshold green")
    assert knob.least == 0.01


def test_without_a_fallback_thresholds_mean_nothing(model: Path) -> None:
    assert [knob.name for knob in Tuning(Classifier(model)).knobs()] == ["half-life"]


def test_flags_make_a_value_permanent(command: Command, torn: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), REDDISH)
    for words, label in (((), "red"), (("--threshold", "red=0.9"), "green"), (("--threshold", "blue=0.9"), "red")):
        assert rows(command("edge", "run", photo, "--model", torn, *words).stdout)[0]["label"] == label
    done = command("edge", "run", photo, "--model", torn, "--threshold", "cat=0.9", expect=2)
    assert one_line(done).startswith("catdog: threshold cat: is nothing that can be changed. Choose threshold red")
    done = command("edge", "run", photo, "--model", torn, "--threshold", "red=9", expect=2)
    assert "red=9 is no share from 0 to 1" in done.stderr


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"name": "threshold red", "value": 7}', 422),
        (b'{"name": "threshold red", "value": NaN}', 422),
        (b'{"name": "threshold red", "value": true}', 422),
        (b'{"name": "threshold red", "value": 1e999}', 422),
        (b'{"name": "threshold red", "value": ' + b"9" * 500 + b"}", 422),
        (b'{"name": "model", "value": 1}', 422),
        (b'{"name": ["a"], "value": 1}', 422),
        (b'{"name": "threshold red", "value": 0.5, "model": "x"}', 422),
        (b"[" * 900, 422),
        (b"\xff", 422),
        (b"", 422),
        (b" " * 2000, 413),
    ],
)
def test_what_makes_no_sense_changes_nothing(serve: Serve, torn: Path, body: bytes, status: int) -> None:
    served = serve(model=torn)
    before = served.tuning.contract
    assert served.ask("/api/tuning", "POST", body, content_type="application/json").status == status
    assert served.tuning.contract == before


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_form_of_another_site_could_send_is_refused(served: Served, kind: str) -> None:
    assert served.ask("/api/tuning", "POST", b"{}", content_type=kind).status == 415


# Photos


def test_a_frame_is_kept_as_it_is(serve: Serve, tmp_path: Path) -> None:
    served = serve(keep=str(tmp_path / "kept"))
    with served.running(image=picture("red", 48, 64)):
        assert served.ask("/api/state").json["keep"] is True
        assert post(served, "/api/keep", label="red squirrel").json == {"kept": "red squirrel"}
    (kept,) = (tmp_path / "kept/red squirrel").iterdir()
    assert kept.stem.endswith("-page")
    assert cv2.imread(str(kept)).shape == (48, 64, 3)


@pytest.mark.parametrize("label", ["", "../up", "/etc", ".hidden", "a" * 200, "train", "a\nb"])
def test_a_label_that_is_no_folder_keeps_nothing(serve: Serve, tmp_path: Path, label: str) -> None:
    served = serve(keep=str(tmp_path / "kept"))
    with served.running():
        assert post(served, "/api/keep", label=label).status == 422
    assert list((tmp_path / "kept").iterdir()) == []


def test_nothing_is_kept_unless_asked_for_nor_of_a_source_that_is_lost(serve: Serve, tmp_path: Path) -> None:
    assert post(serve(), "/api/keep", label="red").status == 404
    served = serve(keep=str(tmp_path / "kept"))
    with served.running(state="lost"):
        assert post(served, "/api/keep", label="red").status == 503
        assert post(served, "/api/keep", label="red", source=1).status == 404
        assert post(served, "/api/keep", label="red", source=-1).status == 422


# Where the evidence lies


def test_a_map_is_told_while_somebody_asks_for_it_and_the_plain_model_answers_again(served: Served) -> None:
    classifier = served.tuning.classifier
    plain = classifier._interpreter
    image = np.zeros((64, 64, 3), np.uint8)
    image[:32] = (30, 30, 220)  # red above, black below

    with served.running(lambda number: moment(classifier.classify(image).label, number=number, image=image)):
        assert served.ask("/api/state").json["model"]["map"] is True
        with served.asking("/api/events?map=1") as reply:
            told = next(fields for kind, fields in messages(reply) if kind == "map")
            assert classifier._interpreter is not plain
        values = np.array(told["values"]).reshape(told["rows"], told["columns"])
        cell = 1 / 32  # the margin around it
        assert (told["label"], told["rows"]) == ("red", 34)
        assert told["box"] == pytest.approx([-cell, -cell, 1 + 2 * cell, 1 + 2 * cell], abs=1e-3)
        assert values[:16].min() > 200
        assert values[18:].max() == 0
        wait_until(lambda: classifier._interpreter is plain, SOON_S)


def test_a_model_without_maps_works_without(serve: Serve) -> None:
    served = serve(model=ROOT / "models/origin.int8.tflite")
    with served.running(), served.asking("/api/events?map=1") as reply:
        assert served.ask("/api/state").json["model"]["map"] is False
        told = messages(reply)
        assert [next(told)[0] for _ in range(4)] == ["state"] * 4


# Counters


def test_prometheus_reads_what_is_counted(served: Served) -> None:
    from prometheus_client.parser import text_string_to_metric_families as parse

    for number in range(1, 6):
        served.web.write(moment("red" if number < 4 else "green", number=number))
    served.web.write(moment(state="lost"))
    families = {family.name: family.samples for family in parse(served.ask("/metrics").body.decode())}
    (frames,) = families["catdog_frames"]
    assert (frames.labels, frames.value) == ({"stream": "0", "source": "script"}, 5)
    assert {s.labels["label"]: s.value for s in families["catdog_verdicts"]} == {"red": 3, "green": 2}
    assert {s.labels["state"]: s.value for s in families["catdog_state"] if s.value} == {"lost": 1}
    buckets = {s.labels["le"]: s.value for s in families["catdog_latency_seconds"] if s.name.endswith("bucket")}
    assert (buckets["0.001"], buckets["0.002"], buckets["+Inf"]) == (0, 5, 5)
    assert families["catdog_info"][0].labels["sha256"] == served.tuning.classifier.digest
    assert families["catdog_dropped"][0].value == 2
