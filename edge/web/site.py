"""All that the routes tell, kept together for the life of a run: the runner's thread writes, the server's reads."""

import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

from edge import __version__
from edge.board import temperature_c
from edge.classifier import Classifier
from edge.keep import Keep
from edge.live.heat import HERE
from edge.live.tuning import Tuning
from edge.outputs import Moment
from edge.outputs.jsonl import utc
from edge.web.grab import Grab
from edge.web.heat import Heat
from edge.web.news import News
from edge.web.rates import Buckets
from edge.web.video import Video
from edge.web.visits import Album

_WARM_S = 5.0  # between two looks at the thermometer


class Site:
    """What a page and an API can tell.

    Attributes:
        keep: where photos for training go; None where none are kept.
        photos, kept: how often photos may be sent, and kept, by all together.
        listeners: how many hear events.
        told: the state as it was sent last, and when: the same for all who listen.
    """

    def __init__(self, news: News, tuning: Tuning, keep: Keep | None, say: Callable[[str], None]) -> None:
        self.news, self.tuning, self.keep, self.say = news, tuning, keep, say
        self.video, self.album, self.heat, self.grab = Video(news), Album(), Heat(tuning), Grab()
        self.photos, self.kept = Buckets(rate=2.0, burst=6.0), Buckets(rate=1.0, burst=5.0)
        self.listeners, self.told = 0, (float("-inf"), b"")
        self._warm: tuple[float, float | None] = (-_WARM_S, None)

    def write(self, moment: Moment) -> None:
        """Hand over a moment. In the runner's thread."""
        for told, event in zip(self.news.write(moment), moment.events, strict=True):
            self.album.offer(told["id"], event)
        self.video.offer(moment)
        self.grab.offer(moment)
        self.heat.mind(moment)

    def close(self) -> None:
        """End the threads."""
        self.video.close()
        self.album.close()

    @cached_property
    def classifier(self) -> Classifier:
        """A classifier of the server's own: one may not be used from two threads."""
        return Classifier(self.tuning.classifier.path)

    @cached_property
    def model_json(self) -> dict[str, Any]:
        contract = self.tuning.contract
        return {
            "name": contract.name,
            "variant": contract.variant,
            "sha256": self.tuning.classifier.digest,
            "labels": list(contract.labels),
            "fallback": contract.fallback,
            "map": self.heat.supported,
        }

    @property
    def temperature_c(self) -> float | None:
        now_s = time.monotonic()
        if now_s - self._warm[0] >= _WARM_S:
            self._warm = now_s, temperature_c(HERE)
        return self._warm[1]

    def state_json(self) -> dict[str, Any]:
        return {
            "time": utc(time.time()),
            "version": __version__,
            "model": self.model_json,
            "temperature_c": self.temperature_c,
            "viewers": self.video.viewers,
            "patience_s": self.news.patience_s,
            "keep": self.keep is not None,
            "sources": [self.news.source_json(stream) for stream in range(len(self.news.newest))],
        }
