"""A connection to an MQTT broker that is opened again for ever, and that nobody waits for.

What is retained is remembered here and published anew after each connection, so a broker may forget all of it, and what
changed meanwhile is told once, as it is now. It goes with QoS 0: the client library sends QoS 1 again after a
reconnection, and would overwrite the new with the old. Only events, of which each counts, go with QoS 1, and wait for a
connection, some of them.
"""

import secrets
import ssl
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from edge.capture.source import ignore
from edge.errors import CatdogError
from edge.outputs.away import describe

NAME = "--mqtt"
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_TIMEOUT_S = 5.0  # to connect
_KEEPALIVE_S = 30  # after 1.5 times this, a broker takes a silent client for dead and publishes its last will
_SLOWEST_S = 60  # between two tries; the first comes after a second
_MOST_WAITING = 32  # events, for a broker that is away or confirms none
_GOODBYE_S = 2.0
_LOOK_S = 0.01
_SILENCE_S = 60.0  # between two words on one trouble


class Address(NamedTuple):
    """Where a broker is."""

    host: str
    port: int
    tls: bool
    shown: str  # as much of it as people are shown
    name: str  # what this program is called there; "" for this machine's name


def address(url: str) -> Address:
    """Parse mqtt://HOST[:PORT][/NAME], or mqtts:// for TLS.

    Raises:
        CatdogError: it is none, or holds a password.
    """
    try:
        parts = urlsplit(url)
        host, port, path = parts.hostname or "", parts.port, parts.path.strip("/")
    except ValueError:  # the port is no number
        parts, host, port, path = urlsplit(""), "", None, ""
    if "@" in url:
        remedy = "Put USER:PASSWORD into a file, and name it by --mqtt-login FILE"
        raise CatdogError(NAME, "holds a password, for all on this machine to see", remedy)
    if parts.scheme not in _PORTS or not host or parts.query or parts.fragment or "/" in path or port == 0:
        raise CatdogError(NAME, "is no broker's address", "Give mqtt://HOST, mqtts://HOST or mqtts://HOST:PORT/NAME")
    port = port or _PORTS[parts.scheme]
    return Address(host, port, parts.scheme == "mqtts", f"{parts.scheme}://{host}:{port}", path)


class Broker:
    """A connection to a broker.

    Args:
        at, login: where it is; user and password, None for neither.
        authority: file of certificates to trust instead of the system's; for TLS.
        will: topic and message that the broker publishes when this program is gone.

    Attributes:
        say: called with a line for the user.

    Raises:
        CatdogError: the file holds no certificates.
    """

    def __init__(
        self, at: Address, login: tuple[str, str] | None, authority: Path | None, will: tuple[str, str]
    ) -> None:
        self.say: Callable[[str], None] = ignore
        self._at, self._will = at, will
        self._mine = threading.Lock()
        self._retained: dict[str, str | bytes] = {}
        self._expected: dict[str, frozenset[str]] = {}
        self._waiting: set[int] = set()  # numbers of events that are not confirmed
        self._confirmed: deque[int] = deque()  # ... of messages that are; filled by the client's thread
        self._failing, self._said, self._said_s = False, "", 0.0
        self._client = client = Client(CallbackAPIVersion.VERSION2, f"catdog-{secrets.token_hex(6)}")
        client.connect_timeout = _TIMEOUT_S
        client.max_queued_messages_set(_MOST_WAITING)
        client.reconnect_delay_set(1, _SLOWEST_S)
        client.will_set(*will, qos=1, retain=True)
        if login:
            client.username_pw_set(*login)
        if at.tls:
            client.tls_set_context(_context(authority))
        client.on_connect, client.on_connect_fail = self._connected, self._unreached
        client.on_disconnect, client.on_message = self._parted, self._heard
        client.on_publish = lambda _client, _data, number, _reason, _properties: self._confirmed.append(number)

    def begin(self) -> None:
        self._client.connect_async(self._at.host, self._at.port, _KEEPALIVE_S)
        self._client.loop_start()

    def retain(self, topic: str, message: str | bytes) -> None:
        """Have the broker know a message, now or when it is connected; one that it knows already is not sent again."""
        with self._mine:
            if self._retained.get(topic) != message:
                self._retained[topic] = message
                if self._client.is_connected():
                    self._client.publish(topic, message, retain=True)

    def expect(self, pattern: str, topics: frozenset[str]) -> None:
        """Have the broker forget all that it retains in topics of a pattern, but in these."""
        with self._mine:
            self._expected[pattern] = topics
            if self._client.is_connected():
                self._client.subscribe(pattern)

    def tell(self, topic: str, message: str) -> bool:
        """Publish what happens, now or when connected; return False where too much of that waits already."""
        sent = self._client.publish(topic, message, qos=1)
        if sent.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            return False
        self._waiting.add(sent.mid)
        return True

    def unconfirmed(self) -> int:
        """Return how many events wait. To be called from where `tell` is."""
        while self._confirmed:
            self._waiting.discard(self._confirmed.popleft())
        return len(self._waiting)

    def close(self) -> None:
        """Publish the last will, and part; without a word where that is not confirmed, so that the broker does it."""
        client, deadline_s = self._client, time.monotonic() + _GOODBYE_S
        goodbye = client.publish(*self._will, qos=1, retain=True)
        while not self._failing and goodbye.mid not in self._confirmed and time.monotonic() < deadline_s:
            time.sleep(_LOOK_S)
        client.on_connect = client.on_connect_fail = client.on_disconnect = client.on_message = None
        if goodbye.mid in self._confirmed or not client.is_connected():
            client.disconnect()

    # -- in the client's thread --------------------------------------------------------------------------------------

    def _connected(self, _client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._trouble(f"refuses this user ({str(reason).lower()})")
            return
        with self._mine:
            for pattern in self._expected:
                self._client.subscribe(pattern)
            for topic, message in self._retained.items():
                self._client.publish(topic, message, retain=True)
        if self._failing:
            self._failing = False
            self.say(f"{self._at.shown}: is connected")

    def _unreached(self, _client: Client, _data: Any) -> None:
        self._trouble(describe(sys.exc_info()[1], _TIMEOUT_S))

    def _parted(self, _client: Client, _data: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        if not self._failing:  # after a refusal, it parts as well
            self._trouble("hung up")

    def _heard(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        if message.retain and message.payload and not any(message.topic in known for known in self._expected.values()):
            client.publish(message.topic, b"", retain=True)

    def _trouble(self, wrong: str) -> None:
        now_s = time.monotonic()
        if wrong != self._said or now_s - self._said_s > _SILENCE_S:
            self._said, self._said_s, self._failing = wrong, now_s, True
            self.say(f"{self._at.shown}: {wrong}; trying again")


def _context(authority: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as fault:
        wrong = f"holds no certificates ({fault.strerror or 'unreadable'})"
        raise CatdogError(authority, wrong, "Give a PEM file with the certificate of the broker's authority") from None
