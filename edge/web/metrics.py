"""GET /metrics: how it is doing, in the words of Prometheus."""

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from edge import __version__
from edge.web.news import BOUNDS_MS
from edge.web.routes import site_of
from edge.web.schemas import STATES
from edge.web.site import Site

_OF = ("stream", "source")
_BOUNDS = [*(f"{bound / 1000:g}" for bound in BOUNDS_MS), "+Inf"]


async def metrics(request: Request) -> Response:
    """Answer with everything that is counted."""
    registry = CollectorRegistry()
    registry.register(Told(site_of(request)))
    return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})


class Told(Collector):
    """What is counted, made from what is known at the moment of asking: nothing is counted twice."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterator[Metric]:
        site = self._site
        model = {name: str(site.model_json[name]) for name in ("name", "variant", "sha256")}
        yield InfoMetricFamily("catdog", "What runs", {"version": __version__, **model})
        yield GaugeMetricFamily("catdog_viewers", "Viewers of pictures", site.video.viewers)
        if (warm := site.temperature_c) is not None:
            yield GaugeMetricFamily("catdog_temperature_celsius", "Temperature of this machine", warm)
        yield from self._of_sources()

    def _of_sources(self) -> Iterator[Metric]:
        frames = CounterMetricFamily("catdog_frames", "Frames classified", labels=_OF)
        dropped = CounterMetricFamily("catdog_dropped", "Frames not looked at", labels=_OF)
        verdicts = CounterMetricFamily("catdog_verdicts", "Frames by verdict", labels=(*_OF, "label"))
        state = GaugeMetricFamily("catdog_state", "1 for the state of now", labels=(*_OF, "state"))
        rate = GaugeMetricFamily("catdog_rate", "Frames a second of late", labels=_OF)
        latency = HistogramMetricFamily("catdog_latency_seconds", "From a picture to its answer", labels=_OF)
        for stream, (moment, counts) in enumerate(zip(self._site.news.newest, self._site.news.counts, strict=True)):
            of, now = (str(stream), moment.frame.source), self._site.news.state_of(stream)
            frames.add_metric(of, counts.frames)
            dropped.add_metric(of, moment.dropped)
            rate.add_metric(of, moment.rate)
            for label, count in list(counts.verdicts.items()):
                verdicts.add_metric((*of, label), count)
            for name in STATES:
                state.add_metric((*of, name), float(name == now))
            latency.add_metric(
                of, list(zip(_BOUNDS, accumulate(counts.latencies), strict=True)), sum_value=counts.latency_s
            )
        yield from (frames, dropped, verdicts, state, rate, latency)
