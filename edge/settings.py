"""Settings in a file: lines `option = value`, read as words of a command line, and changed without losing a comment.

No quotes and no nesting: the value is what stands behind the first "=", so a path with spaces needs no thought.
"""

import re
from pathlib import Path

from edge.errors import InputError

PREFIX = "@"  # catdog run @FILE
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_POSITIONAL = "source"


def words(line: str) -> list[str]:
    """Return the words of a command line that a line of settings stands for; none for a comment.

    `max-fps = 5` is --max-fps=5, `when-moving = yes` is --when-moving, `... = no` nothing, `source = 0` plainly 0.
    """
    name, _, value = (part.strip() for part in line.partition("="))
    if not name or name.startswith("#") or value == "no":
        return []
    if name == _POSITIONAL:
        return [value]
    return [f"--{name}" if value == "yes" else f"--{name}={value}"]


def read(text: str) -> dict[str, str]:
    """Return the settings that are in force; of several lines with one name, the last."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def changed(text: str, name: str, value: str) -> str:
    """Return settings with one of them changed, where it stands or where its comment does; "" comments it out.

    Raises:
        InputError: name or value cannot stand in a line.
    """
    value = value.strip()
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r}", "is no setting's name", "Write it as catdog run --help does, without the dashes")
    if not value.isprintable():
        raise InputError(name, "has a value with characters that cannot be shown", "Type it anew")
    lines, at = text.splitlines(), _places(text, name)
    new = f"{name} = {value}" if value else ""
    for place in at[:-1]:
        if not lines[place].lstrip().startswith("#"):
            lines[place] = f"#{lines[place].lstrip()}"
    if not at:
        lines += [new] if new else []
    elif new or not lines[at[-1]].lstrip().startswith("#"):
        lines[at[-1]] = new or f"#{lines[at[-1]].lstrip()}"
    return "\n".join(lines) + "\n"


def _places(text: str, name: str) -> list[int]:
    """Return the numbers of the lines that set a name, else of the last comment that shows how."""
    set_ = [n for n, line in enumerate(text.splitlines()) if re.match(rf"\s*{name}\s*=", line)]
    shown = [n for n, line in enumerate(text.splitlines()) if re.match(rf"\s*#\s?{name}\s*=", line)]
    return set_ or shown[-1:]


def read_file(path: Path) -> str:
    """Return a file of settings as text; one that cannot be read is an InputError."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        wrong = f"cannot be read ({getattr(fault, 'strerror', None) or 'no text'})"
        raise InputError(path, wrong, "Check the path and its permissions") from None
