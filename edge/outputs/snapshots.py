"""Snapshots of visits: the best frame of each as a JPEG, with names that sort by time and a bound on the disk used."""

import re
import threading
from argparse import Namespace
from pathlib import Path

import cv2

from edge.errors import CatdogError
from edge.files import write_atomically
from edge.live.visits import Event
from edge.outputs import Moment, Output
from edge.outputs.aside import Aside, Wish
from edge.outputs.jsonl import utc

_QUALITY = 90  # of JPEG: 640 x 480 take 60 to 120 kB
_OURS = re.compile(r"(\d{7,})-\d{8}T\d{6}Z-[\w-]*\.jpg")  # what may be deleted; nothing else in the folder is touched
_HALF = ".[0-9]*-*T*Z-*.jpg"  # what a power cut leaves of one that was being written
_REMEMBERED = 64  # visits that are known to be kept


def make(options: Namespace) -> Output:
    """Return the output of --snapshots."""
    return Aside(shared(options), "--snapshots", Wish.VISITS, pictures=True, most=4)


def shared(options: Namespace) -> "Snapshots":
    """Return the folder that the options name: one object, for --on-event names its pictures, too."""
    made: Snapshots = options.__dict__.setdefault("_snapshots", None) or Snapshots(
        Path(options.snapshots), options.snapshots_mb
    )
    options.__dict__["_snapshots"] = made
    return made


class Snapshots(Output):
    """A folder of snapshots. Their names begin with a number: a clock that jumps must not turn old and new around.

    Args:
        folder: made where it does not exist.
        bound_mb: megabytes (of 1,000,000 bytes) that all snapshots in it may take; the oldest go first.

    Raises:
        CatdogError: nothing can be written there.
    """

    def __init__(self, folder: Path, bound_mb: float) -> None:
        self._folder, self._bound_bytes = folder, bound_mb * 1e6
        self._lock = threading.Lock()  # two outputs may ask for one picture at the same time
        self._kept: dict[tuple[str, float], Path] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / ".catdog"  # access(2) does not know of every reason why not
            probe.touch()
            probe.unlink()
            for half in folder.glob(_HALF):
                half.unlink()
        except OSError as fault:
            raise self._fault(fault) from None

    def write(self, moment: Moment) -> None:
        """Keep the best frame of each visit."""
        for event in moment.events:
            self.keep(moment, event)

    def keep(self, moment: Moment, event: Event) -> Path | None:
        """Write an event's best frame, unless that has been done, and return its path; None where it has no frame.

        Raises:
            CatdogError: it cannot be written.
        """
        best, label = event.visit.best, event.visit.label
        if best is None:
            return None
        key = best.source, best.captured_at
        with self._lock:
            if key not in self._kept:
                jpeg = cv2.imencode(".jpg", best.image, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))[1].tobytes()
                name = f"{self._make_room(len(jpeg)):07}-{stamp(moment.time_of(best))}-{plain(label)}.jpg"
                write_atomically(self._folder / name, jpeg)
                self._kept[key] = self._folder / name
                if len(self._kept) > _REMEMBERED:
                    del self._kept[next(iter(self._kept))]
            return self._kept[key]

    def _make_room(self, needed: int) -> int:
        """Delete the oldest snapshots until one of `needed` bytes fits; return the number of the next one."""
        if needed > self._bound_bytes:
            raise CatdogError("--snapshots-mb", f"is too little for one picture of {needed / 1e6:.1f} MB", "Give more")
        try:
            ours = sorted(
                (int(found[1]), path) for path in self._folder.iterdir() if (found := _OURS.fullmatch(path.name))
            )
            sizes = [path.stat().st_size for _, path in ours]
            excess = sum(sizes) + needed - self._bound_bytes
            for (_, path), size in zip(ours, sizes, strict=True):
                if excess <= 0:
                    break
                path.unlink()
                excess -= size
        except OSError as fault:
            raise self._fault(fault) from None
        return ours[-1][0] + 1 if ours else 1

    def _fault(self, fault: OSError) -> CatdogError:
        return CatdogError(
            self._folder, f"cannot be written to ({fault.strerror})", "Check its permissions and free space"
        )


def stamp(time_s: float) -> str:
    """Return seconds since 1970 as they stand in a file's name: 20260501T123000Z."""
    return re.sub(r"[-:]|\.\d+", "", utc(time_s))


def plain(label: str) -> str:
    """Return a label as it may stand in a file's name."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", label)[:40]
