"""What a service tells systemd: that it is ready, that it is alive, and how it goes.

The protocol is sd_notify(3): text lines in one datagram to the socket that $NOTIFY_SOCKET names.

Alive is who finishes looks. A look ends with an answer, or, while the source is away, with a word about that; both come
out of the one loop that reads, infers and tells, so a runner that hangs in any of these says nothing, and is restarted.
A camera that hangs or is away is no hang of the runner: each try to open it is a new process already (capture/feed.py),
and a new runner could do no more. A frame that was left out, or slept through, is no look: an inference has to end.
"""

import os
import socket
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from contextlib import suppress

from edge.board import NO_ANSWER
from edge.errors import InputError, printable
from edge.outputs import ASLEEP, ENDED, LIVE, Moment, Output

VARIABLE = "NOTIFY_SOCKET"
_PERIOD_S = 5.0  # between two words, unless the watchdog wants them sooner
# Ready without an answer after so long: a camera has opened by then, or is away. Who waits for an answer asks for it.
_PATIENCE_S = 60.0


def make(_options: Namespace) -> Output:
    """Return the output that a service has besides those asked for."""
    return Service(os.environ)


def watchdog_s(environment: Mapping[str, str]) -> float | None:
    """Return after how many silent seconds systemd kills this process; None where it has no such watchdog."""
    microseconds, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", str(os.getpid()))
    if pid != str(os.getpid()) or not microseconds.isdecimal() or not int(microseconds):
        return None
    return int(microseconds) / 1e6


def check_rate(max_fps: float, limit_s: float) -> None:
    """Raise InputError where so few looks a second are too few for a watchdog: one has to come in 2/3 of its limit."""
    least = 1.5 / limit_s
    if max_fps < least:
        wrong = f"{max_fps:g} is too low for a service: without a look in {limit_s:g} s it counts as hung"
        raise InputError("max-fps", wrong, f"Write {least:g} or more")


class Service(Output):
    """Words to systemd. None of them is worth waiting for: one that does not get through is followed by another."""

    def __init__(self, environment: Mapping[str, str], now: Callable[[], float] = time.monotonic) -> None:
        name = environment[VARIABLE]
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        self._period_s = min(_PERIOD_S, (watchdog_s(environment) or _PERIOD_S * 4) / 4)
        self._now, self._due_s = now, 0.0
        self._begun_s: float | None = None
        self._answered_s = float("-inf")
        self._ready = False

    def write(self, moment: Moment) -> None:
        """Tell of a look that has ended, if it is time to."""
        if moment.state in (ASLEEP, ENDED):
            return
        now_s = self._now()
        self._begun_s = now_s if self._begun_s is None else self._begun_s
        fresh = moment.state == LIVE
        if not fresh and now_s - self._answered_s < self._period_s:  # another source answers, or this one did just now
            return
        back = fresh and now_s - self._answered_s >= self._period_s
        self._answered_s = now_s if fresh else self._answered_s
        ready = not self._ready and (fresh or now_s - self._begun_s >= _PATIENCE_S)
        if ready or back or now_s >= self._due_s:
            told = self._tell("WATCHDOG=1", f"STATUS={status(moment)}", *(["READY=1"] if ready else []))
            self._ready = self._ready or (ready and told)
            self._due_s = now_s + self._period_s

    def close(self) -> None:
        self._tell("STOPPING=1")

    def _tell(self, *lines: str) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.setblocking(False)
            sending.sendto("\n".join(lines).encode("utf-8", "replace"), self._address)
            return True
        return False


def status(moment: Moment) -> str:
    """Return one line on how it goes, for `systemctl status`."""
    if moment.state != LIVE:
        last = f", the last one {moment.age_ms / 1000:.0f} s ago" if moment.frame.number else " yet"
        return f"{NO_ANSWER}{last}: {printable(moment.frame.source)} is {moment.state}"
    verdict = moment.verdict
    return (
        f"{printable(verdict.label)} {verdict.probability:.0%}, {printable(moment.frame.source)}, {moment.rate:.1f}/s, "
        f"{moment.age_ms:.0f} ms old, {moment.dropped} dropped"
    )
