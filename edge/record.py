"""The record NAME.json that the trainer writes beside NAME.keras, read back by whoever uses the model."""

import hashlib
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.errors import InputError


def written_command(*words: str) -> str:
    """Return a command line as a record keeps it, for a shell in the current folder.

    A record goes out into the world beside its model: a path below the current folder is written from there, so that
    it tells nothing of the machine and means the same in another checkout.
    """
    return shlex.join(map(_from_here, words))


def _from_here(word: str) -> str:
    option, equals, path = word.rpartition("=") if word.startswith("-") else ("", "", word)
    here = Path.cwd()
    below = Path(path).is_absolute() and Path(path).is_relative_to(here)
    return f"{option}{equals}{Path(path).relative_to(here)}" if below else word


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hex; an unreadable file is an `InputError`."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as fault:
        raise InputError(path, f"cannot be read ({fault.strerror})", "Check the path and its permissions") from None


def identify(keras_file: Path) -> tuple[str, dict[str, Any]]:
    """Return the SHA-256 of a .keras file, in hex, and the record beside it; an empty one where there is none.

    Raises:
        InputError: the model is no .keras file or cannot be read, or the record is damaged or another model's.
    """
    if keras_file.suffix != ".keras":
        raise InputError(keras_file, "is not a .keras file", "Save the model with model.save('NAME.keras')")
    digest, path = file_digest(keras_file), keras_file.with_suffix(".json")
    if not path.exists():
        return digest, {}
    try:
        record = json.loads(path.read_bytes())
        stated = record["keras_sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(path, "is no record of a model", "Train again, or delete it and name the classes") from None
    if stated != digest:
        raise InputError(path, "is the record of another .keras file", "Train again, or delete it and name the classes")
    assert isinstance(record, dict)
    return digest, record


def check_fresh(variant: Path, keras_file: Path, stated: str | None) -> None:
    """Refuse a .tflite file that was made from another state of its .keras file.

    Args:
        variant: the .tflite file.
        keras_file: what it was made from; where it is not there, as on a board, there is nothing to compare.
        stated: SHA-256 of the .keras file that it was made from, as its contract says; None where it does not.

    Raises:
        InputError: the .keras file has changed since; the remedy is the command that converts it again.
    """
    if stated and keras_file.exists() and file_digest(keras_file) != stated:
        wrong = f"is stale: {keras_file.name} has changed since this was made from it"
        raise InputError(variant, wrong, f"Convert again: {_conversion_of(keras_file)}")


def refuse_stale(variant: Path, name: str, origins: Mapping[str, Any]) -> None:
    """Refuse, as `check_fresh`, a .tflite file whose parent `name`.keras lies beside it and has changed.

    `name` and `origins` are those of its contract.
    """
    check_fresh(variant, variant.resolve().with_name(f"{name}.keras"), origins.get("keras_sha256"))


def _conversion_of(keras_file: Path) -> str:
    """Return the command that converted a model, from the certificate beside it; a pattern where there is none."""
    try:
        return str(json.loads(keras_file.with_suffix(".certificate.json").read_bytes())["command"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"python -m convert {keras_file} --calibration DATA"
