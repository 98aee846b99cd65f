"""`python -m train explain`: what a network sees is found where it is known to be, and is drawn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
from keras import layers

from edge.fit import FitRule, fit
from edge.photo import read_photo
from tests.conftest import Command, one_line, picture
from tests.train.conftest import write_record
from train.explain.look import look
from train.explain.page import MARGIN, WIDTH
from train.networks import NETWORKS, build, with_softmax
from train.record import Trained, load_trained

LABELS = ["red", "blue"]
SIDE = 32


def save(model: Any, path: Path, labels: list[str] | None = None) -> Path:
    """Save a model, with a record that names its classes where they are given."""
    model.save(path)
    return write_record(path, labels=labels, fit=FitRule(SIDE, SIDE)._asdict()) if labels else path


def colour_model(pooled: bool) -> Any:
    """A network whose first map shows where it is red, the second where it is blue; each is a class's evidence."""
    maps = [layers.Rescaling(1 / 255), layers.Conv2D(2, 3, padding="same", activation="relu")]
    tail = [layers.GlobalAveragePooling2D()] if pooled else [layers.MaxPooling2D(), layers.Flatten()]
    model = keras.Sequential([layers.Input((SIDE, SIDE, 3)), *maps, *tail, layers.Dense(2, activation="softmax")])
    kernel = np.zeros((3, 3, 3, 2), np.float32)
    kernel[:, :, :, 0], kernel[:, :, :, 1] = (1, -1, -1), (-1, -1, 1)  # RGB: much red and little else, or blue
    _, _, places, _ = (1, 1, 1, 1) if pooled else model.layers[2].output.shape
    dense = np.tile(np.eye(2, dtype=np.float32), (places * places, 1)) / places**2
    model.set_weights([kernel, np.zeros(2), dense * 5, np.array([0.5, -0.25])])
    return model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pooled.keras and flat.keras, which know colours, and corners.png.

    The photo is grey, but for a large red square in its upper left and a smaller blue one in its lower right corner.
    """
    folder = tmp_path_factory.mktemp("explain")
    save(colour_model(True), folder / "pooled.keras", LABELS)
    save(colour_model(False), folder / "flat.keras", LABELS)
    photo = np.full((96, 128, 3), 128, np.uint8)
    photo[:30, :40], photo[-24:, -32:] = picture("red", 30, 40), picture("blue", 24, 32)
    assert cv2.imwrite(str(folder / "corners.png"), photo)
    return folder


def see(trained: Trained, folder: Path) -> Any:
    """Return what a model sees in the photo, with the maps of all classes."""
    return look(trained, fit(read_photo(folder / "corners.png"), trained.fit), lambda shares: range(len(shares)))


def unsaved(model: Any) -> Any:
    """Return a model as if it had been loaded, without the seconds that this takes."""
    _, height, width, _ = model.inputs[0].shape
    labels = tuple(map(str, range(max(2, model.outputs[0].shape[1]))))
    return Trained(Path("unsaved.keras"), model, labels, FitRule(height, width), {})


@pytest.mark.parametrize(("name", "exact"), [("pooled", True), ("flat", False)])
def test_the_map_is_hot_where_the_evidence_is(folder: Path, name: str, exact: bool) -> None:
    sight = see(load_trained(folder / f"{name}.keras"), folder)
    assert sight.exact is exact
    red, blue = sight.maps[0], sight.maps[1]
    assert red.shape == (SIDE, SIDE)
    assert red[:9, :9].min() > 0
    assert red[12:, :].max() <= 1e-6
    assert red[:, 12:].max() <= 1e-6
    assert blue[-7:, -7:].min() > 0
    assert blue[:-10, :].max() <= 1e-6
    assert blue[:, :-10].max() <= 1e-6


def test_a_class_activation_map_is_the_papers_sum(folder: Path) -> None:
    """Zhou et al.: each place's features times the dense layer's weights; over all places that is the score."""
    trained = load_trained(folder / "pooled.keras")
    sight, (weights, bias) = see(trained, folder), trained.model.layers[-1].get_weights()
    maps = sight.stages[0].maps
    for wanted in (0, 1):
        twin = np.zeros((SIDE, SIDE))
        for channel in range(2):
            twin += maps[:, :, channel] * (weights[channel, wanted] - weights[channel].mean())
        np.testing.assert_allclose(sight.maps[wanted], twin / SIDE**2, atol=1e-6)
    score = sight.maps[0].sum() + bias[0] - bias.mean()
    assert sight.probabilities[0] == pytest.approx(1 / (1 + np.exp(-2 * score)), abs=1e-5)


def of(name: str, side: int) -> Callable[[], Any]:
    return lambda: with_softmax(build(NETWORKS[name], 3, side))


def nested() -> Any:
    """Models inside a model, two layers of one name, a single sigmoid at the end."""
    inner = keras.Sequential(
        [layers.Input((SIDE, SIDE, 3)), layers.Conv2D(4, 3, name="same"), layers.MaxPooling2D()], name="inner"
    )
    outer = [layers.Conv2D(5, 3, name="same"), layers.BatchNormalization(), layers.ReLU()]
    head = [layers.Flatten(), layers.Dense(1), layers.Activation("sigmoid")]
    return keras.Sequential([layers.Input((SIDE, SIDE, 3)), layers.RandomFlip(), inner, *outer, *head])


def without_layers() -> Any:
    """A network whose sums, activations and pooling are plain operations, and which ends in scores."""
    x = pictures = layers.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(4, 5, strides=2)(x)
    x = keras.ops.relu(x + layers.Conv2D(4, 3, padding="same")(x))
    return keras.Model(pictures, layers.Dense(4)(keras.ops.mean(x, axis=(1, 2))))


@pytest.mark.parametrize(
    ("make", "stages", "vectors", "exact"),
    [
        (of("origin", 64), [(62, 62, 32), (31, 31, 32), (29, 29, 32), (14, 14, 32)], (6272, 128, 3), False),
        (of("compact", 96), [48, 24, 12, 6, 3], (256, 3), True),
        (of("mobilenet-small", 64), [32, 32, 16, 8, 4, 2], (1280, 3), True),
        (nested, [(30, 30, 4), (15, 15, 4), (13, 13, 5)], (845, 1), False),
        (without_layers, [(14, 14, 4), (14, 14, 4)], (4,), False),
    ],
    ids=["origin", "compact", "mobilenet", "nested", "without-layers"],
)
def test_stages_are_found_in_any_network(
    folder: Path, make: Callable[[], Any], stages: list[Any], vectors: tuple[int, ...], exact: bool
) -> None:
    trained = unsaved(make())
    sight = see(trained, folder)
    assert [stage.maps.shape if isinstance(stages[0], tuple) else len(stage.maps) for stage in sight.stages] == stages
    assert sight.vectors == vectors
    assert sight.exact is exact
    assert sight.probabilities.sum() == pytest.approx(1, abs=1e-5)
    pictures = fit(read_photo(folder / "corners.png"), trained.fit)[np.newaxis].astype(np.float32)
    output = trained.model(pictures, training=False).numpy()[0]
    if len(output) == 1:  # a sigmoid: the second of two classes
        assert sight.probabilities[1] == pytest.approx(output[0], abs=1e-5)
        assert abs(output[0] - 0.5) > 1e-4  # or the classes could be swapped unseen
    elif output.sum() == pytest.approx(1, abs=1e-5):
        np.testing.assert_allclose(sight.probabilities, output, atol=1e-5)
    assert all(np.abs(heat).max() > 0 for heat in sight.maps.values())


def test_a_stage_is_taken_after_its_activation(folder: Path) -> None:
    sight = see(unsaved(nested()), folder)
    assert sight.stages[0].maps.min() < 0  # this convolution has none
    assert sight.stages[2].maps.min() == 0  # batch normalisation and ReLU belong to the third


def test_filters_are_those_of_the_first_convolution(folder: Path) -> None:
    filters = see(load_trained(folder / "flat.keras"), folder).filters
    assert filters.shape == (2, 3, 3, 3)
    assert filters[0, 1, 1].tolist() == [1, -1, -1]


def test_the_page_is_drawn_and_the_answer_said(here: Command, folder: Path, tmp_path: Path) -> None:
    out, parts = tmp_path / "page.png", tmp_path / "parts"
    done = here("train", "explain", folder / "flat.keras", folder / "corners.png", "--out", out, "--parts", parts)
    assert done.stdout.splitlines()[0].startswith("red ")
    assert done.stdout.splitlines()[-1] == str(out)
    page = cv2.imread(str(out))
    assert page is not None
    assert page.shape[1] == WIDTH + 2 * MARGIN
    assert page.shape[0] > 1000
    assert (page[:MARGIN] == 255).all()  # nothing spills over
    assert (page[:, -MARGIN:] == 255).all()
    names = sorted(path.name for path in parts.iterdir())
    assert names == ["answer.png", "filters.png", "input.png", "map.png", "stage-1.png", "stage-2.png"]


def hottest(map_part: Path, background: int = 255) -> tuple[float, float]:
    """Return where, as shares of height and width, the brightest pixel of the photo under the map lies."""
    part = cv2.imread(str(map_part))
    assert part is not None
    dark = np.flatnonzero((part.min(axis=2) < background - 100).mean(axis=1) > 0.5)
    shown = part[dark[0] : dark[-1]]
    left = np.flatnonzero((shown.max(axis=2) < background).all(axis=0))
    over = shown[:, left[0] : left[0] + 340 * 128 // 96].astype(int)
    row, column = np.unravel_index(int((over[..., 2] - over[..., 0]).argmax()), over.shape[:2])
    return float(row / over.shape[0]), float(column / over.shape[1])


def test_another_class_has_another_map(here: Command, folder: Path, tmp_path: Path) -> None:
    words = ("train", "explain", folder / "pooled.keras", folder / "corners.png", "--out", tmp_path / "page.png")
    pages, places = [], []
    for label in LABELS:
        here(*words, "--class", label, "--parts", tmp_path / label)
        pages.append((tmp_path / "page.png").read_bytes())
        places.append(hottest(tmp_path / label / "map.png"))
    assert pages[0] != pages[1]
    assert max(places[0]) < 0.4
    assert min(places[1]) > 0.6
    here(*words)
    assert (tmp_path / "page.png").read_bytes() == pages[0]  # red is the answer, and every run draws alike


def test_pictures_may_be_jpegs(here: Command, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.jpg"
    here("train", "explain", folder / "flat.keras", folder / "corners.png", "--out", out, "--parts", tmp_path / "parts")
    written = [out, *(tmp_path / "parts").iterdir()]
    assert len(written) == 7
    assert all(path.suffix == ".jpg" and path.read_bytes()[:3] == b"\xff\xd8\xff" for path in written)


def test_classes_without_a_record_are_numbered(here: Command, folder: Path, tmp_path: Path) -> None:
    path = save(colour_model(True), tmp_path / "bare.keras")
    done = here("train", "explain", path, folder / "corners.png", "--class", "1", "--out", tmp_path / "page.png")
    assert [line.split()[0] for line in done.stdout.splitlines()[:2]] == ["0", "1"]


def no_convolution() -> Any:
    flat = [layers.Input((SIDE, SIDE, 3)), layers.Flatten(), layers.Dense(2, activation="softmax")]
    return keras.Sequential(flat)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("nowhere.keras", "PHOTO"), "nowhere.keras: cannot be read"),
        (("TEXT", "PHOTO"), "text.keras: cannot be loaded by Keras"),
        (("PHOTO", "PHOTO"), "is not a .keras file"),
        (("MODEL", "nowhere.jpg"), "nowhere.jpg: cannot be read"),
        (("MODEL", "TEXT"), "text.keras: is no photo"),
        (("MODEL", "PHOTO", "--class", "green"), "--class green: is no class of pooled.keras. Choose one of red, blue"),
        (("FLAT", "PHOTO"), "dense.keras: has no convolution to look into"),
        (("OTHER", "PHOTO"), "other.json: is the record of another .keras file"),
        (("MODEL", "PHOTO", "--out", "page.gif"), "page.gif: is no .png or .jpg file"),
        (("MODEL", "PHOTO", "--out", "PHOTO"), "is the photo itself"),
        (("MODEL", "PHOTO", "--out", "BELOW"), "page.png: cannot be written"),
        (("MODEL", "PHOTO", "--parts", "TEXT"), "input.png: cannot be written"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    here: Command, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    text = tmp_path / "text.keras"
    text.write_text("no model")
    other = save(colour_model(True), tmp_path / "other.keras", LABELS)
    other.write_bytes((folder / "flat.keras").read_bytes())
    named = {
        "MODEL": folder / "pooled.keras",
        "PHOTO": folder / "corners.png",
        "TEXT": text,
        "OTHER": other,
        "FLAT": save(no_convolution(), tmp_path / "dense.keras"),
        "BELOW": text / "page.png",
    }
    before = sorted(tmp_path.iterdir()), (folder / "corners.png").read_bytes()
    assert expected in one_line(here("train", "explain", *(named.get(word, word) for word in words), expect=2))
    assert (sorted(tmp_path.iterdir()), (folder / "corners.png").read_bytes()) == before
