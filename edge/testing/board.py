"""A clock and a board's thermometer that a test holds."""

from pathlib import Path

from edge.board import Machine


class Clock:
    """A clock that stands still until it is told to go on: for whatever takes `now`.

    Attributes:
        now_s: the time, in seconds.
    """

    def __init__(self, now_s: float = 0.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds


class Thermometer:
    """A board's temperature and throttle bits, in files as the kernel of a Raspberry Pi shows them.

    Args:
        folder: an empty one, for these files.
        temperature_c: at first.
        bits: throttle bits at first, as `vcgencmd get_throttled` gives them: 0x4 for "throttled now".

    Attributes:
        machine: to be given to what reads a board, such as `edge.watch(..., machine=...)`.
    """

    def __init__(self, folder: Path, temperature_c: float = 45.0, bits: int = 0) -> None:
        self._degrees = folder / "sys/class/thermal/thermal_zone0/temp"
        self._bits = folder / "sys/devices/platform/soc/soc:firmware/get_throttled"
        for file in (self._degrees, self._bits):
            file.parent.mkdir(parents=True, exist_ok=True)
        self.machine = Machine(folder, ask=lambda _: "")
        self.show(temperature_c, bits)

    def show(self, temperature_c: float, bits: int = 0) -> None:
        """Be so hot from now on."""
        self._degrees.write_text(f"{temperature_c * 1000:.0f}\n")
        self._bits.write_text(f"{bits:x}\n")
