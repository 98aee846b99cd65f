"""Where a board says how it is: files below a root, and a reader of commands, so that a test can be a Raspberry Pi."""

import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TextIO

NO_ANSWER = "no answer"  # how the service's status begins while it has none; the board's guard asks for these words

# Bits of `vcgencmd get_throttled` (Raspberry Pi documentation); 16 bits higher: has occurred since start-up.
THROTTLE = {0: "under-voltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}

# A Raspberry Pi lowers its clock at 80 degrees, and at 85 once more (its documentation, "Frequency management and
# thermal control").
HOT_C, COOL_C = 80.0, 72.0

# What is left free of a disk by all that keeps pictures: room to finish a video, whose index comes last.
RESERVE_BYTES = 8 << 20


def ask(words: Sequence[str]) -> str:
    """Return what a command prints; nothing where it is missing or fails."""
    import subprocess

    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(words, capture_output=True, text=True, timeout=5, check=True).stdout
    return ""


@contextmanager
def opened(path: Path, flags: int) -> Iterator[int]:
    """Give the descriptor of a file or a device, opened past the buffers of Python.

    Raises:
        OSError: it cannot be opened.
    """
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def free_bytes(path: Path) -> int:
    """Return how much this user can still write to the disk that `path` is on; shutil would cost the start-up."""
    disk = os.statvfs(path)
    return disk.f_bavail * disk.f_frsize


def is_file(stream: TextIO | None) -> bool:
    """True for an open stream of a file on a disk; False for a terminal, a pipe, or a stand-in for a stream."""
    try:
        return stream is not None and stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def version_of(distribution: str) -> str | None:
    """Return the version of a package that is installed; None where it is not."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


class Machine(NamedTuple):
    """Where to read a machine."""

    root: Path = Path("/")  # of its files
    ask: Callable[[Sequence[str]], str] = ask  # returns what a command prints
    free: Callable[[Path], int] = free_bytes  # returns the free bytes of the disk that a path is on
    now: Callable[[], float] = time.time  # returns the seconds since 1970, as this machine counts them

    def read(self, path: str) -> str:
        """Return a file's text without white space and zero bytes around it; nothing where it cannot be read."""
        with suppress(OSError, UnicodeDecodeError):
            return (self.root / path).read_text("utf-8").strip().strip("\0")
        return ""

    def texts(self, pattern: str) -> list[str]:
        """Return what stands in each file of a glob pattern."""
        return [self.read(str(path.relative_to(self.root))) for path in sorted(self.root.glob(pattern))]

    def numbers(self, pattern: str) -> list[int]:
        """Return the numbers that stand in the files of a glob pattern."""
        return [int(text) for text in self.texts(pattern) if text.lstrip("-").isdigit()]


def temperature_c(machine: Machine) -> float | None:
    """Return the temperature of the hottest sensor; None where there is none."""
    # Millidegrees; what is not between frost and fire is a sensor that is not there.
    warm = [t / 1000 for t in machine.numbers("sys/class/thermal/thermal_zone*/temp") if 0 < t < 150_000]
    return max(warm, default=None)


def throttle_bits(machine: Machine) -> int | None:
    """Return the throttle bits of a Raspberry Pi, from the kernel or else from the firmware's own tool."""
    text = machine.read("sys/devices/platform/soc/soc:firmware/get_throttled")
    text = text or machine.ask(["vcgencmd", "get_throttled"]).strip().rpartition("=")[2]
    with suppress(ValueError):
        return int(text, 16)
    return None


def throttling(bits: int) -> list[str]:
    """Return the names of the throttle bits that are set now."""
    return [name for bit, name in THROTTLE.items() if bits >> bit & 1]
