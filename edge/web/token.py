"""The token by which a viewer beyond this machine is known: made on first use, kept where only its owner reads it."""

import os
import re
import secrets
import stat
from pathlib import Path

from edge.errors import CatdogError

_NAME = "web-token"
_FORM = re.compile(r"[\w-]{22,}")  # 128 bits and more, in base64 for addresses


def folder() -> Path:
    """Return where this user's programs keep their state: as systemd says for a service, else as XDG does."""
    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "catdog"


def obtain(where: Path) -> tuple[str, Path, bool]:
    """Return the token, the file in which it is kept, and whether it is new; the folder is made where it is missing.

    Raises:
        CatdogError: it cannot be kept or read, or others may read it.
    """
    path = where / _NAME
    try:
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path), path, False
    except OSError as fault:
        raise CatdogError(path, f"cannot be written ({fault.strerror})", "Set XDG_STATE_HOME to a folder") from None
    token = secrets.token_urlsafe(16)
    with os.fdopen(descriptor, "w") as file:
        file.write(token + "\n")
    return token, path, True


def _read(path: Path) -> str:
    try:
        mode, token = path.stat().st_mode, path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        mode, token = 0, ""
    if not _FORM.fullmatch(token):
        raise CatdogError(path, "holds no token", "Delete it: the next start makes a new one")
    if stat.S_IMODE(mode) & 0o077:
        raise CatdogError(path, "can be read by others", f"chmod 600 {path}, or delete it for a new token")
    return token


def is_same(given: str, token: str) -> bool:
    """Compare in a time that says nothing of how much of it is right."""
    return secrets.compare_digest(given.encode("utf-8", "replace"), token.encode())
