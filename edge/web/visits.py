"""The best picture of each visit, as JPEG, for as long as the visit is remembered."""

from collections import OrderedDict

from edge.fit import Image
from edge.live.visits import VISIT, Event
from edge.outputs.worker import Worker
from edge.photo import as_jpeg
from edge.web.news import VISITS

_LARGEST = 480  # pixels of a side


class Album:
    """Pictures by the number of their visit; encoded in a thread of its own."""

    def __init__(self) -> None:
        self.pictures: OrderedDict[int, bytes] = OrderedDict()
        self._worker: Worker[tuple[int, Image]] = Worker("visits", self._work, most=8)

    def offer(self, number: int, event: Event) -> None:
        """Keep the best frame of a visit that is over. In the runner's thread."""
        if event.kind == VISIT and event.visit.best is not None:
            self._worker.put((number, event.visit.best.image))

    def _work(self, visits: list[tuple[int, Image]]) -> None:
        for number, image in visits:
            self.pictures[number] = as_jpeg(image, _LARGEST)
            while len(self.pictures) > VISITS:
                self.pictures.popitem(last=False)

    def close(self) -> None:
        """End the thread."""
        self._worker.finish()
        self._worker.join(1.0)
