"""Fixtures of the trainer's tests."""

from pathlib import Path

import pytest

from tests.conftest import write_photos


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three class folders of sixteen coloured photos each."""
    return write_photos(tmp_path_factory.mktemp("photos"), count=16)
