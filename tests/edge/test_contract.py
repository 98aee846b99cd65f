"""A model file carries its contract, and any change of it is noticed."""

import json
import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.contract import Contract, seal, unseal
from edge.errors import ModelError
from edge.fit import FitRule
from tests.conftest import Command, one_line

FLATBUFFER = b"\x1c\0\0\0TFL3" + bytes(range(256)) * 3
RULE = FitRule(96, 128, "centre", "area")
CONTRACT = Contract("pets", "int8", ("cat", "dog", "neither"), RULE, 1.5, {"cat": 0.6}, "neither")


labels = st.lists(st.text(min_size=1), min_size=2, max_size=20, unique=True).map(tuple)
rules = st.integers(1, 4096).map(lambda side: FitRule(side, side))
contracts = st.tuples(st.text(), st.just("float32"), labels, rules).map(lambda fields: Contract(*fields))


@example(FLATBUFFER[8:], CONTRACT)
@given(st.binary(max_size=200), contracts)
def test_any_contract_is_read_back(body: bytes, contract: Contract) -> None:
    assert unseal(seal(b"\0\0\0\0TFL3" + body, contract), "model") == contract


def test_other_tools_find_the_labels_in_the_zip(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(seal(FLATBUFFER, CONTRACT, {"extra.bin": b"12"}))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        told = archive.read("labels.txt").decode().split()
        assert told == json.loads(archive.read("catdog.json"))["labels"] == ["cat", "dog", "neither"]
        assert archive.read("extra.bin") == b"12"


def test_equal_inputs_give_equal_files() -> None:
    assert seal(FLATBUFFER, CONTRACT) == seal(FLATBUFFER, CONTRACT)


def test_every_changed_bit_is_noticed() -> None:
    sealed = bytearray(seal(FLATBUFFER, CONTRACT))
    for position in range(len(sealed)):
        sealed[position] ^= 1 << position % 8
        with pytest.raises(ModelError):
            unseal(bytes(sealed), "model")
        sealed[position] ^= 1 << position % 8


def test_every_cut_is_noticed() -> None:
    sealed = seal(FLATBUFFER, CONTRACT)
    for length in range(len(sealed)):
        with pytest.raises(ModelError):
            unseal(sealed[:length], "model")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"labels": ("cat",)}, "labels"),
        ({"labels": ("cat", "cat")}, "labels"),
        ({"labels": ("cat", "")}, "labels"),
        ({"fit": FitRule(96, 96, "left")}, "crop"),
        ({"fit": FitRule(0, 96)}, "height"),
        ({"thresholds": {"horse": 0.5}}, "horse"),
        ({"thresholds": {"cat": 1.5}}, "1.5"),
        ({"fallback": "horse"}, "horse"),
    ],
)
def test_a_contract_that_contradicts_itself_is_not_sealed(change: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        seal(FLATBUFFER, CONTRACT._replace(**change))  # type: ignore[arg-type]


def test_info_shows_the_contract(command: Command, model: Path) -> None:
    assert re.search("red, green, blue.*32 x 32 RGB", command("edge", "info", model).stdout, re.DOTALL)
    assert json.loads(command("edge", "info", model, "--json").stdout)["labels"] == ["red", "green", "blue"]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (None, "No such file"),
        (b"", "not a TFLite model"),
        (b"just some text, long enough", "not a TFLite model"),
        (FLATBUFFER, "carries no contract"),
        (seal(FLATBUFFER, CONTRACT)[:-1], "carries no contract"),
        (seal(FLATBUFFER, CONTRACT).replace(b"neither", b"neithex"), "damaged"),
    ],
)
def test_what_is_no_model_is_one_line(command: Command, tmp_path: Path, content: bytes | None, word: str) -> None:
    path = tmp_path / "bad.tflite"
    if content is not None:
        path.write_bytes(content)
    line = one_line(command("edge", "info", path, expect=2))
    assert str(path) in line
    assert word in line
