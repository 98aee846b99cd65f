"""Bring your own Keras model: whatever its ending and its pixels, the same files come out; or one line that asks."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from convert import load as converter
from edge.classifier import Classifier
from tests.conftest import BGR, Command, one_line, picture, write_photos
from tests.convert.networks import TO_UNIT, colours, keras_io, tutorial

THREE = ("--labels", "red,green,blue")
TWO = ("--labels", "blue,red")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("two"), ("red", "blue"), count=12)


def rgb(colour: str, side: int) -> np.ndarray:
    """Return a picture as a Keras network takes it: float32 (1, side, side, 3), 0..255."""
    return picture(colour, side, side)[..., ::-1][None].astype(np.float32)


def load(path: Path, labels: str, pixel_range: str | None = None) -> Callable[[str], dict[str, float]]:
    """Load a model as the converter does; the result gives its probabilities of a colour."""
    parent = converter.load(path, tuple(labels.split(",")), pixel_range)

    def ask(colour: str) -> dict[str, float]:
        pixels = rgb(colour, parent.fit.height)
        return dict(zip(parent.labels, np.asarray(parent.model(pixels))[0].tolist(), strict=True))

    return ask


@pytest.mark.parametrize("ending", ["softmax", "logits", "sigmoid", "logit"])
def test_every_ending_becomes_probabilities(ending: str, tmp_path: Path) -> None:
    single = ending in ("sigmoid", "logit")
    ask = load(colours(tmp_path / "own.keras", ending=ending), "blue,red" if single else "red,green,blue")
    for colour in ("red", "blue"):
        answer = ask(colour)
        assert sum(answer.values()) == pytest.approx(1, abs=1e-6)
        assert answer[colour] > 0.99


@pytest.mark.parametrize("takes", list(TO_UNIT))
def test_pixels_of_every_range_are_made_from_0_to_255(takes: str, tmp_path: Path) -> None:
    path = colours(tmp_path / "own.keras", takes, scaled=False)
    assert load(path, "red,green,blue", takes)("red")["red"] > 0.99


@pytest.mark.parametrize("takes", ["0..255", "0..1"])
def test_a_rescaling_layer_shows_the_range_by_itself(takes: str, tmp_path: Path) -> None:
    path = tmp_path / "own.keras"
    x = inner = keras.Input((24, 24, 3))
    scale = 1 / 127.5 if takes == "0..255" else 2.0
    x = layers.Rescaling(scale, offset=-1)(layers.RandomFlip()(x))
    inside = keras.Model(inner, x)  # nested, as tutorials keep their augmentation
    head = layers.Dense(3, "softmax")
    keras.Sequential([keras.Input((24, 24, 3)), inside, layers.GlobalAveragePooling2D(), head]).save(path)
    kernel, bias = head.get_weights()
    network = keras.saving.load_model(path)
    network.layers[-1].set_weights([5 * np.eye(*kernel.shape), bias])
    network.save(path)
    assert load(path, "red,green,blue")("blue")["blue"] > 0.99


def test_a_network_of_mixed_precision_is_converted_in_float32(here: Command, photos: Path, tmp_path: Path) -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        path = colours(tmp_path / "own.keras")
    finally:
        keras.config.set_dtype_policy("float32")
    here("convert", path, *THREE, "--calibration", photos)
    assert Classifier(tmp_path / "own.int8.tflite").classify(picture("green", seed=7)).label == "green"


def test_a_tutorials_sequential_is_converted_certified_and_run(here: Command, two: Path, tmp_path: Path) -> None:
    path = tutorial(tmp_path / "tutorial.keras", two)
    assert "Within the budget" in here("convert", path, *TWO, "--pixel-range", "0..1", "--calibration", two).stdout
    for variant in ("float32", "int8"):
        classifier = Classifier(tmp_path / f"tutorial.{variant}.tflite")
        for colour in ("red", "blue"):
            assert classifier.classify(picture(colour, seed=900)).label == colour


@pytest.mark.parametrize(
    "size", [(48,), pytest.param((180, 128, (256, 512, 728), 1024), marks=pytest.mark.bench)], ids=["small", "whole"]
)
def test_keras_ios_own_network_is_converted(here: Command, two: Path, tmp_path: Path, size: tuple[Any, ...]) -> None:
    path = keras_io(tmp_path / "scratch.keras", *size)
    # Untrained, so it hardly tells red from blue: its probabilities are what can be compared.
    done = here("convert", path, *TWO, "--calibration", two, "--max-drop", "100", "--min-agreement", "0")
    assert "scratch.int8.tflite" in done.stdout
    ask = load(path, "blue,red")
    for variant, tolerance in (("float32", 1e-5), ("float16", 1e-3), ("int8", 0.02)):
        classifier = Classifier(tmp_path / f"scratch.{variant}.tflite")
        for colour in BGR:
            found = classifier.classify(picture(colour, size[0], size[0])).probabilities
            assert found == pytest.approx(ask(colour), abs=tolerance)


def flat(x: Any, ending: str | None = None) -> Any:
    return layers.Dense(3, activation=ending)(layers.GlobalAveragePooling2D()(layers.Rescaling(1 / 255)(x)))


def network(answer: Callable[..., Any] = flat, shape: tuple[int | None, ...] = (8, 8, 3), inputs: int = 1) -> Any:
    given = [keras.Input(shape) for _ in range(inputs)]
    return keras.Model(given if inputs > 1 else given[0], answer(*given))


def own_layer(x: Any) -> Any:
    class Doubling(layers.Layer):
        def call(self, x: Any) -> Any:
            return 2 * x

    return flat(Doubling()(x))


def not_a_number() -> Any:
    model = network(partial(flat, ending="softmax"))
    model.set_weights([np.full(w.shape, np.nan) for w in model.get_weights()])
    return model


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "grey": (partial(network, shape=(8, 8, 1)), "takes grey pictures, (8, 8, 1)"),
    "any size": (partial(network, shape=(None, None, 3)), "takes pictures of any size, (None, None, 3)"),
    "no picture": (partial(network, shape=(8, 8, 4)), "not one (height, width, 3) picture"),
    "two inputs": (
        partial(network, lambda *pair: flat(layers.add(pair)), inputs=2),
        "takes (8, 8, 3) and (8, 8, 3), not one",
    ),
    "two outputs": (partial(network, lambda x: [flat(x), flat(x)]), "gives (3,) and (3,), not one row of answers"),
    "a map": (partial(network, lambda x: layers.Conv2D(3, 1)(x)), "gives (8, 8, 3), not one row of answers"),
    "own layer": (partial(network, own_layer), "Rebuild it from Keras' own layers"),
    "nan": (not_a_number, "gives outputs that are no numbers"),
    "unbuilt": (lambda: keras.Sequential([layers.GlobalAveragePooling2D(), layers.Dense(3)]), "states no input shape"),
    "relu": (partial(network, partial(flat, ending="relu")), "ends in relu"),
    "many sigmoids": (partial(network, partial(flat, ending="sigmoid")), "ends in sigmoid"),
}


@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_image_classifier_is_one_line(here: Command, photos: Path, tmp_path: Path, name: str) -> None:
    build, words = REFUSED[name]
    path = tmp_path / f"{name}.keras"
    build().save(path)
    line = one_line(here("convert", path, *THREE, "--calibration", photos, "--out", tmp_path / "out", expect=2))
    assert f"{name}.keras" in line
    assert words in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("network", "words", "expected"),
    [
        ({}, ("--labels", "red,blue"), "has 2 labels, but 3 outputs tell 3 classes"),
        ({"ending": "sigmoid"}, THREE, "has 3 labels, but one output tells two classes"),
        ({}, ("--labels", "red,red,blue"), "names one label twice"),
        ({}, (), "Name them: --labels"),
        ({"scaled": False}, THREE, "Say how it was trained: --pixel-range 0..255, 0..1, -1..1"),
        ({}, (*THREE, "--pixel-range", "-1..1"), "contradicts the model, whose own scaling takes 0..255"),
    ],
)
def test_what_the_network_contradicts_or_does_not_show_is_one_line(
    here: Command, photos: Path, tmp_path: Path, network: dict[str, Any], words: tuple[str, ...], expected: str
) -> None:
    path = colours(tmp_path / "own.keras", **network)
    assert expected in one_line(here("convert", path, *words, "--calibration", photos, expect=2))


@pytest.mark.parametrize("count", ["99", "501"])
def test_a_count_of_photos_that_makes_no_sense_is_said(here: Command, photos: Path, tmp_path: Path, count: str) -> None:
    path = colours(tmp_path / "own.keras")
    line = one_line(here("convert", path, *THREE, "--calibration", photos, "--count", count, expect=2))
    assert f"--count {count}: is not from 100 to 500: of fewer photos the ranges are guesswork" in line


def test_the_same_answers_as_the_bare_network_gave(tmp_path: Path) -> None:
    """The wrapped network against the bare one, fed by hand with pixels as it wants them."""
    path = colours(tmp_path / "own.keras", "-1..1", "sigmoid", scaled=False)
    ask = load(path, "blue,red", "-1..1")
    bare = keras.saving.load_model(path)
    for colour in BGR:
        pixels = rgb(colour, 24)
        assert ask(colour)["red"] == pytest.approx(float(bare(pixels / 127.5 - 1)[0, 0]), abs=1e-6)
