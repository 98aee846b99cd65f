"""The record NAME.json that the trainer writes beside NAME.keras, read back by whoever uses the model."""

import hashlib
import json
from pathlib import Path
from typing import Any

from edge.errors import InputError


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hex; an unreadable file is an `InputError`."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as fault:
        raise InputError(path, f"cannot be read ({fault.strerror})", "Check the path and its permissions") from None


def read_record(keras_file: Path) -> dict[str, Any]:
    """Return the record beside a .keras file; an empty one where there is none.

    Raises:
        InputError: the model is no .keras file or cannot be read, or the record is damaged or another model's.
    """
    if keras_file.suffix != ".keras":
        raise InputError(keras_file, "is not a .keras file", "Save the model with model.save('NAME.keras')")
    digest, path = file_digest(keras_file), keras_file.with_suffix(".json")
    if not path.exists():
        return {}
    try:
        record = json.loads(path.read_bytes())
        stated = record["keras_sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(path, "is no record of a model", "Train again, or delete it and name the classes") from None
    if stated != digest:
        raise InputError(path, "is the record of another .keras file", "Train again, or delete it and name the classes")
    assert isinstance(record, dict)
    return record
