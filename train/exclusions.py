"""The exclusion list: a text file, one photo a line, that the doctor writes, a person edits and training honours.

    3f9a0c...  cats/cat.2939.jpg  # no photo: a drawing or a placard (0.97)

A line is the SHA-256 of the photo's file in hex (its first eight digits or more), the path for people to find it, and
the reason behind "# ". The digest alone decides, so that a photo stays excluded when it is moved or renamed. A line
that starts with # excludes nothing: put one there to keep a photo, and the doctor will not suggest it again.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from edge.errors import InputError, printable
from edge.files import write_atomically

LEAST_DIGITS = 8  # 1 in 4 billion: no two photos of one data set share them by chance
HEADER = """\
# Photos that training leaves out: DIGEST  PATH  # REASON
# Look at each one, and put a # in front of a line to keep its photo. Written by python -m train doctor.
"""
_LINE = re.compile(r"(?P<digest>\S+)(?:\s+(?P<rest>.*))?$")
_KEPT = re.compile(rf"#\s*(?P<digest>[0-9a-fA-F]{{{LEAST_DIGITS},64}})(?:\s|$)")


class Exclusion(NamedTuple):
    """One photo of the list: its SHA-256 in lower hex, or the first eight digits or more; path and reason or ""."""

    digest: str
    path: str
    reason: str

    def line(self) -> str:
        """Return it as a line of the file, without a newline."""
        path, reason = " ".join(printable(self.path).split()), " ".join(printable(self.reason).split())
        return "  ".join(filter(None, (self.digest, path, reason and f"# {reason}")))


class Exclusions(dict[str, str]):
    """Reasons by digest, where a key may be the beginning of a digest: `digest in exclusions` finds it."""

    def __contains__(self, digest: object) -> bool:
        return any(super(Exclusions, self).__contains__(str(digest)[:n]) for n in range(LEAST_DIGITS, 65))


def read_exclusions(path: Path) -> Exclusions:
    """Return digest (or its beginning) -> reason of every photo that a list excludes.

    Raises:
        InputError: the file cannot be read, or a line is none; the error names file and line.
    """
    return Exclusions({entry.digest: entry.reason for entry in parse(_read(path), path)})


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")  # -sig: Windows editors put a byte order mark in front
    except UnicodeDecodeError as fault:
        line = fault.object[: fault.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}", "is not UTF-8 text", "Save it as UTF-8, or write it again") from None
    except OSError as fault:
        raise InputError(path, f"cannot be read ({fault.strerror})", "Check the path and its permissions") from None


def parse(text: str, name: object) -> list[Exclusion]:
    """Return the entries of a list's text; `name` is what errors call it.

    Raises:
        InputError: a line does not begin with a digest.
    """
    entries = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if line and not line.startswith("#"):
            entries.append(_parse_line(line, f"{name}:{number}"))
    return entries


def _parse_line(line: str, where: str) -> Exclusion:
    found = _LINE.match(line)
    digest = found["digest"].lower() if found else ""
    if not found or not re.fullmatch(r"[0-9a-f]+", digest) or len(digest) > 64:
        raise InputError(where, f"{line[:40]!r} does not begin with a photo's SHA-256", "Write DIGEST  PATH  # REASON")
    if len(digest) < LEAST_DIGITS:
        wrong = f"{digest!r} is too short to name one photo"
        raise InputError(where, wrong, f"Write {LEAST_DIGITS} to 64 digits of its SHA-256")
    rest = f" {found['rest'] or ''}"
    # The last "  # " as `line` writes it, so that a path may hold " # "; else a person's " #".
    path, mark, reason = rest.rpartition("  # ")
    if not mark:
        path, _, reason = rest.partition(" #")
    return Exclusion(digest, path.strip(), reason.strip())


def add_exclusions(path: Path, found: Iterable[Exclusion], suggested: Iterable[Exclusion] = ()) -> int:
    """Add photos to a list, and leave every line that is already there as it is.

    Args:
        path: the list; it is made where there is none.
        found, suggested: photos to exclude, and those for a person to decide about: written with a # in front.

    Returns:
        How many lines were added. A photo that is excluded, or kept by a # in front, is not added again.

    Raises:
        InputError: what is there already is no list.
        CatdogError: the file cannot be written.
    """
    old = _read(path) if path.exists() else HEADER
    known = Exclusions({entry.digest: "" for entry in parse(old, path)} | dict.fromkeys(_kept(old), ""))
    lines = [entry.line() for entry in found if entry.digest not in known]
    lines += [f"# {entry.line()}" for entry in suggested if entry.digest not in known]
    if lines or not path.exists():
        write_atomically(path, (old.rstrip("\n") + "\n" + "".join(f"{line}\n" for line in lines)).encode())
    return len(lines)


def _kept(text: str) -> Iterator[str]:
    """Yield the digests on lines that a # keeps from excluding."""
    for line in text.split("\n"):
        if found := _KEPT.match(line.strip()):
            yield found["digest"].lower()
