"""`python -m train`: a model and its record come out, the same every time, and a killed run goes on."""

import json
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

from edge.classifier import Classifier
from tests.conftest import ROOT, Command, one_line, write_photos
from train.networks import NETWORKS, Network
from train.recipe import Recipe

FAST = ("--epochs", "8", "--batch", "4")  # long enough to be killed in, and to learn the colours
SHORT = ("--epochs", "2", "--batch", "4")


def record_of(folder: Path, name: str = "origin") -> Any:
    return json.loads((folder / f"{name}.json").read_bytes())


@pytest.fixture(scope="module")
def trained(here: Command, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an unbroken run of the origin's network."""
    folder = tmp_path_factory.mktemp("trained")
    here("train", photos, "--out", folder, "--cache", folder / "cache", *FAST)
    return folder


@pytest.fixture
def train(here: Command, photos: Path, trained: Path, tmp_path: Path) -> Command:
    """Train a network on the photos, which are decoded already; the model goes into tmp_path."""

    def run(*words: object, expect: int = 0) -> subprocess.CompletedProcess[str]:
        return here("train", photos, "--out", tmp_path, "--cache", trained / "cache", *words, expect=expect)

    return run


def test_it_learns_and_records_what_it_did(trained: Path) -> None:
    record = record_of(trained)
    assert record["labels"] == ["blue", "green", "red"]
    assert record["complete"] is True
    assert len(record["history"]) == 8
    assert record["history"][-1]["val_accuracy"] == 1
    assert (trained / "origin.keras").exists()
    assert not list(trained.glob("*.checkpoint"))
    assert set(record) >= {"command", "run", "photos", "versions", "machine", "weights_sha256", "keras_sha256", "fit"}


def test_one_seed_gives_one_model_and_another_seed_another(train: Command, tmp_path: Path, trained: Path) -> None:
    train("--name", "same", *FAST)
    train("--name", "other", "--seed", "2", *FAST)
    assert record_of(tmp_path, "same")["weights_sha256"] == record_of(trained)["weights_sha256"]
    assert record_of(tmp_path, "other")["weights_sha256"] != record_of(trained)["weights_sha256"]


def start(photos: Path, out: Path, cache: Path, *words: object) -> subprocess.Popen[str]:
    """Start a run and wait until its first epoch is safe."""
    line = [sys.executable, "-u", "-m", "train", photos, "--out", out, "--cache", cache, *FAST, *map(str, words)]
    process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
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


def test_a_killed_run_goes_on_to_the_same_weights(train: Command, tmp_path: Path, trained: Path, killed: Path) -> None:
    shutil.copytree(killed, tmp_path, dirs_exist_ok=True)
    assert not (tmp_path / "origin.keras").exists()
    assert "epoch   1/8" not in train("--resume", *FAST).stdout
    assert record_of(tmp_path)["weights_sha256"] == record_of(trained)["weights_sha256"]


def test_kept_weights_are_those_that_int8_holds(train: Command, tmp_path: Path) -> None:
    train(*SHORT, "--network", "compact", "--side", "32", "--set", "int8_weights=true", "--name", "steps")
    for layer in keras.saving.load_model(tmp_path / "steps.keras").layers:
        for kernel in [np.asarray(layer.kernel)] if hasattr(layer, "kernel") else []:
            steps = kernel / np.abs(kernel).max(tuple(range(kernel.ndim - 1))) * 127
            assert np.abs(steps - np.round(steps)).max() < 1e-3


def drift(before: Path, after: Path) -> float:
    """Return how far the features of noise have turned between two models, as 1 - cosine."""
    pictures = np.random.default_rng(1).uniform(0, 255, (8, 64, 64, 3)).astype(np.float32)
    models = [keras.saving.load_model(path) for path in (before, after)]
    one, two = (np.asarray(keras.Model(model.input, model.layers[-4].output)(pictures)) for model in models)
    return float(np.mean(1 - (one * two).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(two, axis=1)))


def test_features_are_held_to_those_of_the_start(train: Command, tmp_path: Path, trained: Path) -> None:
    # What was red is called green, so that there is much to learn.
    words = ("--start", trained / "origin.keras", *SHORT, "--label", "red=green", "--label", "green=red")
    train(*words, "--name", "free")
    train(*words, "--name", "held", "--set", "hold=100")
    free, held = (drift(trained / "origin.keras", tmp_path / f"{name}.keras") for name in ("free", "held"))
    assert held < free / 2
    assert "compact starts from nothing" in one_line(train("--network", "compact", "--set", "hold=1", expect=2))


def test_a_killed_run_goes_on_to_hold_its_features(train: Command, photos: Path, tmp_path: Path, trained: Path) -> None:
    words = ("--start", trained / "origin.keras", "--set", "hold=1")
    train("--name", "whole", *FAST, *words)
    process = start(photos, tmp_path, trained / "cache", *words)
    process.kill()
    process.communicate()
    train("--resume", *FAST, *words)
    assert record_of(tmp_path)["weights_sha256"] == record_of(tmp_path, "whole")["weights_sha256"]


def test_ctrl_c_leaves_a_usable_model(train: Command, photos: Path, tmp_path: Path, trained: Path) -> None:
    process = start(photos, tmp_path, trained / "cache")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    if process.returncode == 0:
        pytest.skip("the run was faster than the signal")
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "--resume" in errors
    assert record_of(tmp_path)["complete"] is False
    train("--resume", *FAST)
    assert record_of(tmp_path)["complete"] is True
    assert record_of(tmp_path)["weights_sha256"] == record_of(trained)["weights_sha256"]


def test_resume_refuses_another_run_and_names_the_difference(train: Command, tmp_path: Path, killed: Path) -> None:
    shutil.copytree(killed, tmp_path, dirs_exist_ok=True)
    assert "batch: 4 then, 5 now" in one_line(train("--resume", *FAST, "--batch", "5", expect=2))
    checkpoint = tmp_path / "origin.checkpoint"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-2000])
    assert "is damaged" in one_line(train("--resume", *FAST, expect=2))


def test_a_full_disk_leaves_one_line_and_no_file(command: Command, photos: Path, tmp_path: Path, trained: Path) -> None:
    def fill() -> None:
        """Let the process meet what a full disk does, without filling one: no file may grow over a megabyte."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))

    words = ("train", photos, "--out", tmp_path / "out", "--cache", trained / "cache", *FAST)
    assert "origin.checkpoint: cannot be written" in one_line(command(*words, expect=2, preexec_fn=fill))
    assert list((tmp_path / "out").iterdir()) == []


def test_resume_names_a_lost_class(here: Command, photos: Path, tmp_path: Path, trained: Path, killed: Path) -> None:
    folder = Path(shutil.copytree(photos, tmp_path / "photos"))
    shutil.copytree(killed, tmp_path / "out")
    shutil.rmtree(folder / "red")
    words = ("train", folder, "--out", tmp_path / "out", "--cache", trained / "cache", "--resume", *FAST)
    assert "labels: ['blue', 'green', 'red'] then, ['blue', 'green'] now" in one_line(here(*words, expect=2))


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
        (("PHOTOS", "--set", "elsewhere.epochs=3"), "is no knob"),
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
    assert expected in one_line(here("train", "--out", tmp_path, *named, "--cache", trained / "cache", *FAST, expect=2))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["text.weights.h5"]


def test_a_teacher_is_learned_from(train: Command, tmp_path: Path, trained: Path) -> None:
    """All labels are smoothed into sameness: only the teacher's answers can teach anything."""
    words = (*FAST, "--set", "smoothing=1.0")
    train(*words, "--name", "alone")
    train(*words, "--name", "taught", "--teacher", trained / "origin.keras")
    alone, taught = record_of(tmp_path, "alone"), record_of(tmp_path, "taught")
    assert taught["history"][-1]["val_accuracy"] > 0.9
    assert alone["history"][-1]["val_accuracy"] < 0.9


@pytest.mark.parametrize("option", ["--teacher", "--start"])
def test_a_model_of_other_classes_is_refused(train: Command, trained: Path, option: str) -> None:
    words = ("--label", "red=warm", *FAST, option, trained / "origin.keras")
    assert "knows blue, green, red" in one_line(train(*words, expect=2))


def test_a_model_is_trained_further(train: Command, tmp_path: Path, trained: Path) -> None:
    """With labels smoothed into sameness and a tiny rate, only the model that it started from knows anything."""
    words = (*FAST, "--start", trained / "origin.keras", "--set", "smoothing=1.0", "--learning-rate", "1e-6")
    train(*words, "--name", "further")
    further = record_of(tmp_path, "further")
    assert further["history"][0]["val_accuracy"] > 0.9
    assert [len(digest) for digest in further["run"]["start"]] == [64]
    line = one_line(train(*words, "--network", "compact", expect=2))
    assert "origin.keras: is of another network than --network" in line


def test_several_models_are_averaged(train: Command, tmp_path: Path, trained: Path) -> None:
    train("--name", "other", "--seed", "2", *FAST)
    both = (trained / "origin.keras", tmp_path / "other.keras")
    train("--name", "mean", "--start", both[0], "--start", both[1], "--epochs", "0")
    # The first layer, as the last one has each model's temperature in it.
    one, other, mean = (keras.saving.load_model(path).get_weights()[0] for path in (*both, tmp_path / "mean.keras"))
    np.testing.assert_allclose(mean, (one + other) / 2, atol=1e-6)
    assert np.abs(one - other).max() > 1e-4
    assert record_of(tmp_path, "mean")["history"][0]["epoch"] == 0


def test_half_precision_gives_an_ordinary_model(train: Command, tmp_path: Path) -> None:
    train("--precision", "bfloat16", *FAST)
    assert record_of(tmp_path)["history"][-1]["val_accuracy"] == 1
    model = keras.saving.load_model(tmp_path / "origin.keras")
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}


def test_curves_are_written_for_tensorboard(train: Command, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    curves = tmp_path / "curves"
    train("--tensorboard", curves, *SHORT)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(curves))
    events.Reload()
    assert len(events.Tensors("val_accuracy")) == 2


def any_size(x: Any, classes: int) -> Any:
    """The least network that takes pictures of any size."""
    x = keras.layers.Conv2D(8, 3, 2, activation="relu")(keras.layers.Rescaling(1 / 255)(x))
    return keras.layers.Dense(classes, name="logits")(keras.layers.GlobalAveragePooling2D()(x))


def test_schedules_growing_and_stopping_early(train: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every knob at once."""
    monkeypatch.setitem(NETWORKS, "any-size", Network(any_size, 32, "a test", Recipe()))
    knobs = ("schedule=one-cycle", "patience=2", "class_weights=true", "grow=[[0.5,0.5]]", "ema=0.9", "mixup=0.3")
    words = [word for knob in knobs for word in ("--set", knob)]
    words += ["--network", "any-size", "--epochs", "12", "--batch", "8", "--learning-rate", "0.003"]
    done = train(*words)
    record = record_of(tmp_path, "any-size")
    assert len(record["history"]) == 12 or "stopped early" in done.stdout
    assert record["fit"]["width"] == 32


def test_the_compact_network_is_trained(train: Command, tmp_path: Path) -> None:
    train("--network", "compact", "--side", "32", "--epochs", "1", "--batch", "8")
    assert record_of(tmp_path, "compact")["fit"]["width"] == 32


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A MobileNetV2 of noise, in place of ImageNet's."""
    keras.utils.set_random_seed(7)
    path = tmp_path_factory.mktemp("backbone") / "b.weights.h5"
    keras.applications.MobileNetV2((224, 224, 3), alpha=0.35, include_top=False, weights=None).save_weights(path)
    return path


def test_weights_of_another_shape_are_one_line(train: Command, backbone: Path) -> None:
    words = ("--side", "32", "--network", "mobilenet", "--weights", backbone)
    assert "must match" in one_line(train(*words, expect=2))


def test_a_cluster_that_is_none_is_one_line(train: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", "{nonsense")
    assert "TF_CONFIG: names no cluster" in one_line(train(expect=2))


@pytest.mark.parametrize("epochs", [0, 1])
def test_a_backbone_is_started_from(train: Command, tmp_path: Path, backbone: Path, epochs: int) -> None:
    words = ("--network", "mobilenet-small", "--weights", backbone, "--side", "32", "--batch", "8")
    train(*words, "--epochs", epochs)
    model = keras.saving.load_model(tmp_path / "mobilenet-small.keras")
    first = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)).get_weights()[0]
    with h5py.File(backbone) as file:
        original = file["layers/conv2d/vars/0"][()]
    # Learned from nothing it would differ everywhere; fine-tuned it differs a little.
    assert np.abs(first - original).max() <= 0.05 * epochs
    record = record_of(tmp_path, "mobilenet-small")
    assert record["best_epoch"] == epochs
    if not epochs:  # features of random filters tell colours apart well enough
        assert record["history"][0]["val_accuracy"] == 1


def test_variants_carry_the_fallback_s_threshold(here: Command, train: Command, photos: Path, tmp_path: Path) -> None:
    train(*SHORT, "--fallback", "green", "--set", "lost=1")
    record = record_of(tmp_path)
    assert (record["fallback"], record["thresholds"]) == ("green", {"green": 0.05})  # as it may take them all
    here("convert", tmp_path / "origin.keras", "--calibration", photos)
    contract = Classifier(tmp_path / "origin.int8.tflite").contract
    assert (contract.fallback, contract.thresholds) == ("green", record["thresholds"])
    assert contract.temperature == record["temperature"]
    assert "--fallback grey: is none of blue, green, red" in one_line(train("--fallback", "grey", expect=2))


def test_the_networks_are_listed(here: Command) -> None:
    shown = here("train", "--list").stdout
    assert all(name in shown for name in ("origin", "compact", "mobilenet"))
