"""What a board must be before anything on it is touched; each demand that it misses comes with the exact remedy."""

import time
from collections.abc import Mapping
from pathlib import Path

from edge.capture import is_csi
from edge.deploy.facts import Facts
from edge.deploy.items import Wish
from edge.deploy.signing import Signer, time_of
from edge.errors import CatdogError

_LEAST_PYTHON = (3, 11)
_LEAST_GLIBC = (2, 28)
_SPARE_MB = 100  # to be left free
_UNPACKED = 4  # times a wheel's size: what is in it, and byte code
_CLOCK_S = 366 * 86400.0
_OTHER = "Use a Raspberry Pi 3, 4, 5 or Zero 2 W with a 64-bit system"
_NEWER = "Write Raspberry Pi OS bookworm or later to its card"
_SEATED = (
    "Power it off and seat both ends of the cable; on the board rpicam-hello --list-cameras tells whether it is seen"
)


def check_access(facts: Facts, host: str, has_password: bool) -> None:
    """Raise CatdogError where this user may not become root."""
    if facts.sudo == "none":
        raise CatdogError(host, "has no sudo, and you are not root there", "Log in as root, or install sudo")
    if facts.sudo == "password" and not has_password:
        raise CatdogError(host, "asks for a password for sudo", "Add --ask-sudo-password")


def check_board(facts: Facts, host: str, now_s: float) -> None:
    """Raise CatdogError where the program cannot run on a board; here it is `now_s` seconds since 1970."""
    bits_32 = facts.bits == 32 or facts.machine.startswith("armv")
    date = time.strftime("%Y-%m-%d", time.gmtime(facts.clock_s))
    for wrong, words, remedy in (
        ("systemd" in facts.missing, "does not run systemd", "Use Raspberry Pi OS, Debian or Ubuntu"),
        (
            facts.machine == "armv6l",
            "has a processor for 32 bits alone (armv6l), for which numpy and OpenCV have no wheels",
            _OTHER,
        ),
        (
            bits_32,
            f"runs a 32-bit system ({facts.machine}); tflite-runtime has a wheel for it, numpy and OpenCV have none",
            "Write Raspberry Pi OS (64-bit) to its card; a Raspberry Pi 3, 4, 5 or Zero 2 W runs it",
        ),
        (facts.machine not in ("aarch64", "x86_64"), f"has a processor without wheels ({facts.machine})", _OTHER),
        (facts.python == (0, 0), "has no Python 3 with venv", "On the board: sudo apt install python3"),
        (facts.python < _LEAST_PYTHON, f"has Python {_dotted(facts.python)}, which is too old", _NEWER),
        (facts.glibc < _LEAST_GLIBC, f"has glibc {_dotted(facts.glibc)}, which is too old", _NEWER),
        (
            bool(facts.missing),
            f"lacks {', '.join(facts.missing)}",
            "On the board: sudo apt install openssh-client coreutils",
        ),
        (
            abs(facts.clock_s - now_s) > _CLOCK_S,
            f"has a clock that is years off ({date})",
            f"On the board: sudo date -s @{now_s:.0f}",
        ),
    ):
        if wrong:
            raise CatdogError(host, words, remedy)


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def check_source(facts: Facts, source: str, host: str) -> None:
    """Raise CatdogError where a source is a ribbon camera that the board cannot read."""
    if not is_csi(source):
        return
    if not facts.ribbon_program:
        # A release sees nothing of the system's Python, so picamera2 would not do: the program is what is needed.
        wrong, remedy = "has no rpicam-vid, which reads ribbon cameras", "sudo apt install rpicam-apps-lite"
        raise CatdogError(host, wrong, f"On the board (Raspberry Pi OS): {remedy}")
    if not facts.ribbon:
        raise CatdogError(host, "sees no ribbon camera", _SEATED)
    number = source.partition(":")[2] or "0"
    if number not in facts.ribbon:
        there = ", ".join(f"csi:{number} ({name})" for number, name in facts.ribbon.items())
        raise CatdogError(host, f"has no ribbon camera {source}", f"Choose one of {there}")


def trusts(facts: Facts, signer: Signer) -> bool:
    """True where a board takes what this workstation has signed."""
    return any(signer.public in line for line in facts.signers)


def check_trust(facts: Facts, wish: Wish, signer: Signer, host: str) -> None:
    """Raise CatdogError where the board is somebody else's, or the model older than the one that it runs."""
    if facts.signers and not trusts(facts, signer) and not wish.adopt:
        raise CatdogError(host, "trusts another workstation's key, not this one's", "If it is yours, add --adopt")
    there, here = time_of(facts.signed), wish.model.signed.time
    current = facts.models.current.endswith(wish.model.signed.digest[:12])
    if there > here and not current and not wish.older:
        wrong = f"is older (signed {here}) than the model that {host} runs (signed {there})"
        raise CatdogError(wish.model.name, wrong, "To go back to it all the same, add --older")


def check_room(
    facts: Facts, unpacked: Mapping[str, Path], travelling: Mapping[str, Path], small: int, host: str
) -> None:
    """Raise CatdogError where the disk is too full for wheels that travel and are unpacked, and `small` other bytes."""
    needed = small + sum(path.stat().st_size for path in travelling.values())
    needed += sum(path.stat().st_size for path in unpacked.values()) * _UNPACKED
    needed_mb = needed // 10**6 + (_SPARE_MB if needed else 0)
    if facts.free_mb < needed_mb:
        wrong = f"has {facts.free_mb} MB free, {needed_mb} are needed"
        raise CatdogError(host, wrong, "On the board: sudo apt clean; or use a larger card")
