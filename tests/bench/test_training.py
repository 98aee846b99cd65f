"""Training against its rivals: feeding photos, and the teaching example's own recipe. `pytest -m bench`.

CATDOG_PHOTOS names a folder of splits of class folders (such as training_set/cats, test_set/cats); without it the first
bench makes photos of noise and the second one is skipped. CATDOG_BACKBONE names the MobileNetV2 0.35 weights, where
they cannot be downloaded.
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import pytest

from tests.conftest import Command, Tell, python

pytestmark = [
    pytest.mark.bench,
    pytest.mark.filterwarnings("default"),  # the rivals warn
]
PHOTOS = os.environ.get("CATDOG_PHOTOS")
BACKBONE = os.environ.get("CATDOG_BACKBONE")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of class folders with training photos."""
    if PHOTOS:
        return next(path for path in sorted(Path(PHOTOS).iterdir()) if path.name.startswith("train")).resolve()
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(1)
    for number in range(2000):
        target = folder / ("cats", "dogs")[number % 2] / f"{number}.jpg"
        target.parent.mkdir(exist_ok=True)
        coarse = random.integers(0, 256, (23, 31, 3), np.uint8)
        cv2.imwrite(str(target), cv2.resize(coarse, (500, 375), interpolation=cv2.INTER_CUBIC))
    return folder


def rate(batches: Iterator[Any], count: int) -> float:
    """Return photos per second of going through `batches`."""
    started = time.perf_counter()
    for _ in batches:
        pass
    return count / (time.perf_counter() - started)


def test_feeding_photos(photos: Path, tmp_path: Path, tell: Tell) -> None:
    """Photos per second into the training loop, against keras.utils.image_dataset_from_directory, at 64 pixels."""
    import keras

    from edge.fit import FitRule
    from train import cache
    from train.dataset import load
    from train.feed import ahead

    data = load([photos], {}, validation=0.0)
    first, later, keras_first, keras_later, bare = [], [], [], [], []
    for attempt in range(3):
        rows = np.arange(len(data.photos))

        def ours(folder: Path = tmp_path / str(attempt), rows: Any = rows) -> Iterator[Any]:
            found = cache.pictures(data.photos, FitRule(64, 64, "none", "mipmap"), folder)  # the trainer's default
            order = np.random.default_rng(1).permutation(rows)
            return ahead(found.take(order[start : start + 32]) for start in range(0, len(rows), 32))

        def theirs() -> Any:
            return keras.utils.image_dataset_from_directory(photos, image_size=(64, 64), batch_size=32, verbose=False)

        first.append(rate(deferred(ours), len(rows)))
        rival = theirs()
        keras_first.append(rate(iter(rival), len(rows)))
        later.append(rate(deferred(ours), len(rows)))
        keras_later.append(rate(iter(rival), len(rows)))
        bare.append(rate(decoded([photo.path for photo in data.photos]), len(rows)))
    tell(f"feeding {len(data.photos):,} photos at 64 px, photos a second (median of 3, interleaved)")
    for name, ours, theirs, aim in (("first epoch", first, keras_first, 1.5), ("later epochs", later, keras_later, 10)):
        ratio = median(ours) / median(theirs)
        tell(f"  {name:<12}  ours {median(ours):9,.0f}   Keras {median(theirs):9,.0f}   {ratio:5.2f} x (aim {aim} x)")
    bound = median(bare) / median(keras_first)
    tell(f"  the decoder alone, as the device decodes  {median(bare):9,.0f}   {bound:5.2f} x")
    # The first epoch is JPEG decoding on either side, by one library, and training must decode as the device does: what
    # the decoder alone reaches is the bound, and no aim is held.
    assert median(later) >= 10 * median(keras_later)


def decoded(paths: Sequence[Path]) -> Iterator[Any]:
    """Read and decode photos on all cores, and do nothing else."""
    parts = [paths[start : start + 32] for start in range(0, len(paths), 32)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(lambda part: [cv2.imread(str(path)) is None for path in part], parts)


def deferred(make: Any) -> Iterator[Any]:
    """Count the making of the batches, decoding included, to their time."""
    yield from make()


ORIGIN = """
import sys, time
import keras
from keras import layers
from keras.src.legacy.preprocessing.image import ImageDataGenerator
train, test = sys.argv[1:3]
keras.utils.set_random_seed(1)
model = keras.Sequential([
    keras.Input((64, 64, 3)),
    layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2),
    layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2),
    layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
flow = dict(target_size=(64, 64), batch_size=32, class_mode="binary")
noisy = ImageDataGenerator(rescale=1 / 255, shear_range=0.2, zoom_range=0.2, horizontal_flip=True)
plain = ImageDataGenerator(rescale=1 / 255)
model.fit(noisy.flow_from_directory(train, **flow), epochs=10, verbose=0)
print("accuracy", model.evaluate(plain.flow_from_directory(test, **flow), verbose=0)[1])
"""


@pytest.mark.skipif(not (PHOTOS and BACKBONE), reason="CATDOG_PHOTOS and CATDOG_BACKBONE are not set")
def test_the_origins_recipe(command: Command, tmp_path: Path, tell: Tell) -> None:
    """Wall time of whole processes, from nothing to the accuracy on the test photos."""
    pytest.importorskip("scipy", reason="the origin's generator needs scipy: pip install scipy")
    photos = Path(str(PHOTOS)).resolve()
    splits = {path.name[:4]: path for path in sorted(photos.iterdir()) if path.is_dir()}
    started = time.perf_counter()
    shown = python(ORIGIN, splits["trai"], splits["test"]).stdout
    theirs, their_seconds = float(shown.split("accuracy")[-1]), time.perf_counter() - started

    started = time.perf_counter()
    words = ("--network", "mobilenet-small", "--weights", Path(str(BACKBONE)).resolve(), "--side", "64")
    command("train", photos, *words, "--epochs", "0", "--out", tmp_path, "--cache", tmp_path / "cache")
    seconds = time.perf_counter() - started
    model = tmp_path / "mobilenet-small.keras"
    command("train", "evaluate", model, photos, "--quick", "--json", tmp_path / "report")
    ours = json.loads((tmp_path / "report").read_bytes())["accuracy"]["share"]
    tell(
        "from photos to a model, whole processes\n"
        f"  the origin's recipe, 10 epochs        {theirs:.1%} in {their_seconds:6.1f} s\n"
        f"  ours, last layer of MobileNetV2 0.35  {ours:.1%} in {seconds:6.1f} s"
    )
    assert ours >= theirs
    assert seconds <= their_seconds / 10
