"""What a service tells systemd: ready with the first fresh answer, alive with each further one, and how it goes.

The protocol is sd_notify(3): text lines in one datagram to the socket that $NOTIFY_SOCKET names. Only finished
inferences feed the watchdog, so a runner that hangs anywhere before its answers, in the camera too, is restarted.
"""

import os
import socket
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from contextlib import suppress

from edge.errors import printable
from edge.outputs import LIVE, Moment, Output

VARIABLE = "NOTIFY_SOCKET"
_PERIOD_S = 5.0  # between two words, unless the watchdog wants them sooner


def make(_options: Namespace) -> Output:
    """Return the output that a service has besides those asked for."""
    return Service(os.environ)


def watchdog_s(environment: Mapping[str, str]) -> float | None:
    """Return after how many silent seconds systemd kills this process; None where it has no such watchdog."""
    microseconds, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", str(os.getpid()))
    if pid != str(os.getpid()) or not microseconds.isdecimal() or not int(microseconds):
        return None
    return int(microseconds) / 1e6


class Service(Output):
    """Words to systemd. None of them is worth waiting for: one that does not get through is followed by another.

    Args:
        environment: with the variables that systemd sets.
        now: the monotonic clock.
    """

    def __init__(self, environment: Mapping[str, str], now: Callable[[], float] = time.monotonic) -> None:
        name = environment[VARIABLE]
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        self._period_s = min(_PERIOD_S, (watchdog_s(environment) or _PERIOD_S * 4) / 4)
        self._now, self._due_s = now, 0.0
        self._ready = False

    def write(self, moment: Moment) -> None:
        """Tell of a fresh answer, if it is time to."""
        if moment.state != LIVE or (self._ready and self._now() < self._due_s):
            return
        told = self._tell("WATCHDOG=1", f"STATUS={status(moment)}", *([] if self._ready else ["READY=1"]))
        self._ready = self._ready or told
        self._due_s = self._now() + self._period_s

    def close(self) -> None:
        """Tell that it ends."""
        self._tell("STOPPING=1")

    def _tell(self, *lines: str) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.setblocking(False)
            sending.sendto("\n".join(lines).encode("utf-8", "replace"), self._address)
            return True
        return False


def status(moment: Moment) -> str:
    """Return one line on how it goes, for `systemctl status`."""
    verdict = moment.verdict
    return (
        f"{printable(verdict.label)} {verdict.probability:.0%}, {printable(moment.frame.source)}, {moment.rate:.1f}/s, "
        f"{moment.age_ms:.0f} ms old, {moment.dropped} dropped"
    )
