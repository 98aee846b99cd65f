"""What the routes need to know, kept together for the life of a run."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from edge import __version__
from edge.board import Machine, temperature_c
from edge.classifier import Classifier
from edge.keep import Keep
from edge.live.tuning import Tuning
from edge.outputs.jsonl import utc
from edge.web.grab import Grab
from edge.web.heat import Heat
from edge.web.news import News
from edge.web.rates import Buckets
from edge.web.video import Video
from edge.web.visits import Album

_WARM_S = 5.0  # between two looks at the thermometer
VIEWERS = 100  # at once, of streams; the same number again of events


@dataclass
class Site:
    """What a page and an API can tell.

    Attributes:
        news: of the sources.
        video: their pictures.
        album: pictures of visits.
        tuning: the classifier that answers, and the knobs.
        heat: where the evidence lies.
        grab: frames as they are.
        keep: where photos for training go; None where none are kept.
        say: called with a line for the user.
        classify, kept: how often photos may be sent, and kept, by all together.
    """

    news: News
    video: Video
    album: Album
    tuning: Tuning
    heat: Heat
    grab: Grab
    keep: Keep | None
    say: Callable[[str], None]
    classify: Buckets = field(default_factory=lambda: Buckets(rate=2.0, burst=6.0))
    kept: Buckets = field(default_factory=lambda: Buckets(rate=1.0, burst=5.0))
    now: Callable[[], float] = time.monotonic
    listeners: int = 0
    _warm: tuple[float, float | None] = (-_WARM_S, None)

    @cached_property
    def classifier(self) -> Classifier:
        """A classifier of the server's own: one may not be used from two threads."""
        return Classifier(self.tuning.classifier.path)

    @cached_property
    def model_json(self) -> dict[str, Any]:
        """What the model says of itself."""
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
        """How warm this machine is."""
        if self.now() - self._warm[0] >= _WARM_S:
            self._warm = self.now(), temperature_c(Machine(ask=lambda _: ""))
        return self._warm[1]

    def state_json(self) -> dict[str, Any]:
        """Return all that is known now as a JSON object."""
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

    def stream_of(self, request: Request) -> int:
        """Return the source that a request names; the first where it names none."""
        text = request.query_params.get("source", "0")
        if not (text.isascii() and text.isdecimal() and len(text) < 4 and int(text) < len(self.news.newest)):
            raise HTTPException(404, "there is no such source")
        return int(text)
