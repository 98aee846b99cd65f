"""The doctor: each fault that a photo or a data set can have is found, and a sound data set is left alone."""

import hashlib
import io
import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge.errors import CatdogError, InputError
from tests.conftest import ROOT, Command, one_line
from train import dataset, doctor
from train.doctor import features, formats, looks, scan, suspects
from train.exclusions import read_exclusions

DEMO = ROOT / "edge" / "demo"


def scene(kind: str, seed: int, height: int = 96, width: int = 128) -> np.ndarray:
    """Return a photo-like picture of class "sky" (blue, with blobs) or "wood" (brown, with grain)."""
    rng = np.random.default_rng([seed, len(kind)])
    total = np.zeros((height, width, 3), np.float32)
    for side in (3, 6, 12, 24, 48):
        shape = (side, side, 3) if kind == "sky" else (side, 3, 3)
        total += cv2.resize(rng.normal(0, 40 / side**0.4, shape).astype(np.float32), (width, height))
    base = (190, 140, 100) if kind == "sky" else (60, 100, 150)
    return np.clip(total + base + rng.normal(0, 4, total.shape), 0, 255).astype(np.uint8)


def placard() -> np.ndarray:
    """Return a "no photo" placard, as shelters use them."""
    image = np.full((120, 120, 3), 255, np.uint8)
    for row, words in enumerate(("NO PHOTO", "AVAILABLE", "YET")):
        cv2.putText(image, words, (4, 34 + 32 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 2)
    cv2.rectangle(image, (2, 2), (117, 117), (0, 0, 0), 3)
    return image


def encoded(image: np.ndarray, suffix: str = ".jpg") -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


def pillow(image: np.ndarray, mode: str, form: str, **options: object) -> bytes:
    """Return a picture as Pillow writes it: in colour modes that OpenCV does not write."""
    stream = io.BytesIO()
    Image.fromarray(image[..., ::-1]).convert(mode).save(stream, form, **options)
    return stream.getvalue()


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


def frames(form: str) -> bytes:
    stream = io.BytesIO()
    first, second = (Image.fromarray(scene("sky", seed)) for seed in (1, 2))
    first.save(stream, form, save_all=True, append_images=[second])
    return stream.getvalue()


PICTURE = scene("sky", 0)
FILES = {
    "JPEG": (encoded(PICTURE), formats.Facts("JPEG")),
    "grey JPEG": (encoded(PICTURE[..., 0]), formats.Facts("JPEG", "grey")),
    "CMYK JPEG": (pillow(PICTURE, "CMYK", "JPEG"), formats.Facts("JPEG", "CMYK")),
    "progressive JPEG": (pillow(PICTURE, "RGB", "JPEG", progressive=True), formats.Facts("JPEG")),
    "turned JPEG": (pillow(PICTURE, "RGB", "JPEG", exif=exif(6)), formats.Facts("JPEG", orientation=6)),
    "PNG": (encoded(PICTURE, ".png"), formats.Facts("PNG")),
    "PNG with alpha": (pillow(PICTURE, "RGBA", "PNG"), formats.Facts("PNG", "alpha")),
    "palette PNG": (pillow(PICTURE, "P", "PNG"), formats.Facts("PNG", "palette")),
    "16-bit PNG": (encoded(PICTURE.astype(np.uint16) * 257, ".png"), formats.Facts("PNG", "16 bits")),
    "grey PNG": (encoded(PICTURE[..., 0], ".png"), formats.Facts("PNG", "grey")),
    "turned PNG": (pillow(PICTURE, "RGB", "PNG", exif=exif(3)), formats.Facts("PNG", orientation=3)),
    "animated PNG": (frames("PNG"), formats.Facts("PNG", animated=True)),
    "GIF": (pillow(PICTURE, "P", "GIF"), formats.Facts("GIF", "palette")),
    "animated GIF": (frames("GIF"), formats.Facts("GIF", "palette", animated=True)),
    "WebP": (pillow(PICTURE, "RGB", "WEBP"), formats.Facts("WebP")),
    "WebP with alpha": (pillow(np.dstack([PICTURE, PICTURE[..., :1]]), "RGBA", "WEBP"), formats.Facts("WebP", "alpha")),
    "turned WebP": (pillow(PICTURE, "RGB", "WEBP", exif=exif(8)), formats.Facts("WebP", orientation=8)),
    "animated WebP": (frames("WEBP"), formats.Facts("WebP", animated=True)),
    "BMP": (encoded(PICTURE, ".bmp"), formats.Facts("BMP")),
    "TIFF": (pillow(PICTURE, "RGB", "TIFF"), formats.Facts("TIFF")),
    "CMYK TIFF": (pillow(PICTURE, "CMYK", "TIFF"), formats.Facts("TIFF", "CMYK")),
    "two-page TIFF": (frames("TIFF"), formats.Facts("TIFF", animated=True)),
    "HTML": (b"\n<!doctype html><title>Not found</title>", formats.Facts("HTML or XML")),
    "PDF": (b"%PDF-1.7", formats.Facts("PDF")),
    "HEIC": (b"\0\0\0\x18ftypheic", formats.Facts("HEIC")),
    "nothing": (b"", formats.Facts("empty")),
    "noise": (b"\x01\x02\x03", formats.Facts("unknown")),
}


@pytest.mark.parametrize("name", FILES)
def test_a_files_bytes_say_what_it_is(name: str) -> None:
    content, expected = FILES[name]
    assert formats.inspect(content) == expected


@pytest.mark.parametrize("name", ["JPEG", "progressive JPEG", "PNG", "GIF", "WebP", "BMP"])
def test_a_file_without_its_end_is_noticed_wherever_it_was_cut(name: str) -> None:
    content = FILES[name][0]
    for length in (30, len(content) // 3, len(content) // 2, len(content) - 14):
        assert not formats.inspect(content[:length]).whole, length


@given(st.sampled_from(sorted(FILES)), st.data())
def test_no_bytes_upset_the_inspection(name: str, data: st.DataObject) -> None:
    content = bytearray(FILES[name][0])
    for _ in range(data.draw(st.integers(0, 4))):
        if content:
            content[data.draw(st.integers(0, min(len(content) - 1, 60)))] = data.draw(st.integers(0, 255))
    formats.inspect(bytes(content[: data.draw(st.integers(0, len(content)))]))


def test_drawings_are_told_from_photos() -> None:
    assert looks.look(placard()).drawn > 0.28
    for path in DEMO.glob("*.jpg"):
        assert looks.look(cv2.imread(str(path))).drawn < 0.2, path
    assert looks.look(np.full((50, 50, 3), 90, np.uint8)).contrast < 1
    blurred = cv2.GaussianBlur(PICTURE, (0, 0), 9)
    assert looks.look(blurred).sharpness < 0.2 * looks.look(PICTURE).sharpness


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set without a fault: two classes, two splits."""
    folder = tmp_path_factory.mktemp("sound")
    for split, count, start in (("train", 40, 0), ("test", 8, 1000)):
        for kind in ("sky", "wood"):
            (folder / split / kind).mkdir(parents=True)
            for number in range(count):
                path = folder / split / kind / f"{number:02}.jpg"
                path.write_bytes(encoded(scene(kind, start + number)))
    return folder


@pytest.fixture
def photos(sound: Path, tmp_path: Path) -> Path:
    """A copy of the sound data set, to spoil."""
    return Path(shutil.copytree(sound, tmp_path / "photos"))


@pytest.fixture
def examine(tmp_path: Path, here: Command):
    """Run the doctor on a data set and return its JSON."""

    def run(*words: object) -> dict:
        report = tmp_path / "report.json"
        here("train", "doctor", *words, "--network", "simple", "--cache", tmp_path / "cache", "--json", report)
        return json.loads(report.read_text())

    return run


def kinds(data: dict, name: str) -> dict[str, str]:
    """Return {kind: action} of the findings about files of this name."""
    return {f["kind"]: f["action"] for f in data["findings"] if Path(f["path"]).name == name}


def test_a_sound_data_set_is_left_alone(sound: Path, examine) -> None:
    data = examine(sound)
    assert [f for f in data["findings"] if f["action"] == "exclude"] == []
    assert len(data["findings"]) <= 2
    assert data["splits"] == {"train": {"sky": 40, "wood": 40}, "test": {"sky": 8, "wood": 8}}
    assert data["features"]["accuracy"] >= 0.95


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.jpg", b"", {"unreadable": "exclude"}),
        ("noise.jpg", b"\x01" * 500, {"unreadable": "exclude"}),
        ("page.jpg", b"<html>404</html>", {"unreadable": "exclude"}),
        ("cut.png", FILES["PNG"][0][: len(FILES["PNG"][0]) // 2], {"unreadable": "exclude"}),
        ("png.jpg", FILES["PNG"][0], {"wrong name": "note"}),
        ("tiny.png", encoded(PICTURE[:20, :90], ".png"), {"tiny": "look"}),
        ("animated.gif", FILES["animated GIF"][0], {"animated": "note", "colour mode": "note"}),
        ("cmyk.jpg", FILES["CMYK JPEG"][0], {"colour mode": "note"}),
        ("deep.png", FILES["16-bit PNG"][0], {"colour mode": "note"}),
        ("alpha.png", FILES["PNG with alpha"][0], {"colour mode": "note"}),
        ("grey.jpg", FILES["grey JPEG"][0], {"colour mode": "note"}),
        ("palette.png", FILES["palette PNG"][0], {"colour mode": "note"}),
        ("turned.jpg", FILES["turned JPEG"][0], {"rotated": "note"}),
        ("blank.png", encoded(np.full((80, 80, 3), 99, np.uint8), ".png"), {"blank": "exclude"}),
        ("placard.png", encoded(placard(), ".png"), {"no photo": "exclude"}),
        ("notes.txt", b"dear diary", {"other file": "note"}),
    ],
)
def test_a_fault_of_a_file_is_found(photos: Path, examine, name: str, content: bytes, expected: dict[str, str]) -> None:
    (photos / "train" / "sky" / name).write_bytes(content)
    found = kinds(examine(photos), name)
    assert expected.items() <= found.items()
    # A flat or drawn picture may well look strange, too; nothing else may be said against the others.
    assert set(found) - set(expected) <= {"strange", "wrong class", "copy"}


def test_a_jpeg_that_decodes_although_it_was_cut_off_is_found(photos: Path, examine) -> None:
    content = encoded(scene("sky", 77))[:-2]
    (photos / "train" / "sky" / "cut.jpg").write_bytes(content)
    assert kinds(examine(photos), "cut.jpg") in ({"cut off": "exclude"}, {"unreadable": "exclude"})


def test_copies_leaks_and_contradictions_are_found(photos: Path, examine) -> None:
    image = scene("sky", 5)
    content = (photos / "train" / "sky" / "03.jpg").read_bytes()
    (photos / "train" / "sky" / "copy.jpg").write_bytes(content)
    (photos / "train" / "sky" / "near.jpg").write_bytes(encoded(cv2.resize(image, (100, 100))))
    (photos / "train" / "wood" / "both.jpg").write_bytes((photos / "train" / "sky" / "07.jpg").read_bytes())
    (photos / "train" / "sky" / "leak.jpg").write_bytes(encoded(cv2.resize(scene("sky", 1002), (64, 48))))
    (photos / "train" / "wood" / "exact.jpg").write_bytes((photos / "test" / "wood" / "01.jpg").read_bytes())
    data = examine(photos)
    assert kinds(data, "copy.jpg") == {"copy": "note"}
    assert "copy" in {**kinds(data, "near.jpg"), **kinds(data, "05.jpg")}
    assert kinds(data, "both.jpg")["two classes"] == "exclude"
    assert kinds(data, "leak.jpg") == {"leak": "exclude"}
    assert kinds(data, "exact.jpg") == {"leak": "note"}  # its digest would exclude the test photo as well


def test_a_photo_of_the_wrong_class_is_found_and_a_test_photo_is_left_to_a_person(photos: Path, examine) -> None:
    (photos / "train" / "wood" / "is-sky.jpg").write_bytes(encoded(scene("sky", 500)))
    (photos / "test" / "wood" / "is-sky-too.jpg").write_bytes(encoded(scene("sky", 501)))
    data = examine(photos)
    assert kinds(data, "is-sky.jpg")["wrong class"] in ("exclude", "look")
    assert kinds(data, "is-sky-too.jpg")["wrong class"] == "look"
    assert "looks like sky" in next(f["reason"] for f in data["findings"] if f["kind"] == "wrong class")
    assert len([f for f in data["findings"] if f["kind"] == "wrong class"]) == 2


def test_imbalance_is_said(photos: Path, here: Command, tmp_path: Path) -> None:
    for number in range(12, 40):
        (photos / "train" / "wood" / f"{number:02}.jpg").unlink()
    done = here("train", "doctor", photos, "--network", "none", "--cache", tmp_path / "cache")
    assert "Unbalanced: 3.3 times as many sky as wood" in " ".join(done.stdout.split())
    assert "were not looked for" in " ".join(done.stdout.split())


def test_nothing_is_changed_and_training_honours_the_list(photos: Path, here: Command, tmp_path: Path) -> None:
    bad = photos / "train" / "sky" / "a placard # 1.png"
    bad.write_bytes(encoded(placard(), ".png"))
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in photos.rglob("*") if path.is_file()}
    exclusions = tmp_path / "exclusions.txt"
    words = ("train", "doctor", photos, "--network", "simple", "--cache", tmp_path / "c", "--exclusions", exclusions)
    here(*words)
    assert before == {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in photos.rglob("*") if p.is_file()}
    excluded = read_exclusions(exclusions)
    assert before[bad] in excluded
    data = dataset.load([photos], {}, excluded=excluded)
    assert bad not in {photo.path for photo in data.photos}
    # A person keeps it, and a second run respects that.
    kept = re.sub(rf"^({before[bad]})", r"# \1", exclusions.read_text(), flags=re.MULTILINE)
    exclusions.write_text(kept)
    assert "0 lines added" in here(*words).stdout
    assert exclusions.read_text() == kept


def test_the_page_is_self_contained_and_escapes_names(photos: Path, here: Command, tmp_path: Path) -> None:
    evil = photos / "train" / "sky" / "<script>alert(1)<&.png"
    evil.write_bytes(encoded(placard(), ".png"))
    (photos / "train" / "sky" / "broken.jpg").write_bytes(b"broken")
    page = tmp_path / "report.html"
    here("train", "doctor", photos, "--network", "simple", "--cache", tmp_path / "cache", "--html", page)
    text = page.read_text()
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;&amp;.png" in text
    assert "data:image/jpeg;base64," in text
    assert "broken.jpg" in text
    assert not re.search(r"(src|href)=\"(?!data:|#)", text)


def test_labels_are_renamed(photos: Path, examine) -> None:
    assert examine(photos, "--label", "sky=heaven")["splits"]["train"] == {"heaven": 40, "wood": 40}


def test_a_second_run_decodes_nothing_and_says_the_same(photos: Path, examine, monkeypatch: pytest.MonkeyPatch) -> None:
    (photos / "train" / "sky" / "placard.png").write_bytes(encoded(placard(), ".png"))
    first = examine(photos)

    def refuse(*_: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(scan, "_scan_file", refuse)
    second = examine(photos)
    assert {**second, "seconds": 0} == {**first, "seconds": 0}


@pytest.mark.parametrize("damage", [b"", b"garbage" * 1000, None])
def test_a_damaged_cache_is_made_anew(photos: Path, examine, tmp_path: Path, damage: bytes | None) -> None:
    first = examine(photos)
    store = tmp_path / "cache" / "doctor.sqlite"
    content = store.read_bytes()
    store.write_bytes(content[: len(content) // 2] if damage is None else damage)
    assert examine(photos)["findings"] == first["findings"]
    with closing(sqlite3.connect(store)) as connection, connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--network", "resnet"), "is unknown"),
        (("--network", "missing.keras"), "gives no features"),
        (("--weights", "missing.h5"), "cannot be read"),
        (("--weights", "Makefile"), "is no MobileNetV2 without top"),
        (("--network", "none", "--cache", "Makefile"), "--cache"),
    ],
)
def test_what_cannot_be_had_is_one_line(sound: Path, command: Command, words: tuple[str, ...], said: str) -> None:
    assert said in one_line(command("train", "doctor", sound, *words, expect=2))


def test_without_weights_the_simple_features_serve_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(_: object) -> None:
        raise InputError("ImageNet weights", "they cannot be downloaded (offline)", "Give a file")

    monkeypatch.setattr(features, "mobilenet", offline)
    chosen, note = features.choose("auto", None)
    assert chosen is features.SIMPLE
    assert "cannot be downloaded" in note


def test_a_trained_model_judges_by_what_enters_its_last_layer(tmp_path: Path) -> None:
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.GlobalAveragePooling2D()(inputs)
    keras.Model(inputs, keras.layers.Dense(2)(x)).save(tmp_path / "m.keras")
    chosen, note = features.choose(str(tmp_path / "m.keras"), None)
    picture = np.zeros((1, 32, 32, 3), np.uint8)
    picture[..., 0] = 200  # blue, which the network sees last
    assert (chosen.side, note) == (32, "")
    np.testing.assert_allclose(chosen.compute(picture), [[0, 0, 200]], atol=1e-3)


def test_no_photo_is_judged_by_itself_or_its_copy() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(0, 1, (200, 400)).astype(np.float32)  # wide enough to know each photo again
    classes = rng.integers(0, 2, 200)  # nothing to be learned
    vectors[100:], classes[100:] = vectors[:100], classes[:100]  # but every photo has a copy
    training = np.ones(200, bool)
    together = suspects.judge(vectors, classes, np.arange(200) % 100, training)
    apart = suspects.judge(vectors, classes, np.arange(200), training)
    assert together.accuracy < 0.65
    assert apart.accuracy > 0.8
    assert apart.agreement.mean() > together.agreement.mean() + 0.1  # the copy's vote
    assert np.all(apart.strangeness <= together.strangeness.max())


def test_test_photos_teach_nothing() -> None:
    rng = np.random.default_rng(1)
    classes = np.arange(120) % 2
    vectors = (rng.normal(0, 0.3, (120, 4)) + classes[:, None] * [1, 0, 0, 0] + [0, 1, 0, 0]).astype(np.float32)
    training = np.arange(120) < 100
    judged = suspects.judge(vectors, classes, np.arange(120), training)
    flipped = np.where(training, classes, 1 - classes)
    again = suspects.judge(vectors, flipped, np.arange(120), training)
    np.testing.assert_allclose(judged.margin[training], again.margin[training])
    np.testing.assert_allclose(judged.margin[~training], -again.margin[~training])
    assert judged.accuracy > 0.9


def test_the_cache_of_a_full_disk_is_one_line(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(scan, "_store", full)
    with pytest.raises(CatdogError, match="disk is full"):
        scan.scan_photos(doctor.list_photos([photos], {}), None, tmp_path / "cache")
