"""Snapshots of visits: the best frame of each as a JPEG, with names that sort by time and a bound on the disk used."""

import threading
from argparse import Namespace
from pathlib import Path

from edge.live.visits import Event
from edge.outputs import Moment, Output
from edge.outputs.aside import Aside, Wish
from edge.shelf import Rules, Shelf

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
    """A folder of snapshots, made where it does not exist, that takes so many megabytes (of 1,000,000 bytes) at most.

    Raises:
        CatdogError: nothing can be written there.
    """

    def __init__(self, folder: Path, bound_mb: float) -> None:
        self._shelf = Shelf(folder, Rules(bound_mb * 1e6, "--snapshots-mb"))
        self._lock = threading.Lock()  # two outputs may ask for one picture at the same time
        self._kept: dict[tuple[str, float], Path] = {}

    def write(self, moment: Moment) -> None:
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
                self._kept[key] = self._shelf.add(best.image, moment.time_of(best), label)
                if len(self._kept) > _REMEMBERED:
                    del self._kept[next(iter(self._kept))]
            return self._kept[key]
