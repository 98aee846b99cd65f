"""What a model file says of itself: labels, fit rule, decision, origins. Written, read and checked here alone.

A sealed model file is, from its first byte to its last:

1. the TFLite flatbuffer, which any runtime loads and which ignores what follows;
2. an uncompressed zip, where TFLite Metadata keeps associated files: `labels.txt`, `catdog.json` (the contract), the
   photos that int8 took its ranges from, and golden pictures (`edge.golden`). Any zip tool lists it;
3. as that zip's comment, a trailer of fixed length: where `catdog.json` lies, and the SHA-256 of everything before it.

The trailer lets a board read the contract without importing zipfile (tens of milliseconds at start-up) and notice
any changed bit before the runtime sees the file.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

from edge.errors import ModelError
from edge.fit import FitRule

FORMAT = 1
TFLITE_IDENTIFIER = b"TFL3"  # file_identifier of TensorFlow Lite's schema, at bytes 4..8
CONTRACT_FILE = "catdog.json"
_MAGIC = b"catdog1 "
_TRAILER_BYTES = len(_MAGIC) + 10 + 1 + 10 + 1 + 64  # magic, offset, length, sha256 in hex


class Contract(NamedTuple):
    """Everything the product knows about a model.

    Attributes:
        name: the model's name, e.g. "origin".
        variant: "float32", "float16", "dynamic" or "int8".
        labels: one per output, in output order.
        fit: how a picture becomes the input.
        temperature: what the logits were divided by before the softmax; already inside the network.
        thresholds: label -> least probability at which it may be the answer; a label that is absent needs none. With
            one of its own the fallback is the answer whenever it reaches it, and only then is likelier than others.
        fallback: the label that means none of the others: the answer when the likeliest label stays below its
            threshold. None where there is none.
        origins: where the model comes from: digests of parent and data, versions, calibration. For people and
            tools, never used to compute an answer.
    """

    name: str
    variant: str
    labels: tuple[str, ...]
    fit: FitRule
    temperature: float = 1.0
    thresholds: dict[str, float] = {}  # noqa: RUF012 - a NamedTuple default that nothing changes
    fallback: str | None = None
    origins: dict[str, Any] = {}  # noqa: RUF012

    def check(self) -> None:
        """Raise ValueError, saying which part, when this contract contradicts itself."""
        if len(self.labels) < 2 or len(set(self.labels)) != len(self.labels) or not all(self.labels):
            raise ValueError(f"labels are {list(self.labels)}, not two or more different names")
        self.fit.check()
        for label, least in self.thresholds.items():
            if label not in self.labels or not 0 <= least <= 1:
                raise ValueError(f"the threshold {least} of {label!r} is not one from 0 to 1 of a known label")
        if self.fallback is not None and self.fallback not in self.labels:
            raise ValueError(f"the fallback {self.fallback!r} is no label")


def seal(model: bytes, contract: Contract, files: dict[str, bytes] | None = None) -> bytes:
    """Return `model` (a bare flatbuffer) with contract, labels.txt, `files` and trailer behind it."""
    import io
    import zipfile

    contract.check()
    document = {"format": FORMAT, **contract._asdict(), "fit": contract.fit._asdict()}
    members = {
        "labels.txt": ("\n".join(contract.labels) + "\n").encode(),
        CONTRACT_FILE: json.dumps(document, indent=1, ensure_ascii=False).encode(),
        **(files or {}),
    }
    target = io.BytesIO(model)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # ZipInfo: 1980-01-01, so equal inputs give equal files
        archive.comment = bytes(_TRAILER_BYTES)
    sealed = target.getvalue()
    offset = sealed.rindex(members[CONTRACT_FILE], len(model))
    head = sealed[:-_TRAILER_BYTES] + _MAGIC + b"%010d %010d " % (offset, len(members[CONTRACT_FILE]))
    return head + hashlib.sha256(head).hexdigest().encode()


def unseal(content: bytes, name: object) -> Contract:
    """Read the contract of a sealed model file, having checked every byte of it; errors call it `name`.

    Raises:
        ModelError: it is no TFLite file, has no contract, was cut off or changed, or its contract makes no sense.
    """
    if content[4:8] != TFLITE_IDENTIFIER:
        raise ModelError(name, "is not a TFLite model", "Give a .tflite file made by python -m convert")
    trailer = content[-_TRAILER_BYTES:]
    if not trailer.startswith(_MAGIC):
        if trailer[:6] == _MAGIC[:6] and trailer[6:7].isdigit() and trailer[7:8] == b" ":
            raise _of_another_format(name, trailer[6:7].decode())
        wrong = "carries no contract (labels, input rule), or was cut off"
        raise ModelError(name, wrong, "Copy it again, or make it from its .keras file with python -m convert")
    if hashlib.sha256(memoryview(content)[:-64]).hexdigest().encode() != content[-64:]:
        raise ModelError(name, "is damaged: its content does not match its own SHA-256", "Copy it again")
    try:
        offset, length = (int(number) for number in trailer[len(_MAGIC) : -64].split())
        document = json.loads(content[offset : offset + length])
        found = document.pop("format")
        if found == FORMAT:
            labels, fit = tuple(document["labels"]), FitRule(**document["fit"])
            contract = Contract(**{**document, "labels": labels, "fit": fit})
            contract.check()
            return contract
    except (KeyError, TypeError, ValueError) as fault:
        raise ModelError(name, f"has a contract that makes no sense ({fault!r})", "Convert the model again") from None
    raise _of_another_format(name, found)


def _of_another_format(name: object, found: object) -> ModelError:
    wrong = f"is a model file of format {found}, and this version reads format {FORMAT}"
    return ModelError(name, wrong, "Install the catdog-edge that made it, or convert the model again")


def member(content: bytes, name: str) -> bytes | None:
    """Return an associated file of a sealed model that `unseal` has accepted; None where there is none of that name."""
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name) if name in archive.namelist() else None


def read_model(path: Path) -> bytes:
    """Return a model file's content; a missing or unreadable file is a `ModelError`."""
    try:
        return path.read_bytes()
    except OSError as fault:
        raise ModelError(path, f"cannot be read ({fault.strerror})", "Check the path and its permissions") from None
