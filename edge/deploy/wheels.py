"""Wheels for a board, chosen and fetched on the workstation: the lock says which files they may be.

pip evaluates a lock's conditions for the Python that it runs on, and not for the one it is asked to fetch for. So the
lock is read here, for the board; pip only fetches, with --require-hashes, what is not in the cache yet.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from edge.errors import CatdogError
from edge.record import file_digest

LOCK = Path(__file__).with_name("lock.txt")  # a link to requirements/device.txt; the wheel holds the file itself
_OLDEST_GLIBC = 17  # of 2.17, where the tags manylinux_2_x begin


class Kind(NamedTuple):
    """What a board's wheels are chosen by: Python's version, the processor, the C library's version."""

    python: tuple[int, int]
    machine: str
    glibc: tuple[int, int]

    @property
    def platforms(self) -> list[str]:
        """Return the platform tags that the board takes, the newest first."""
        major, minor = self.glibc
        levels = [f"manylinux_{major}_{level}_{self.machine}" for level in range(minor, _OLDEST_GLIBC - 1, -1)]
        return [*levels, f"manylinux2014_{self.machine}", f"linux_{self.machine}"]

    @property
    def tags(self) -> list[Tag]:
        """Return the tags that the board takes, the best first."""
        own = cpython_tags(self.python, platforms=self.platforms)
        common = compatible_tags(self.python, f"cp{self.python[0]}{self.python[1]}", self.platforms)
        return [*own, *common]

    @property
    def environment(self) -> dict[str, str]:
        """Return what is other than here, where the lock's conditions are evaluated."""
        version = ".".join(map(str, self.python))
        return {
            "python_version": version,
            "python_full_version": f"{version}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "os_name": "posix",
            "platform_machine": self.machine,
        }


class Pin(NamedTuple):
    """A line of a lock: `name==version`, and the SHA-256 of each file that it may be."""

    requirement: str
    digests: frozenset[str]


class Wheel(NamedTuple):
    """A wheel in the cache."""

    path: Path
    pin: str
    digest: str


def pins(lock: str, kind: Kind) -> list[Pin]:
    """Return the lines of a lock that hold for a board."""
    found = []
    for line in re.sub(r"\\\n", " ", lock).splitlines():
        requirement, _, rest = line.partition("#")[0].partition(" --hash=")
        wanted, _, condition = requirement.partition(";")
        if wanted.strip() and (not condition.strip() or Marker(condition.strip()).evaluate(kind.environment)):
            digests = frozenset(re.findall(r"sha256:([0-9a-f]{64})", rest))
            found.append(Pin(wanted.strip().lower(), digests))
    return found


def fetch(lock: str, kind: Kind, cache: Path, offline: bool) -> list[Wheel]:
    """Return a wheel of the cache, which grows unless `offline`, for each line of a lock that holds for a board.

    Raises:
        CatdogError: there is no wheel for such a board, or the index cannot be asked.
    """
    cache.mkdir(parents=True, exist_ok=True)
    wanted = pins(lock, kind)
    missing = [pin for pin, wheel in _choose(wanted, kind, cache) if wheel is None]
    if missing and not offline:
        _download(missing, kind, cache)
    chosen = list(_choose(wanted, kind, cache))
    if lacking := [pin.requirement for pin, wheel in chosen if wheel is None]:
        network = "Push once with a network, without --offline"
        remedy = network if offline else "See docs/raspberry-pi.md for boards that work"
        raise CatdogError(", ".join(lacking), f"is not in {cache} for {_words(kind)}", remedy)
    return [wheel for _, wheel in chosen if wheel is not None]


def _words(kind: Kind) -> str:
    return f"Python {kind.python[0]}.{kind.python[1]} on {kind.machine}"


def _choose(wanted: Iterable[Pin], kind: Kind, cache: Path) -> Iterator[tuple[Pin, Wheel | None]]:
    """Yield each line with the best file of the cache that it may be and that the board takes."""
    rank = {tag: number for number, tag in enumerate(kind.tags)}
    files: dict[str, list[tuple[int, Path]]] = {}
    for path in cache.glob("*.whl"):
        try:
            name, version, _, tags = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        ranks = [rank[tag] for tag in tags if tag in rank]
        if ranks:
            files.setdefault(f"{name}=={version}", []).append((min(ranks), path))
    for pin in wanted:
        paths = (path for _, path in sorted(files.get(pin.requirement, [])))
        candidates = (Wheel(path, pin.requirement, file_digest(path)) for path in paths)
        yield pin, next((wheel for wheel in candidates if wheel.digest in pin.digests), None)


def _download(missing: list[Pin], kind: Kind, cache: Path) -> None:
    hashes = {pin: " ".join(f"--hash=sha256:{digest}" for digest in sorted(pin.digests)) for pin in missing}
    lines = "".join(f"{pin.requirement} {hashes[pin]}\n" for pin in missing)
    major, minor = kind.python
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--only-binary", ":all:", "--dest", str(cache), "--requirement", "/dev/stdin"]
    command += ["--python-version", f"{major}.{minor}", "--implementation", "cp"]
    command += [word for abi in (f"cp{major}{minor}", "abi3", "none") for word in ("--abi", abi)]
    command += [word for platform in kind.platforms for word in ("--platform", platform)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    said = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
    if any("No matching distribution" in line for line in said):
        wrong = f"has no wheel for {_words(kind)}"
        raise CatdogError(f"{said[-1].rpartition(' ')[2]}", wrong, "Use the 64-bit Raspberry Pi OS")
    why = said[-1].removeprefix("ERROR: ") if said else f"status {done.returncode}"
    raise CatdogError("pip download", f"failed ({why})", "Check the network, or push --offline with what is cached")
