"""Other tools understand our files, and nothing else in them changes."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from convert.metadata import ENTRY, attach, describe
from edge import runtime
from edge.contract import Contract
from edge.fit import FitRule
from tests.conftest import ROOT

CONTRACT = Contract("pets", "int8", ("cat", "dog", "neither"), FitRule(96, 128))


def bare(variant: str) -> bytes:
    """Return the flatbuffer of a shipped model, without what stands behind it."""
    content = (ROOT / f"models/origin.{variant}.tflite").read_bytes()
    return content[: content.index(b"PK\3\4")]


def answers(model: bytes) -> list[np.ndarray]:
    interpreter = runtime.load(model, 1, "model")
    tensor, output = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    rows = []
    for seed in range(5):
        picture = np.random.default_rng(seed).integers(0, 256, tensor["shape"]).astype(tensor["dtype"])
        interpreter.set_tensor(tensor["index"], picture)
        interpreter.invoke()
        rows.append(interpreter.get_tensor(output["index"]))
    return rows


@pytest.mark.parametrize("variant", ["float32", "float16", "dynamic", "int8"])
def test_the_network_is_untouched(variant: str) -> None:
    model = bare(variant)
    described = attach(model, describe(CONTRACT))
    assert described.endswith(model)
    assert (len(described) - len(model)) % 16 == 0
    for before, after in zip(answers(model), answers(described), strict=True):
        assert (before == after).all()


def entries(model: bytes) -> dict[str, bytes]:
    """Read a model's metadata entries with the runtime's own schema."""
    root = schema.Model.GetRootAs(model, 0)
    found = {}
    for i in range(root.MetadataLength()):
        data = root.Buffers(root.Metadata(i).Buffer()).DataAsNumpy()
        found[root.Metadata(i).Name().decode()] = bytes(data)
    return found


def test_the_entry_is_found_beside_the_converters_own() -> None:
    model = bare("int8")
    found = entries(attach(model, describe(CONTRACT)))
    assert found.pop(ENTRY) == describe(CONTRACT)
    assert found == {name: data for name, data in entries(model).items() if name != ENTRY}


def test_any_length_is_aligned_and_read_back() -> None:
    model = bare("int8")
    for length in range(1, 40):
        payload = b"\xfe\xed\xfa\xce" * 4 + bytes(range(length))
        described = attach(model, payload)
        assert entries(described)[ENTRY] == payload
        assert described.index(payload) % 16 == 0


def test_the_metadata_says_what_the_contract_says() -> None:
    described = describe(CONTRACT)
    assert described[4:8] == b"M001"
    for text in (b"pets", b"labels.txt", b"cat, dog, neither"):
        assert text in described
    assert any(np.array(size, np.uint32).tobytes() in described for size in ((128, 96), (96, 128)))
