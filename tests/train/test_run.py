"""`python -m train`: a model and its record come out, the same every time, and a killed run goes on."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from tests.conftest import ROOT, Command, one_line, write_photos
from train.networks import NETWORKS, Network
from train.recipe import Recipe

FAST = ("--epochs", "8", "--batch", "4")  # long enough to be killed in, and to learn the colours
SHORT = ("--epochs", "2", "--batch", "4")


def record_of(folder: Path, name: str = "origin") -> dict[str, object]:
    record = json.loads((folder / f"{name}.json").read_bytes())
    assert isinstance(record, dict)
    return record


@pytest.fixture(scope="module")
def trained(here: Command, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an unbroken run of the origin's network."""
    folder = tmp_path_factory.mktemp("trained")
    here("train", photos, "--out", folder, "--cache", folder / "cache", *FAST)
    return folder


def test_it_learns_and_records_what_it_did(trained: Path) -> None:
    record = record_of(trained)
    assert record["labels"] == ["blue", "green", "red"]
    assert record["complete"] is True
    history = record["history"]
    assert isinstance(history, list)
    assert len(history) == 8
    assert history[-1]["val_accuracy"] == 1
    assert (trained / "origin.keras").exists()
    assert not list(trained.glob("*.checkpoint"))
    assert set(record) >= {"command", "run", "photos", "versions", "machine", "weights_sha256", "keras_sha256", "fit"}


def test_one_seed_gives_one_model_and_another_seed_another(
    here: Command, photos: Path, tmp_path: Path, trained: Path
) -> None:
    here("train", photos, "--out", tmp_path / "same", "--cache", trained / "cache", *FAST)
    here("train", photos, "--out", tmp_path / "other", "--cache", trained / "cache", "--seed", "2", *FAST)
    assert record_of(tmp_path / "same")["weights_sha256"] == record_of(trained)["weights_sha256"]
    assert record_of(tmp_path / "other")["weights_sha256"] != record_of(trained)["weights_sha256"]


def start(photos: Path, out: Path, cache: Path) -> subprocess.Popen[str]:
    """Start a run and wait until its first epoch is safe."""
    process = subprocess.Popen(
        [sys.executable, "-m", "train", photos, "--out", out, "--cache", cache, *FAST],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    deadline = time.monotonic() + 120
    while not (out / "origin.checkpoint").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return process


@pytest.fixture(scope="module")
def killed(photos: Path, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a run leaves that was killed after an epoch or more."""
    folder = tmp_path_factory.mktemp("killed")
    process = start(photos, folder, trained / "cache")
    process.kill()
    process.communicate()
    return folder


def test_a_killed_run_goes_on_to_the_same_weights(
    here: Command, photos: Path, tmp_path: Path, trained: Path, killed: Path
) -> None:
    shutil.copytree(killed, tmp_path, dirs_exist_ok=True)
    assert not (tmp_path / "origin.keras").exists()
    done = here("train", photos, "--out", tmp_path, "--cache", trained / "cache", "--resume", *FAST)
    assert "epoch   1/8" not in done.stdout
    assert record_of(tmp_path)["weights_sha256"] == record_of(trained)["weights_sha256"]


def test_ctrl_c_leaves_a_usable_model(here: Command, photos: Path, tmp_path: Path, trained: Path) -> None:
    process = start(photos, tmp_path, trained / "cache")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    if process.returncode == 0:
        pytest.skip("the run was faster than the signal")
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "--resume" in errors
    assert record_of(tmp_path)["complete"] is False
    here("train", photos, "--out", tmp_path, "--cache", trained / "cache", "--resume", *FAST)
    assert record_of(tmp_path)["complete"] is True
    assert record_of(tmp_path)["weights_sha256"] == record_of(trained)["weights_sha256"]


def test_resume_refuses_another_run_and_names_the_difference(
    here: Command, photos: Path, tmp_path: Path, trained: Path, killed: Path
) -> None:
    shutil.copytree(killed, tmp_path, dirs_exist_ok=True)
    words = ("train", photos, "--out", tmp_path, "--cache", trained / "cache", "--resume", "--epochs", "8")
    line = one_line(here(*words, "--batch", "5", expect=2))
    assert "batch: 4 then, 5 now" in line
    checkpoint = tmp_path / "origin.checkpoint"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-2000])
    assert "is damaged" in one_line(here(*words, "--batch", "4", expect=2))


def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(photos: Path, tmp_path: Path, trained: Path) -> None:
    words = [sys.executable, "-m", "train", photos, "--out", tmp_path / "out", "--cache", trained / "cache", *FAST]
    done = subprocess.run(
        list(map(str, words)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        # What a process meets on a full disk, without filling one: no file may grow over a megabyte.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20)),
    )
    assert done.returncode == 2
    assert "origin.checkpoint: cannot be written" in one_line(done)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_class_that_vanished_is_named_on_resume(
    here: Command, photos: Path, tmp_path: Path, trained: Path, killed: Path
) -> None:
    folder = Path(shutil.copytree(photos, tmp_path / "photos"))
    shutil.copytree(killed, tmp_path / "out")
    shutil.rmtree(folder / "red")
    words = ("train", folder, "--out", tmp_path / "out", "--cache", trained / "cache", "--resume", *FAST)
    line = one_line(here(*words, expect=2))
    assert "labels: ['blue', 'green', 'red'] then, ['blue', 'green'] now" in line


def test_bad_photos_are_skipped(here: Command, tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", ("red", "green"), count=12)
    (folder / "red" / "bad.jpg").write_bytes(b"no photo")
    (folder / "red" / "empty.jpg").write_bytes(b"")
    done = here("train", folder, "--out", tmp_path, "--cache", tmp_path / "c", "--epochs", "1", "--batch", "4")
    assert "bad.jpg: is no photo" in done.stderr
    assert "empty.jpg: is empty" in done.stderr
    assert (tmp_path / "origin.keras").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("nowhere",), "there is no such folder"),
        ((), "DATA: is missing"),
        (("PHOTOS", "--network", "huge"), "--network huge: is unknown"),
        (("PHOTOS", "--label", "red"), "is not FOLDER=LABEL"),
        (("PHOTOS", "--set", "speed=3"), "is no knob"),
        (("PHOTOS", "--set", "ema=fast"), "is no number"),
        (("PHOTOS", "--validation", "0"), "validation: has no photo"),
        (("PHOTOS", "--name", "a/b"), "--name a/b: is not a plain name"),
        (("PHOTOS", "--out", "TEXT"), "text.weights.h5: is a file, not a folder"),
        (("PHOTOS", "--tensorboard", "TEXT"), "text.weights.h5: cannot be written to"),
        (("PHOTOS", "--out", "TEXT/below"), "below: cannot be made"),
        (("PHOTOS", "--network", "mobilenet", "--weights", "TEXT"), "cannot be loaded as MobileNetV2"),
        (("PHOTOS", "--network", "mobilenet", "--weights", "no.h5"), "no.h5"),
    ],
)
def test_bad_arguments_are_one_line(
    here: Command, photos: Path, tmp_path: Path, trained: Path, words: tuple[str, ...], expected: str
) -> None:
    text = tmp_path / "text.weights.h5"
    text.write_text("not weights")
    named = [{"PHOTOS": photos, "TEXT": text, "TEXT/below": text / "below"}.get(word, word) for word in words]
    line = one_line(here("train", "--out", tmp_path, *named, "--cache", trained / "cache", *FAST, expect=2))
    assert expected in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["text.weights.h5"]


def test_a_teacher_is_learned_from(here: Command, photos: Path, tmp_path: Path, trained: Path) -> None:
    """All labels are smoothed into sameness: only the teacher's answers can teach anything."""
    words = ("--out", tmp_path, "--cache", trained / "cache", *FAST, "--set", "smoothing=1.0")
    here("train", photos, *words, "--name", "alone")
    here("train", photos, *words, "--name", "taught", "--teacher", trained / "origin.keras")
    alone, taught = record_of(tmp_path, "alone"), record_of(tmp_path, "taught")
    assert taught["history"][-1]["val_accuracy"] > 0.9  # type: ignore[index]
    assert alone["history"][-1]["val_accuracy"] < 0.9  # type: ignore[index]


def test_a_teacher_of_other_classes_is_refused(here: Command, photos: Path, tmp_path: Path, trained: Path) -> None:
    words = ("--out", tmp_path, "--cache", trained / "cache", "--label", "red=warm", *FAST)
    line = one_line(here("train", photos, *words, "--teacher", trained / "origin.keras", expect=2))
    assert "knows blue, green, red" in line


def test_a_model_is_trained_further(here: Command, photos: Path, tmp_path: Path, trained: Path) -> None:
    """With labels smoothed into sameness and a tiny rate, only the model that it started from knows anything."""
    words = (
        "--out",
        tmp_path,
        "--cache",
        trained / "cache",
        *FAST,
        "--set",
        "smoothing=1.0",
        "--learning-rate",
        "1e-6",
    )
    here("train", photos, *words, "--name", "further", "--start", trained / "origin.keras")
    further = record_of(tmp_path, "further")
    assert further["history"][0]["val_accuracy"] > 0.9  # type: ignore[index]
    assert [len(digest) for digest in further["run"]["start"]] == [64]  # type: ignore[index]
    line = one_line(
        here("train", photos, *words, "--network", "compact", "--start", trained / "origin.keras", expect=2)
    )
    assert "origin.keras: is of another network than --network" in line
    words = ("--out", tmp_path, "--cache", trained / "cache", "--label", "red=warm", *FAST)
    line = one_line(here("train", photos, *words, "--start", trained / "origin.keras", expect=2))
    assert "knows blue, green, red" in line


def test_several_models_are_averaged(here: Command, photos: Path, tmp_path: Path, trained: Path) -> None:
    words = ("--out", tmp_path, "--cache", trained / "cache")
    here("train", photos, *words, "--name", "other", "--seed", "2", *FAST)
    both = (trained / "origin.keras", tmp_path / "other.keras")
    here("train", photos, *words, "--name", "mean", "--start", both[0], "--start", both[1], "--epochs", "0")
    # The first layer, as the last one has each model's temperature in it.
    one, other, mean = (keras.saving.load_model(path).get_weights()[0] for path in (*both, tmp_path / "mean.keras"))
    np.testing.assert_allclose(mean, (one + other) / 2, atol=1e-6)
    assert np.abs(one - other).max() > 1e-4
    assert record_of(tmp_path, "mean")["history"][0]["epoch"] == 0  # type: ignore[index]


def test_half_precision_gives_an_ordinary_model(here: Command, photos: Path, tmp_path: Path, trained: Path) -> None:
    here("train", photos, "--out", tmp_path, "--cache", trained / "cache", "--precision", "bfloat16", *FAST)
    record = record_of(tmp_path)
    assert record["history"][-1]["val_accuracy"] == 1  # type: ignore[index]
    model = keras.saving.load_model(tmp_path / "origin.keras")
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}


def test_curves_are_written_for_tensorboard(here: Command, photos: Path, tmp_path: Path, trained: Path) -> None:
    pytest.importorskip("tensorboard")
    curves = tmp_path / "curves"
    here("train", photos, "--out", tmp_path, "--cache", trained / "cache", "--tensorboard", curves, *SHORT)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(curves))
    events.Reload()
    assert len(events.Tensors("val_accuracy")) == 2


def any_size(x: Any, classes: int) -> Any:
    """The least network that takes pictures of any size."""
    x = keras.layers.Conv2D(8, 3, 2, activation="relu")(keras.layers.Rescaling(1 / 255)(x))
    return keras.layers.Dense(classes, name="logits")(keras.layers.GlobalAveragePooling2D()(x))


def test_schedules_growing_and_stopping_early(
    here: Command, photos: Path, tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every knob at once."""
    monkeypatch.setitem(NETWORKS, "any-size", Network(any_size, 32, "a test", Recipe()))
    knobs = ("schedule=one-cycle", "patience=2", "class_weights=true", "grow=[[0.5,0.5]]", "ema=0.9", "mixup=0.3")
    words = [word for knob in knobs for word in ("--set", knob)]
    words += ["--network", "any-size", "--epochs", "12", "--batch", "8", "--learning-rate", "0.003"]
    done = here("train", photos, "--out", tmp_path, "--cache", trained / "cache", *words)
    record = record_of(tmp_path, "any-size")
    epochs = len(record["history"])  # type: ignore[arg-type]
    assert epochs == 12 or "stopped early" in done.stdout
    assert record["fit"]["width"] == 32  # type: ignore[index]


def test_the_compact_network_is_trained(here: Command, photos: Path, tmp_path: Path, trained: Path) -> None:
    words = ("--network", "compact", "--side", "32", "--epochs", "1", "--batch", "8")
    here("train", photos, "--out", tmp_path, "--cache", trained / "cache", *words)
    assert record_of(tmp_path, "compact")["fit"]["width"] == 32  # type: ignore[index]


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A MobileNetV2 of noise, in place of ImageNet's."""
    keras.utils.set_random_seed(7)
    path = tmp_path_factory.mktemp("backbone") / "b.weights.h5"
    keras.applications.MobileNetV2((224, 224, 3), alpha=0.35, include_top=False, weights=None).save_weights(path)
    return path


def test_weights_of_another_shape_are_one_line(here: Command, photos: Path, tmp_path: Path, backbone: Path) -> None:
    words = ("--out", tmp_path, "--cache", tmp_path / "cache", "--side", "32", "--network", "mobilenet")
    assert "must match" in one_line(here("train", photos, *words, "--weights", backbone, expect=2))


def test_a_cluster_that_is_none_is_one_line(
    here: Command, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CONFIG", "{nonsense")
    line = one_line(here("train", photos, "--out", tmp_path, "--cache", tmp_path / "cache", expect=2))
    assert "TF_CONFIG: names no cluster" in line


@pytest.mark.parametrize("epochs", [0, 1])
def test_a_backbone_is_started_from(
    here: Command, photos: Path, tmp_path: Path, trained: Path, backbone: Path, epochs: int
) -> None:
    words = ("--out", tmp_path, "--cache", trained / "cache", "--side", "32", "--batch", "8", "--epochs", epochs)
    here("train", photos, *words, "--network", "mobilenet-small", "--weights", backbone)
    model = keras.saving.load_model(tmp_path / "mobilenet-small.keras")
    first = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)).get_weights()[0]
    with h5py.File(backbone) as file:
        original = file["layers/conv2d/vars/0"][()]
    # Learned from nothing it would differ everywhere; fine-tuned it differs a little.
    assert np.abs(first - original).max() <= 0.05 * epochs
    assert record_of(tmp_path, "mobilenet-small")["best_epoch"] == epochs
    if not epochs:  # features of random filters tell colours apart well enough
        assert record_of(tmp_path, "mobilenet-small")["history"][0]["val_accuracy"] == 1  # type: ignore[index]


def test_a_fallback_gets_a_threshold_that_every_variant_carries(
    here: Command, photos: Path, tmp_path: Path, trained: Path
) -> None:
    from edge.classifier import Classifier

    words = ("--out", tmp_path, "--cache", trained / "cache", *SHORT)
    here("train", photos, *words, "--fallback", "green")
    record = record_of(tmp_path)
    assert record["fallback"] == "green"
    here("convert", tmp_path / "origin.keras", "--calibration", photos)
    contract = Classifier(tmp_path / "origin.int8.tflite").contract
    assert (contract.fallback, contract.thresholds) == ("green", record["thresholds"])
    assert contract.temperature == record["temperature"]
    line = one_line(here("train", photos, *words, "--fallback", "grey", expect=2))
    assert "--fallback grey: is none of blue, green, red" in line


def test_the_networks_are_listed(here: Command) -> None:
    shown = here("train", "--list").stdout
    assert all(name in shown for name in ("origin", "compact", "mobilenet"))
