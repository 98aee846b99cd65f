"""A source read in a process of its own: what hangs is killed, and a new one started. `child.py` tells how they talk.

Linux only: elsewhere sources are read in threads (`thread.py`), which cannot be killed.
"""

import json
import math
import mmap
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from edge.capture.child import DONE, FRAME, PACKET_BYTES, view_of
from edge.capture.source import Frame, Settings

_COMMAND = (sys.executable, "-m", "edge.capture.child")
_KILL_S = 0.2  # for the kernel to end a process; one that hangs in a driver takes longer and is waited for later

Message = dict[str, Any]


class _Running(NamedTuple):
    """A process and the sockets to it."""

    process: "subprocess.Popen[bytes]"
    control: socket.socket
    frames: socket.socket


class InProcess:
    """What reads a source in a process: what `maker`, "module:Class", makes of a word. Frames call it by `name`."""

    def __init__(self, maker: str, word: str, name: str, settings: Settings) -> None:
        self.name, self.dropped = name, 0
        self._maker, self._word, self._settings = maker, word, settings
        self._running: _Running | None = None
        self._dying: list[subprocess.Popen[bytes]] = []
        self._trouble = ""  # why no process could be started
        self._before = 0  # frames dropped by the processes before this one
        self._memory: dict[int, tuple[mmap.mmap, int]] = {}  # by number; with the bytes of a slot
        self._held = b""  # a frame whose memory has not been announced yet
        self._looked_at: tuple[int, int] | None = None  # memory, slot

    @property
    def descriptors(self) -> list[int]:
        return [] if self._running is None else [self._running.control.fileno(), self._running.frames.fileno()]

    @property
    def pid(self) -> int | None:
        """The process that reads; None where there is none."""
        return None if self._running is None else self._running.process.pid

    def begin(self) -> None:
        """Ask the process to open the source, having started one where there is none. `messages` tells what comes."""
        self._dying = [process for process in self._dying if process.poll() is None]
        wish = json.dumps({"source": [self._maker, self._word], "settings": list(self._settings)}).encode()
        try:
            self._running = self._running or self._start()
            self._running.control.send(wish)
        except OSError as fault:
            self._trouble = fault.strerror or "no process"

    def _start(self) -> _Running:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        frames, written = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
        with theirs, written:
            passed = [theirs.fileno(), frames.fileno(), written.fileno()]
            try:
                process = subprocess.Popen(
                    [*_COMMAND, *map(str, passed)],
                    pass_fds=passed,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    # FFmpeg prints addresses with their passwords
                    stderr=None if "OPENCV_LOG_LEVEL" in os.environ else subprocess.DEVNULL,
                    env={**os.environ, "PYTHONPATH": path},
                )
            except OSError:
                ours.close()
                frames.close()
                raise
        ours.setblocking(False)  # Python 3.11's recv_fds knows no flags
        return _Running(process, ours, frames)

    def stay_with(self, maker: str, word: str) -> None:
        """Let the next process open this: what the source turned out to be, by a name that lasts."""
        self._maker, self._word = maker, word

    def messages(self) -> Iterator[Message]:
        """Yield what the process has told; a fault where it has died."""
        if self._trouble:
            wrong, self._trouble = f"cannot be read in a process of its own ({self._trouble})", ""
            self.kill()
            yield {"fault": [self.name, wrong, "Close other programs"]}
        while self._running is not None:
            try:
                packet, descriptors, _, _ = socket.recv_fds(self._running.control, PACKET_BYTES, 1)
            except BlockingIOError:
                return
            except OSError:
                packet, descriptors = b"", []
            if not packet:
                yield {"fault": [self.name, f"lost its reader ({self._last_words()})", "Start again"]}
                return
            message: Message = json.loads(packet)
            if descriptors:
                self._memory[message["memory"]] = mmap.mmap(descriptors[0], 0), message["slot_bytes"]
                os.close(descriptors[0])
            else:
                yield message

    def _last_words(self) -> str:
        assert self._running is not None
        process = self._running.process
        self.kill()
        status = process.returncode
        return f"signal {-status}" if status is not None and status < 0 else f"status {status}"

    def take(self) -> Frame | None:
        """Return the next frame, the newest of a live source; None where there is none.

        Its picture lies in shared memory, and is good until the next call.
        """
        packet, self._held = self._held or self._receive(), b""
        if not packet:
            return None
        memory, slot, height, width, number, captured_at, position, dropped = FRAME.unpack(packet)
        if memory not in self._memory:
            self._held = packet
            return None
        self._release()
        self._looked_at = memory, slot
        for former in [key for key in self._memory if key < memory]:  # it goes with its last picture
            del self._memory[former]
        self.dropped = self._before + dropped
        shared, slot_bytes = self._memory[memory]
        image = view_of(shared, slot * slot_bytes, height, width)
        return Frame(image, number, captured_at, self.name, None if math.isnan(position) else position)

    def _receive(self) -> bytes:
        if self._running is None:
            return b""
        with suppress(OSError):
            return self._running.frames.recv(FRAME.size, socket.MSG_DONTWAIT)
        return b""

    def _release(self) -> None:
        """Let go of the frame that was taken last."""
        if self._looked_at is not None and self._running is not None:
            with suppress(OSError):  # the process is gone, or stopped and its queue full: it will be replaced
                self._running.control.send(DONE.pack(*self._looked_at))
        self._looked_at = None

    def kill(self) -> None:
        """End the process at once, whatever it hangs in; may be called twice."""
        if self._running is None:
            return
        process, *sockets = self._running
        self._running, self._before = None, self.dropped
        self._memory, self._held, self._looked_at = {}, b"", None
        process.kill()
        for one in sockets:
            one.close()
        try:
            process.wait(_KILL_S)
        except subprocess.TimeoutExpired:
            self._dying.append(process)

    def close(self) -> None:
        """End the process, and wait a little for those that were slow to end."""
        self.kill()
        for process in self._dying:
            with suppress(subprocess.TimeoutExpired):
                process.wait(1.0)
