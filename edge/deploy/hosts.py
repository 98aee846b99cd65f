"""Which boards: words on the command line, or lines of a file; and what is wrong where one cannot be reached."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from edge.errors import InputError, printable
from edge.settings import read_file

_FORM = re.compile(r"(?:(?P<user>[^@\s/]+)@)?(?P<name>\[[0-9a-fA-F:%.\w]+\]|[\w.-]+)(?::(?P<port>\d{1,5}))?")


class Target(NamedTuple):
    """A board to reach: USER@HOST:PORT, of which HOST may be a name from ~/.ssh/config."""

    word: str
    host: str
    user: str = ""
    port: int = 0
    source: str = ""  # what this one watches; "" for what all do


def parse(word: str, source: str = "") -> Target:
    """Return the board that a word names; one that names none is an InputError."""
    found = _FORM.fullmatch(word)
    if found is None or int(found["port"] or 22) > 65535 or found["name"].startswith("-"):
        wrong = "names no board"
        raise InputError(repr(word), wrong, "Write USER@HOST or USER@HOST:PORT, such as pi@raspberrypi.local")
    return Target(word, found["name"].strip("[]"), found["user"] or "", int(found["port"] or 0), source)


def inventory(path: Path) -> list[Target]:
    """Return the boards of a file: a line each, `USER@HOST:PORT [source=WORD]`; "#" begins a comment.

    Raises:
        InputError: the file cannot be read, or a line makes no sense; its number is told.
    """
    targets = []
    for number, line in enumerate(read_file(path).splitlines(), 1):
        word, *rest = line.partition("#")[0].split() or [""]
        beside = dict(part.partition("=")[::2] for part in rest)
        if beside.keys() - {"source"}:
            wrong = f"has an unknown word {rest[0]!r}"
            raise InputError(f"{printable(path)}:{number}", wrong, "Write HOST source=WORD")
        if word:
            try:
                targets.append(parse(word, beside.get("source", "")))
            except InputError as fault:
                raise InputError(f"{printable(path)}:{number}", f"{word!r} {fault.wrong}", fault.remedy) from None
    return targets


def chosen(words: Sequence[str], path: Path | None) -> list[Target]:
    """Return the boards of a command line, each once.

    Raises:
        InputError: there are none, or one makes no sense.
    """
    targets = [parse(word) for word in words] + (inventory(path) if path else [])
    if not targets:
        raise InputError("HOST", "is missing", "Name a board, such as pi@raspberrypi.local, or an --inventory FILE")
    return list({target.word: target for target in targets}.values())


def diagnose(fault: BaseException, target: Target) -> tuple[str, str]:
    """Say why a board was not reached, by what the ssh library raised, and what to do."""
    kinds = {kind.__name__ for kind in type(fault).__mro__}
    words = str(fault).lower()
    if "gaierror" in kinds:
        return "has a name that cannot be found", "Check its spelling, its power and the network, or give its address"
    if "BadHostKeyException" in kinds:
        known = f"[{target.host}]:{target.port}" if target.port not in (0, 22) else target.host
        fix = f"If its card was written anew: ssh-keygen -R '{known}'; if not, somebody may be in between"
        return "shows another host key than before", fix
    if "AuthenticationException" in kinds or "no authentication methods" in words:
        login = f"-p {target.port} {target.word.rpartition(':')[0]}" if target.port else target.word
        return "does not let you in with a key (a password is asked for, or none fits)", f"Run: ssh-copy-id {login}"
    if "ConnectionRefusedError" in kinds or "NoValidConnectionsError" in kinds:
        return (
            "has no ssh server that answers",
            "Switch it on: sudo raspi-config, Interface Options, SSH; check the port",
        )
    if "TimeoutError" in kinds or "timed out" in words:
        return "does not answer", "Check that it is on, and in this network"
    if "known_hosts" in words:
        return "is not in known_hosts", f"Log in once by hand: ssh {target.word}"
    return (
        f"cannot be reached ({printable(str(fault)) or type(fault).__name__})",
        f"See whether ssh {target.word} works",
    )
