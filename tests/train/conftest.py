"""Fixtures of the trainer's tests."""

import json
from pathlib import Path
from typing import Any

import pytest

from edge.record import file_digest
from tests.conftest import write_photos


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three class folders of sixteen coloured photos each."""
    return write_photos(tmp_path_factory.mktemp("photos"), count=16)


def write_record(path: Path, **record: Any) -> Path:
    """Write the record of a .keras file beside it, and return `path`."""
    path.with_suffix(".json").write_text(json.dumps({"keras_sha256": file_digest(path), **record}))
    return path
