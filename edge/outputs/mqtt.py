"""MQTT: verdict, probabilities, who is there and the picture of the last visit, for Home Assistant and others.

Below catdog/NODE/, where NODE is machine and source, each topic holds plain text, and all but `event` are retained:

    availability        online while what is told is of now, else offline
    state               live, asleep, connecting, stale, lost or ended
    verdict             a label, or unsure
    probability/LABEL   percent
    present/LABEL       ON from arrival to departure, else OFF
    picture             the best frame of the last visit, a JPEG
    event               what happens, as JSON

catdog/MACHINE/running is online while the program runs; the broker makes it offline when that has died.
"""

import importlib.util
import json
import os
import socket
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge.capture.source import Source
from edge.contract import Contract, read_model, unseal
from edge.errors import CatdogError
from edge.live.visits import ARRIVED, VISIT
from edge.outputs import NO_PICTURE, Moment, Output
from edge.outputs.aside import Aside, Wish
from edge.outputs.homeassistant import OFF, OFFLINE, ON, ONLINE, Place, discovery, of_others, parts_of_topics
from edge.outputs.jsonl import event_json
from edge.photo import as_jpeg

if TYPE_CHECKING:
    from edge.outputs.broker import Broker

LOGIN = "CATDOG_MQTT_LOGIN"
_PERIOD_S = 0.2  # between two looks at what is new
_SHARES_S = 5.0  # between two of the same verdict's probabilities: they never rest, and homes keep every one
_LARGEST_SIDE = 1280  # of a picture
_QUALITY = 85


def make(options: Namespace) -> Output:
    """Return the output of --mqtt."""
    if importlib.util.find_spec("paho") is None:
        raise CatdogError("--mqtt", "needs a package that is not installed", 'pip install "catdog-edge[mqtt]"')
    from edge.outputs import broker

    at = broker.address(options.mqtt)
    machine = at.name or socket.gethostname()
    alive = f"catdog/{next(iter(parts_of_topics([machine]).values()))}/running"
    authority = Path(options.mqtt_ca) if options.mqtt_ca else None
    contract = unseal(read_model(options.model), options.model)
    link = broker.Broker(at, login(options.mqtt_login, os.environ), authority, (alive, OFFLINE))
    return Mqtt(Publisher(link, machine, alive, contract), at.shown)


def login(path: str | None, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Return user and password, from a file or else from the environment: USER:PASSWORD; None where neither is given.

    Raises:
        CatdogError: what is given is no such thing.
    """
    try:
        text = Path(path).read_text("utf-8").rstrip("\r\n") if path else environment.get(LOGIN, "")
    except (OSError, UnicodeDecodeError) as fault:
        wrong = f"cannot be read ({getattr(fault, 'strerror', None) or 'no text'})"
        raise CatdogError(path, wrong, "Give a file that holds USER:PASSWORD") from None
    user, colon, password = text.partition(":")
    if (path or text) and not (user and colon and "\n" not in text):
        raise CatdogError(path or LOGIN, "is not USER:PASSWORD", "Write both in one line, with a colon between them")
    return (user, password) if text else None


class Publisher(Output):
    """What is told of each moment; `alive` is the topic that says whether the program runs."""

    def __init__(self, broker: "Broker", machine: str, alive: str, contract: Contract) -> None:
        self._broker, self._machine, self._alive = broker, machine, alive
        self._labels = parts_of_topics(contract.labels)
        self._visitors = frozenset(contract.labels) - {contract.fallback}
        self._places: list[Place] = []
        self._accepted = 0
        self._told: dict[int, tuple[str, float]] = {}  # by source: the verdict whose probabilities were told, and when

    def open(self, sources: Sequence[Source]) -> None:
        self._broker.say = self.say
        names = [f"{self._machine} {source.name}" for source in sources]
        # Of two of one name the second is another.
        different = [f"{name} {number}" if name in names[:number] else name for number, name in enumerate(names)]
        for stream, node in enumerate(parts_of_topics(different).values()):
            place = Place(node, names[stream], self._labels, self._visitors, self._alive)
            self._places.append(place)
            self._introduce(place)
        self._broker.retain(self._alive, ONLINE)
        self._broker.begin()

    def _introduce(self, place: Place) -> None:
        messages = discovery(place)
        self._broker.expect(of_others(place), frozenset(messages))
        for topic, message in messages.items():
            self._broker.retain(topic, message)
        self._broker.retain(place.topic("availability"), OFFLINE)
        for label in place.visitors:
            self._broker.retain(place.topic("present", place.labels[label]), OFF)

    def write(self, moment: Moment) -> None:
        place = self._places[moment.stream]
        self._broker.retain(place.topic("state"), moment.state)
        if moment.fresh:
            self._tell_verdict(place, moment)
        self._broker.retain(place.topic("availability"), ONLINE if moment.fresh else OFFLINE)
        for event in moment.events:
            if event.visit.label in place.visitors:
                there = ON if event.kind == ARRIVED else OFF
                self._broker.retain(place.topic("present", place.labels[event.visit.label]), there)
            if event.kind == VISIT and event.visit.best is not None:
                self._broker.retain(place.topic("picture"), as_jpeg(event.visit.best.image, _LARGEST_SIDE, _QUALITY))
            self._accepted += self._broker.tell(place.topic("event"), json.dumps(event_json(moment, event)))
        self._broker.unconfirmed()

    def _tell_verdict(self, place: Place, moment: Moment) -> None:
        now_s, verdict, (label, told_s) = time.monotonic(), moment.verdict, self._told.get(moment.stream, ("", 0.0))
        self._broker.retain(place.topic("verdict"), verdict.label)
        if verdict.label != label or now_s - told_s >= _SHARES_S:
            self._told[moment.stream] = verdict.label, now_s
            for name, share in verdict.probabilities.items():
                self._broker.retain(place.topic("probability", place.labels[name]), f"{share:.0%}"[:-1])

    def close(self) -> None:
        for place in self._places:
            self._broker.retain(place.topic("availability"), OFFLINE)
        self._broker.close()

    def heard(self) -> int:
        """Return how many events the broker has confirmed."""
        return self._accepted - self._broker.unconfirmed()


class Mqtt(Aside):
    """The newest moments and all events, told in a thread; `name` is what people are shown of the broker."""

    def __init__(self, publisher: Publisher, name: str) -> None:
        super().__init__(publisher, name, Wish.NEWEST, period_s=_PERIOD_S)
        self._publisher, self._events = publisher, 0

    def write(self, moment: Moment) -> None:
        self._events += len(moment.events)
        super().write(moment)

    def _own(self, moment: Moment) -> Moment:
        """Return a moment without its own picture; those of events are copies already."""
        return moment.showing(NO_PICTURE)

    def lost(self) -> str:
        missing = self._events - self._publisher.heard()
        return super().lost() or (f"--mqtt: {missing} of {self._events} events lost" if missing else "")

    def _recover(self) -> None:
        self._failing = False  # of views that were dropped for newer ones there is nothing to say
