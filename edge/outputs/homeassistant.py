"""What Home Assistant is told by MQTT discovery: each source is a device, with an entity for each thing told of it.

One retained message an entity, whose keys stand in https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery and
on the pages of sensor.mqtt, binary_sensor.mqtt and image.mqtt. An empty message takes an entity away.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from edge import __version__
from edge.live.steady import UNSURE

PREFIX = "homeassistant"  # where it looks, unless it was told another
ONLINE, OFFLINE, ON, OFF = "online", "offline", "ON", "OFF"  # its own defaults
_DIAGNOSTIC = "diagnostic"
_MOST_CLASSES = 50  # entities for each: nobody wants a thousand
_LONGEST = 60  # of a part of a topic

Keys = dict[str, object]  # of a message


class Place(NamedTuple):
    """Where one source is published."""

    node: str  # its name in topics, of letters, digits, "_" and "-"
    name: str  # what people call it
    labels: dict[str, str]  # the model's labels, and what each is called in topics
    visitors: frozenset[str]  # the labels of somebody; the others mean that nobody is there
    alive: str  # the topic that says whether the program runs at all

    @property
    def id(self) -> str:
        """What the device is called among those of all makers."""
        return f"catdog-{self.node}"

    def topic(self, *parts: str) -> str:
        """Return the topic of something about this source."""
        return "/".join(("catdog", self.node, *parts))


def parts_of_topics(names: Iterable[str]) -> dict[str, str]:
    """Return for each name what it is called in a topic: no two alike, of letters, digits, "_" and "-"."""
    made: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_]+", "-", name)[:_LONGEST].strip("-") or "x"
        number, taken = 1, set(made.values())
        while (part := plain if number == 1 else f"{plain}-{number}") in taken:
            number += 1
        made[name] = part
    return made


def discovery(place: Place) -> dict[str, str]:
    """Return the messages by which a source's entities are found: topic and JSON."""
    return {
        f"{PREFIX}/{component}/{place.id}/{what}/config": json.dumps(
            {"name": name, "unique_id": f"{place.id}-{what}", **keys, **_shared(place, keys)}
        )
        for component, what, name, keys in _entities(place)
    }


def of_others(place: Place) -> str:
    """Return the subscription that finds what a former model's classes have left behind."""
    return f"{PREFIX}/+/{place.id}/+/config"


def _entities(place: Place) -> Iterator[tuple[str, str, str, Keys]]:
    """Yield of each entity its kind, its names in topics and for people, and what else is to be said of it."""
    told, topic = "state_topic", place.topic
    verdict = {told: topic("verdict"), "device_class": "enum", "options": [*place.labels, UNSURE]}
    yield "sensor", "verdict", "Verdict", {**verdict, "icon": "mdi:paw"}
    yield "sensor", "state", "State", {told: topic("state"), "entity_category": _DIAGNOSTIC, "icon": "mdi:cctv"}
    yield "image", "picture", "Last visit", {"image_topic": topic("picture"), "content_type": "image/jpeg"}
    for label, part in list(place.labels.items())[:_MOST_CLASSES]:
        share: Keys = {told: topic("probability", part), "unit_of_measurement": "%", "state_class": "measurement"}
        yield "sensor", f"probability-{part}", f"Probability of {label}", share
        if label in place.visitors:
            there: Keys = {told: topic("present", part), "device_class": "occupancy"}
            yield "binary_sensor", f"present-{part}", label, there


def _shared(place: Place, keys: Keys) -> Keys:
    """Return the keys that all entities of a source have. What says why there is nothing fresh stays available."""
    live = [] if keys.get("entity_category") == _DIAGNOSTIC else [{"topic": place.topic("availability")}]
    maker = {"manufacturer": "catdog-edge", "sw_version": __version__}
    return {
        "availability": [{"topic": place.alive}, *live],
        "availability_mode": "all",
        "device": {"identifiers": [place.id], "name": place.name, **maker},
        "origin": {"name": "catdog-edge", "sw_version": __version__},
    }
