"""The event log: a JSON object a line, in a file that a power cut leaves readable.

Every line is appended with one write, and taken back where the disk takes only a part of it; what a power cut tore all
the same is cut off at the next start. The file is flushed to the disk once a minute at most, as SD cards wear out. At
its bound it becomes FILE.1, in place of the one before, and a new one begins.
"""

import json
import os
import time
from argparse import Namespace
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from edge.board import opened
from edge.errors import CatdogError
from edge.files import writing
from edge.outputs import Moment, Output
from edge.outputs.aside import Aside
from edge.outputs.jsonl import event_json

BOUND_BYTES = 10_000_000  # some 40,000 events
SYNC_S = 60.0
_BEGINNING = b'{"event": '  # of every log; any other file is somebody else's
_TAIL_BYTES = 65_536  # what is read of a log to look for its last whole line; more where that is not enough


def make(options: Namespace) -> Output:
    """Return the output of --events."""
    return Aside(EventLog(Path(options.events)), "--events")


class EventLog(Output):
    """A file of events. It is opened for each of them, as they are rare: a vanished or full disk may come back.
    It is repaired at once; at `bound_bytes` a new one begins. `sync` flushes a file descriptor to the disk.

    Raises:
        CatdogError: no event can be written there, or it is another kind of file.
    """

    def __init__(
        self,
        path: Path,
        bound_bytes: int = BOUND_BYTES,
        now: Callable[[], float] = time.monotonic,
        sync: Callable[[int], None] = os.fsync,
    ) -> None:
        self._path, self._bound_bytes, self._now, self._sync = path, bound_bytes, now, sync
        self._synced_s: float | None = None
        self._unsynced = False
        with self._at_work():
            if path.exists() and not path.is_file():  # opening a pipe would wait for its reader
                raise CatdogError(path, "is no file", "Give the event log a file of its own")
            with path.open("a+b") as file:
                repair(file.fileno(), path)

    def write(self, moment: Moment) -> None:
        for event in moment.events:
            line = json.dumps(event_json(moment, event)).encode() + b"\n"
            with self._at_work():
                if not self._append(line):
                    self._path.replace(self._path.with_name(self._path.name + ".1"))
                    self._append(line)

    def _append(self, line: bytes) -> bool:
        """Append a line; False where the file is full."""
        with opened(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as descriptor:
            size = os.fstat(descriptor).st_size
            if size and size + len(line) > self._bound_bytes:
                return False
            _write_whole(descriptor, line, size)
        self._unsynced = True
        return True

    def flush(self) -> None:
        """Put what was written on the disk, where a minute has passed since the last time."""
        if self._synced_s is None or self._now() - self._synced_s >= SYNC_S:
            self.close()

    def close(self) -> None:
        if not self._unsynced:
            return
        self._unsynced, self._synced_s = False, self._now()
        with self._at_work(), opened(self._path, os.O_RDONLY) as descriptor:
            self._sync(descriptor)

    def _at_work(self) -> AbstractContextManager[None]:
        return writing(self._path, "cannot be written", "Check its folder, its permissions and free space")


def _write_whole(descriptor: int, line: bytes, size: int) -> None:
    """Append a line to a file of `size` bytes, or nothing."""
    try:
        written = os.write(descriptor, line)
        if written < len(line):
            os.write(descriptor, line[written:])  # says why not, by an OSError
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def repair(descriptor: int, path: Path) -> None:
    """Cut off what a power cut has torn at the end of a log: half a line, or the zeros of a block never written.

    Raises:
        CatdogError: the file does not begin as an event log does, so it is left alone.
    """
    size = os.fstat(descriptor).st_size
    head = os.pread(descriptor, len(_BEGINNING), 0).partition(b"\0")[0]
    if not _BEGINNING.startswith(head):
        raise CatdogError(path, "is no event log", "Give the event log a file of its own")
    length = _TAIL_BYTES
    while True:
        start = max(0, size - length)
        whole = whole_lines(os.pread(descriptor, size - start, start), start == 0)
        if whole is not None:
            break
        length *= 2
    if start + whole < size:
        os.ftruncate(descriptor, start + whole)


def whole_lines(tail: bytes, from_start: bool) -> int | None:
    """Return how many bytes there are up to the end of the last whole line.

    None: there is none in this tail of a file, which does not go back to its start, and so to that of its first line.
    """
    end = len(tail)
    while end:
        start = tail.rfind(b"\n", 0, end - 1) + 1
        if start == 0 and not from_start:
            return None
        if _is_whole(tail[start:end]):
            break
        end = start
    return end


def _is_whole(line: bytes) -> bool:
    try:
        return line.endswith(b"\n") and isinstance(json.loads(line), dict)
    except ValueError:
        return False
