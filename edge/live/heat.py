"""Run slower on a board that is too hot, so that it is we who choose what to leave out: pure functions.

A board that throttles answers late, and every other program on it suffers, too. Half the rate: half the heat.
"""

from typing import NamedTuple

from edge.board import COOL_C, HOT_C, Machine, temperature_c, throttle_bits

LOOK_S = 20.0  # between two looks: a heat sink takes as long to follow
_LEAST_FPS = 1.0
_BITS = 0b1110  # frequency capped, throttled, soft temperature limit; a weak supply is not mended by a lower rate alone


class Heat(NamedTuple):
    """How hot a board is: throttle bits as the firmware gives them, temperature; None where it does not say."""

    bits: int | None = None
    temperature_c: float | None = None

    @property
    def hot(self) -> bool:
        """True where the board throttles, or is about to."""
        return bool((self.bits or 0) & _BITS) or (self.temperature_c or 0.0) >= HOT_C

    @property
    def cool(self) -> bool:
        """True where it neither throttles nor is near to it."""
        return not (self.bits or 0) & _BITS and (self.temperature_c or 0.0) <= COOL_C


HERE = Machine(ask=lambda _: "")  # the kernel's files; asking the firmware would be a process each time


def measured(machine: Machine = HERE) -> Heat:
    """Return how hot a machine is."""
    return Heat(throttle_bits(machine), temperature_c(machine))


class Pace(NamedTuple):
    """The rate that heat allows."""

    max_fps: float | None = None  # at most so many frames a second; None for all
    full_fps: float = 0.0  # the rate before the board became hot


FREE = Pace()


def pace(before: Pace, heat: Heat, rate: float) -> Pace:
    """Return the pace after one more look: halved while hot, doubled while cool. `rate`: frames a second of late."""
    if heat.hot:
        full_fps = before.full_fps or max(rate, _LEAST_FPS)
        slower = (full_fps if before.max_fps is None else before.max_fps) / 2
        return Pace(max(slower, _LEAST_FPS), full_fps)
    if before.max_fps is None or not heat.cool:
        return before
    faster = before.max_fps * 2
    return FREE if faster >= before.full_fps else before._replace(max_fps=faster)


def words(after: Pace, heat: Heat) -> str:
    """Return a line for the user on a pace that has changed."""
    warm = "" if heat.temperature_c is None else f" ({heat.temperature_c:.0f} °C)"
    if after.max_fps is None:
        return f"the board has cooled down{warm}: at full rate again"
    if heat.hot:
        return f"the board throttles{warm}: {after.max_fps:.1f} frames a second at most. Give it a heat sink or a fan"
    return f"the board cools down{warm}: {after.max_fps:.1f} frames a second at most"
