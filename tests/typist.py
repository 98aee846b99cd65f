"""Somebody at a terminal: a program in a shell with job control, keys pressed, the screen read."""

import os
import pty
import re
import select
import signal
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import ioctl
from pathlib import Path
from termios import ECHO, TIOCSWINSZ, tcgetattr

import pytest

from tests.conftest import ROOT

needs_dash = pytest.mark.skipif(not Path("/bin/dash").exists(), reason="needs dash, which does not mend terminals")
SOON_S = 120.0
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Typist:
    """A terminal with a shell in it.

    Args:
        terminal: the terminal's other end.
    """

    def __init__(self, terminal: int) -> None:
        self._terminal, self.seen = terminal, ""

    def types(self, keys: str, until: str = "") -> re.Match[str]:
        """Press keys, and read until something is shown."""
        os.write(self._terminal, keys.encode())
        return self.reads(until)

    def reads(self, pattern: str) -> re.Match[str]:
        """Wait for something that was not there when this was asked last; return what was found."""
        deadline = time.monotonic() + SOON_S
        while not (found := re.search(pattern, self.seen, re.DOTALL)):
            left = deadline - time.monotonic()
            assert left > 0, f"no {pattern!r} in {self.seen[-2000:]!r}"
            if select.select([self._terminal], [], [], left)[0]:
                self.seen += _ESCAPES.sub("", os.read(self._terminal, 65536).decode("utf-8", "replace"))
        self.seen = self.seen[found.end() :]
        return found

    def echoes(self) -> bool:
        """True while the terminal shows what is typed."""
        return bool(tcgetattr(self._terminal)[3] & ECHO)

    def mode(self) -> str:
        """Return what the shell says of the terminal, to be asked at its prompt."""
        return self.types("stty -a; echo do'ne'\n", "(.*)done")[1]


@contextmanager
def typist(**environment: str) -> Iterator[Typist]:
    """Give a terminal of 100 x 30 with a shell in it that restores nothing by itself."""
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(ROOT)
        shown = {"TERM": "xterm-256color", "PS1": "$ ", "LANG": "C.UTF-8", **environment}
        os.execve("/bin/dash", ["dash", "-i"], {**os.environ, **shown})  # noqa: S606 - no shell is what this is
    ioctl(terminal, TIOCSWINSZ, struct.pack("4H", 30, 100, 0, 0))
    try:
        yield Typist(terminal)
    finally:
        os.close(terminal)  # which hangs up all that runs in it
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGHUP)
        os.waitpid(pid, 0)
