"""Files that are either the old one or the new one, never half of one.

Whatever a command leaves behind is written beside its target and renamed over it, which POSIX makes atomic; a reader,
a second process or a power cut sees the old file or the new one.
"""

import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from edge.board import opened
from edge.errors import CatdogError


@contextmanager
def writing(path: Path, wrong: str, remedy: str) -> Iterator[None]:
    """Say in one line, by a CatdogError, why a file or a folder cannot be used, where the block raises an OSError."""
    try:
        yield
    except OSError as fault:
        raise CatdogError(path, f"{wrong} ({fault.strerror or fault})", remedy) from None


@contextmanager
def replacing(path: Path, durable: bool = False, mode: int | None = None) -> Iterator[Path]:
    """Give a temporary path in the target's folder; what is written there becomes `path` when the block ends well.

    Args:
        path: the target; a symbolic link is followed, missing parent folders are made.
        durable: flush file and folder to the disk before returning, where a power cut must not lose the new file.
        mode: permission bits, such as 0o600, which hold before the first byte is written; None for the user's own.

    Raises:
        CatdogError: any OSError inside the block (a full disk, a read-only folder): nothing is left behind. Do only
            the writing inside it, so that no other fault is taken for one of `path`.
    """
    target = Path(os.path.realpath(path))
    temporary = beside(target)
    try:
        with writing(path, "cannot be written", "Check its folder, its permissions and free space"):
            target.parent.mkdir(parents=True, exist_ok=True)
            if mode is not None:
                os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
            yield temporary
            if durable:
                _flush(temporary)
            temporary.replace(target)
            if durable:
                _flush(target.parent)
    finally:
        with suppress(OSError):
            temporary.unlink()


def beside(target: Path) -> Path:
    """Return a new name beside a file's: hidden, so that no listing takes it in, and with the file's suffix.

    By that keras.Model.save, cv2.imwrite and FFmpeg choose the format.
    """
    return target.with_name(f".{target.stem[:100]}.{secrets.token_hex(4)}{target.suffix}")


def write_atomically(path: Path, content: bytes, durable: bool = False, mode: int | None = None) -> None:
    """Write `content` to `path` at once; arguments and errors are those of `replacing`.

    A pipe or a device (/dev/stdout) cannot be replaced and is written to as it is.
    """
    if _is_stream(path):
        with writing(path, "cannot be written", "Give a file's path"), path.open("wb", buffering=0) as stream:
            stream.write(content)
        return
    with replacing(path, durable, mode) as temporary:
        temporary.write_bytes(content)


def write_document(path: Path, document: Mapping[str, Any]) -> None:
    """Write the data of a report, as `--json FILE` asks for it; errors are those of `replacing`."""
    import json

    content = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_atomically(path, content.encode("utf-8", "replace"))


def check_target(path: Path) -> None:
    """Raise CatdogError where a file could not be written, before minutes are spent on what goes into it."""
    folder = next(parent for parent in Path(os.path.realpath(path)).parents if parent.exists())
    if path.is_dir():
        raise CatdogError(path, "is a folder", "Give a file's path")
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise CatdogError(path, f"cannot be written: {folder} is no folder to write in", "Give another path")


def _is_stream(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _flush(path: Path) -> None:
    with opened(path, os.O_RDONLY) as descriptor:
        os.fsync(descriptor)
