"""The process that reads a source whose native code may hang; its parent kills it when it does. See `process.py`.

Two socket pairs of packets join them, and shared memory, cut into `SLOTS` equal slots:

- control, from the parent: {"source": [MAKER, WORD], "settings": [...]} to open it, now or again; or `DONE`, a
  slot that may be written again. Never an argument: an address may hold a password, and anyone may list the
  arguments of a process. To the parent: {"opened": ...}, {"say": LINE}, {"fault": [thing, wrong, remedy]},
  {"end": true}, and {"memory": NUMBER, "slot_bytes": BYTES} with the descriptor of new memory.
- frames, to the parent: `FRAME` packets. The child holds the parent's end, too, and takes back a packet that has been
  overtaken: whoever reads a packet has its slot. So the newest frame wins without a lock that a dead or stopped process
  might hold.
"""

import json
import mmap
import os
import signal
import socket
import struct
import sys
from typing import Any

import numpy as np

from edge.capture.arrange import arranged
from edge.capture.source import Frame, Settings, Source, made, pump
from edge.fit import Image

SLOTS = 4  # one that the parent looks at, one on its way back, one that waits, one that is written
PACKET_BYTES = 65536
# memory, slot, height, width, number, captured_at, position_s (nan: none), dropped
FRAME = struct.Struct("=QBIIQddQ")
DONE = struct.Struct("=xQB")  # memory, slot; after a zero, as JSON begins with a brace
_MOST_BYTES = 300_000_000  # of one picture: 10,000 x 10,000 pixels


class Channel:
    """The child's end: what it says, and which slots it may write."""

    def __init__(self, control: int, theirs: int, ours: int) -> None:
        self._control = socket.socket(fileno=control)
        self._theirs, self._ours = socket.socket(fileno=theirs), socket.socket(fileno=ours)
        self._memory: mmap.mmap | None = None
        self._generation, self._slot_bytes = 0, 0
        self._free: set[int] = set()
        self._writing: tuple[int, Image] | None = None
        self.live = True
        self.dropped = 0

    def receive(self) -> dict[str, Any]:
        """Return the parent's next wish, waiting for it.

        Raises:
            BrokenPipeError: the parent is gone.
        """
        while True:
            packet = self._control.recv(PACKET_BYTES)
            if not packet:
                raise BrokenPipeError
            if packet[:1] == b"{":
                return dict(json.loads(packet))
            self._return(packet)

    def send(self, **message: Any) -> None:
        self._control.send(json.dumps(message).encode())

    def room(self, height: int, width: int) -> Image:
        """Return a free slot as memory for a picture: uint8 (height, width, 3)."""
        wanted = height * width * 3
        if self._writing is not None and self._writing[1].shape == (height, width, 3):
            return self._writing[1]
        if self._writing is not None:
            self._free.add(self._writing[0])
            self._writing = None
        if wanted > self._slot_bytes:
            self._share(wanted)
        slot = self._take()
        assert self._memory is not None
        self._writing = slot, view_of(self._memory, slot * self._slot_bytes, height, width)
        return self._writing[1]

    def put(self, frame: Frame, dropped: int) -> None:
        """Give a frame to the parent, having copied its picture into a slot where it is not in one."""
        height, width = frame.image.shape[:2]
        place = self.room(height, width)
        if place is not frame.image:
            np.copyto(place, frame.image)
        assert self._writing is not None
        slot, self._writing = self._writing[0], None
        if self.live:
            self._overtake()
        position = float("nan") if frame.position_s is None else frame.position_s
        lost = self.dropped + dropped
        counts = (frame.number, frame.captured_at, position, lost)
        self._ours.send(FRAME.pack(self._generation, slot, height, width, *counts))

    def _share(self, slot_bytes: int) -> None:
        """Make memory for larger pictures, and hand the parent its descriptor."""
        if slot_bytes > _MOST_BYTES:
            raise MemoryError
        descriptor = os.memfd_create("frames")
        try:
            os.ftruncate(descriptor, SLOTS * slot_bytes)
            self._memory = mmap.mmap(descriptor, SLOTS * slot_bytes)
            self._generation, self._slot_bytes, self._free = self._generation + 1, slot_bytes, set(range(SLOTS))
            message = {"memory": self._generation, "slot_bytes": slot_bytes}
            socket.send_fds(self._control, [json.dumps(message).encode()], [descriptor])
        finally:
            os.close(descriptor)

    def _take(self) -> int:
        """Return a free slot; a recorded source waits for one, a live one takes back the frame that nobody took."""
        self._collect(wait=False)
        while not self._free:
            if self.live:
                self._overtake()
            self._collect(wait=not self._free)
        return self._free.pop()

    def _collect(self, wait: bool) -> None:
        """Take back the slots that the parent is done with."""
        flags = 0 if wait else socket.MSG_DONTWAIT
        while True:
            try:
                packet = self._control.recv(PACKET_BYTES, flags)
            except BlockingIOError:
                return
            if not packet:
                raise BrokenPipeError
            self._return(packet)
            flags = socket.MSG_DONTWAIT

    def _return(self, packet: bytes) -> None:
        generation, slot = DONE.unpack(packet)
        if generation == self._generation:
            self._free.add(slot)

    def _overtake(self) -> None:
        """Take back the frame that waits, if the parent has not taken it just now."""
        try:
            packet = self._theirs.recv(FRAME.size, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        generation, slot = FRAME.unpack(packet)[:2]
        if generation == self._generation:
            self._free.add(slot)
        self.dropped += 1


def view_of(memory: mmap.mmap, offset: int, height: int, width: int) -> Image:
    """Return uint8 (height, width, 3), a view of shared memory."""
    return np.frombuffer(memory, np.uint8, height * width * 3, offset).reshape(height, width, 3)


def main() -> None:
    """Read the source, as often as the parent wishes, until the parent is gone."""
    _die_with_parent()
    channel = Channel(*map(int, sys.argv[1:4]))
    known: dict[str, Source] = {}  # one that is opened again remembers what it was
    try:
        while True:
            wish = channel.receive()
            key = json.dumps(wish)
            if key not in known:
                known[key] = arranged(made(*wish["source"]), settings_of(wish["settings"]))
            _read(known[key], channel)
    except (BrokenPipeError, ConnectionResetError):  # the parent has gone: nobody is left to tell
        os._exit(0)


def settings_of(values: list[Any]) -> Settings:
    """Return the settings that JSON has made lists of."""
    lists: list[Any] = [tuple(value) if isinstance(value, list) else value for value in values]
    return Settings(*lists)


def _read(source: Source, channel: Channel) -> None:
    def put(frame: Frame) -> bool:
        channel.live = source.live
        channel.put(frame, source.dropped)
        return True

    source.room = channel.room
    try:
        pump(source, channel.send, put)
    except MemoryError:
        channel.send(fault=[source.name, "gives pictures too large for this machine", "Choose a smaller size"])


def _die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies: a hung read() would never notice."""
    import ctypes

    pr_set_pdeathsig = 1  # linux/prctl.h
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # Ctrl-C reaches the whole group: the parent decides
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    main()
