"""What a board is and what is on it: one script, one round trip, and what it says as a value."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from edge.board import NO_ANSWER

SCRIPT = Path(__file__).with_name("facts.sh")
# Nodes of a Raspberry Pi's own that never give pictures to OpenCV: sensors of ribbon cameras, codecs, image processors.
_NO_CAMERAS = ("unicam", "rp1-cfe", "bcm2835-", "pispbe", "rpi-", "rpivid")
_RELEASES, _MODELS = "opt/catdog/releases", "var/lib/catdog/models"


class Shelf(NamedTuple):
    """Items on a shelf of the board, by name, with whether each is complete; which is current, and which was before."""

    items: Mapping[str, bool]
    current: str = ""
    previous: str = ""

    def find(self, digest: str) -> str:
        """Return the name of the complete item with such content; "" where there is none."""
        return next((name for name, whole in self.items.items() if whole and name.endswith(f"-{digest[:12]}")), "")

    def new(self, digest: str) -> str:
        """Return a name for a further item."""
        numbers = [int(name.partition("-")[0]) for name in self.items if name.partition("-")[0].isdigit()]
        return f"{max(numbers, default=0) + 1:04}-{digest[:12]}"


class Facts(NamedTuple):
    """A board. Numbers are 0 and texts empty where it does not say."""

    machine: str
    bits: int
    system: str
    board: str
    glibc: tuple[int, int]
    python: tuple[int, int]
    systemd: int
    missing: tuple[str, ...]
    root: bool
    sudo: str  # "free", "password" or "none"
    free_mb: int
    memory_mb: int
    clock_s: int
    cameras: Mapping[str, str]  # number -> what the driver calls it, of those that OpenCV can read
    ribbon: Mapping[str, str]  # number -> sensor, of ribbon cameras that answer
    ribbon_program: str  # that reads them
    temperature_c: float
    throttled: int
    user: bool
    releases: Shelf
    models: Shelf
    signed: str  # first line of the current model's manifest
    wheels: Mapping[str, int]  # name -> bytes
    signers: tuple[str, ...]
    settings: bool
    unit: bool
    service: Mapping[str, str]

    @property
    def active(self) -> bool:
        return self.service.get("ActiveState") == "active"

    @property
    def first_camera(self) -> str:
        """The source that shows the first camera; "" where there is none."""
        return next(iter(self.cameras), "") or ("csi" if self.ribbon and self.ribbon_program else "")

    @property
    def answers(self) -> bool:
        """True where it runs, and gives answers."""
        return self.active and not self.service.get("StatusText", "").startswith(NO_ANSWER)


def parse(lines: Iterable[str]) -> Facts:
    """Return what the script has said."""
    said: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(" ")
        said.setdefault(name, []).append(value.strip())

    def text(name: str) -> str:
        return said.get(name, [""])[-1]

    def number(name: str, base: int = 10) -> int:
        found = re.search(r"[0-9a-f]+" if base == 16 else r"\d+", text(name))
        return int(found[0], base) if found else 0

    def pair(name: str) -> tuple[int, int]:
        found = re.search(r"(\d+)[ .](\d+)", text(name))
        return (int(found[1]), int(found[2])) if found else (0, 0)

    wheels = (value.partition(" ")[::2] for value in said.get("wheel", []))
    return Facts(
        machine=text("machine"),
        bits=number("bits"),
        system=text("system"),
        board=text("board"),
        glibc=pair("glibc"),
        python=pair("python"),
        systemd=number("systemd"),
        missing=tuple(said.get("missing", [])),
        root=text("uid") == "0",
        sudo=text("sudo"),
        free_mb=number("free_kb") // 1000,
        memory_mb=number("memory_kb") // 1000,
        clock_s=number("clock_s"),
        cameras={number: name for number, name in _numbered(said, "camera") if not name.startswith(_NO_CAMERAS)},
        ribbon=dict(_numbered(said, "ribbon")),
        ribbon_program=text("ribbon_program"),
        temperature_c=number("temperature") / 1000,
        throttled=number("throttled", 16),
        user=bool(text("user")),
        releases=_shelf(said, _RELEASES),
        models=_shelf(said, _MODELS),
        signed=text("signed"),
        wheels={path.rpartition("/")[2]: int(size) for size, path in wheels if size.isdigit()},
        signers=tuple(filter(None, said.get("signer", []))),
        settings=bool(text("settings")),
        unit=bool(text("unit")),
        service={name[8:]: values[-1] for name, values in said.items() if name.startswith("service:")},
    )


def _numbered(said: Mapping[str, list[str]], name: str) -> list[tuple[str, str]]:
    pairs = (value.partition(" ")[::2] for value in said.get(name, []))
    return sorted((pair for pair in pairs if pair[0].isdecimal()), key=lambda pair: int(pair[0]))


def _shelf(said: Mapping[str, list[str]], name: str) -> Shelf:
    pairs = (value.partition(" ")[::2] for value in said.get(f"{name}:item", []))
    links = [said.get(f"{name}:{link}", [""])[-1] for link in ("current", "previous")]
    return Shelf({item: state == "complete" for item, state in pairs}, *links)
