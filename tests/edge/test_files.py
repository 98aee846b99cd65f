"""A reader sees the old file or the new one, and a failure leaves nothing behind."""

import errno
import os
from pathlib import Path

import pytest

from edge.errors import CatdogError
from edge.files import replacing, write_atomically


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_new_file_replaces_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b.json"
    write_atomically(target, b"old")
    write_atomically(target, b"new", durable=True)
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["b.json"]


def test_until_the_end_the_old_file_stays(tmp_path: Path) -> None:
    target = tmp_path / "model.keras"
    target.write_bytes(b"old")
    with replacing(target) as temporary:
        temporary.write_bytes(b"half")
        assert temporary.suffix == ".keras"
        assert temporary.name.startswith(".")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"half"


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt(), ValueError()])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, fault: BaseException) -> None:
    target = tmp_path / "a.txt"
    target.write_bytes(b"old")
    expected = CatdogError if isinstance(fault, OSError) else type(fault)
    with pytest.raises(expected), replacing(target) as temporary:  # noqa: PT012
        temporary.write_bytes(b"half")
        raise fault
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def test_a_full_disk_is_one_line_with_the_targets_name(tmp_path: Path) -> None:
    with (
        pytest.raises(CatdogError, match=r"a\.txt: cannot be written \(No space left on device\)"),
        replacing(tmp_path / "a.txt"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_folder_or_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for target in (tmp_path, tmp_path / "file" / "x"):
        with pytest.raises(CatdogError, match="cannot be written"):
            write_atomically(target, b"new")
    assert names(tmp_path) == ["file"]


def test_a_link_keeps_pointing_to_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "file")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "file").read_bytes() == b"new"


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_atomically(Path(os.devnull), b"new")
    assert not Path(os.devnull).is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full (Linux)")
def test_a_device_that_is_full_is_one_line() -> None:
    with pytest.raises(CatdogError, match="No space left"):
        write_atomically(Path("/dev/full"), b"new")


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"")
    (tmp_path / "b").write_bytes(b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_a_name_as_long_as_the_file_system_allows_can_be_written(tmp_path: Path) -> None:
    write_atomically(tmp_path / ("é" * 120 + ".json"), b"new")
    assert len(names(tmp_path)) == 1
