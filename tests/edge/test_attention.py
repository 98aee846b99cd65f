"""Where the evidence lies: held against the answers it must add up to, and against pictures whose evidence is known."""

from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from edge.attention import Attention, find_head
from edge.classifier import DEFAULT_MODEL, Classifier
from edge.errors import ModelError
from tests.conftest import BGR, ROOT
from tests.tiny import tiny_model

FLOAT32 = ROOT / "models/default.float32.tflite"
PHOTOS = sorted((ROOT / "edge/demo").glob("*.jpg"))


def attention(model: Path) -> tuple[Classifier, Attention]:
    """Return a classifier that answers by the interpreter of its maps."""
    classifier = Classifier(model)
    made = Attention(classifier.content, len(classifier.labels), 1, model)
    classifier.run_on(made.interpreter)
    return classifier, made


def test_a_map_of_colours_shows_where_they_are(tmp_path: Path) -> None:
    classifier, made = attention(tiny_model(tmp_path / "tiny.tflite"))
    image = np.zeros((32, 32, 3), np.uint8)
    image[:16], image[16:, 16:] = BGR["red"], BGR["blue"]
    answer = classifier.classify(image)
    red, green, blue = made.maps(made.take())
    assert (answer.label, red.shape) == ("red", (32, 32))
    assert (red[:16] > 0).all()
    assert (red[16:, 16:] < 0).all()
    assert (blue[16:, 16:] > 0).all()
    assert abs(green).max() < red.max()
    assert red + green + blue == pytest.approx(np.zeros((32, 32)), abs=1e-6)


def test_weights_that_are_kept_as_float16_give_the_same_map(tmp_path: Path) -> None:
    image = cv2.imread(str(PHOTOS[0]))
    maps = []
    for dtype in ("float32", "float16"):
        model = tiny_model(tmp_path / f"{dtype}.tflite", weights_dtype=dtype)
        classifier, made = attention(model)
        plain = Classifier(model).classify(image).probabilities
        assert classifier.classify(image).probabilities == plain, "one more output changes no answer"
        maps.append(made.maps(made.take()))
    assert np.abs(maps[0]).max() > 0
    assert maps[1] == pytest.approx(maps[0], rel=2e-3, abs=1e-6)  # float16 keeps 11 bits


@pytest.mark.parametrize("photo", PHOTOS[:4], ids=lambda path: path.stem)
def test_maps_add_up_to_the_answer(photo: Path) -> None:
    classifier, made = attention(FLOAT32)
    shares = np.log(list(classifier.classify(cv2.imread(str(photo))).probabilities.values()))
    sums = made.maps(made.take()).sum(axis=(1, 2))
    # A softmax undone: scores up to what all have in common. What is left between the two is the biases', the same for
    # every picture.
    rest = (shares - shares.mean()) - sums
    grey = np.log(classifier.predict(np.full((160, 160, 3), 90, np.uint8)))
    bias = (grey - grey.mean()) - made.maps(made.take()).sum(axis=(1, 2))
    assert rest == pytest.approx(bias, abs=2e-3)


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda path: path.stem)
def test_the_shipped_int8_model_looks_where_its_float_twin_does(photo: Path) -> None:
    image = cv2.imread(str(photo))
    plain = Classifier(DEFAULT_MODEL).classify(image)
    maps = []
    for model in (DEFAULT_MODEL, FLOAT32):
        classifier, made = attention(model)
        answer = classifier.classify(image)
        if model == DEFAULT_MODEL:
            assert answer.probabilities == plain.probabilities, "one more output changes no answer"
        maps.append(made.maps(made.take())[classifier.labels.index(plain.label)].ravel())
    assert np.corrcoef(*maps)[0, 1] > 0.9


def test_the_plain_model_can_answer_again() -> None:
    classifier = Classifier(DEFAULT_MODEL)
    image = cv2.imread(str(PHOTOS[0]))
    first = classifier.predict(image)
    made = Attention(classifier.content, 3, 1, "model")
    plain = classifier.run_on(made.interpreter)
    assert classifier.run_on(plain) is made.interpreter
    assert (classifier.predict(image) == first).all()


@pytest.mark.parametrize("name", ["int8", "float32", "float16", "dynamic"])
def test_a_network_of_another_shape_has_no_map_and_says_so(name: str) -> None:
    content = (ROOT / f"models/origin.{name}.tflite").read_bytes()
    assert find_head(content) is None
    with pytest.raises(ModelError, match="has no class activation map"):
        Attention(content, 2, 1, "origin")


def test_a_map_lies_where_its_places_look() -> None:
    """Weights can lean to a side of what a place sees: here they do not, so that a spot's traces lie around it."""
    x = pictures = keras.Input((160, 160, 3), batch_size=1)
    for _ in range(5):  # a stride of 2, padded behind alone, as MobileNet has it
        x = layers.Conv2D(3, 3, 2, use_bias=False, kernel_initializer="ones")(layers.ZeroPadding2D(((0, 1), (0, 1)))(x))
    x = layers.Softmax()(layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))
    made = Attention(tf.lite.TFLiteConverter.from_keras_model(keras.Model(pictures, x)).convert(), 2, 1, "leans not")
    left, top, width, height = made.box
    assert (left, top, width, height) == pytest.approx((0.1, 0.1, 1.0, 1.0), abs=0.01)
    (at,) = (one["index"] for one in made.interpreter.get_input_details())
    away = []
    for y, x in np.ndindex(64, 64):  # two strides of the last convolution, in the middle
        spot = np.zeros((1, 160, 160, 3), np.float32)
        spot[:, 48 + y, 48 + x] = 1
        made.interpreter.set_tensor(at, spot)
        made.interpreter.invoke()
        seen = made.take().sum(axis=2)
        down, right = (seen.sum(axis=axis) @ (np.arange(5) + 0.5) / seen.sum() / 5 for axis in (1, 0))
        away += [top + height * down - (48.5 + y) / 160, left + width * right - (48.5 + x) / 160]
    assert np.mean(away) == pytest.approx(0, abs=0.01), "it would be -0.1 where places looked at where they lie"
