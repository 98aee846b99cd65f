"""A real Mosquitto on loopback, killed and started again at will, and somebody who listens to it."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.deploy.board import free_port
from tests.edge.test_run import wait_until

SOON_S = 120.0
PROGRAM = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
needed = pytest.mark.skipif(PROGRAM is None, reason="needs Mosquitto: apt-get install mosquitto")


class Mosquitto:
    """A broker that remembers nothing when it is started again.

    Args:
        folder: for its configuration.
        lines: more of that.
    """

    def __init__(self, folder: Path, *lines: str) -> None:
        self.port, self._process = free_port(), None
        self._file = folder / "mosquitto.conf"
        who = ["user root"] if os.geteuid() == 0 else []
        if not any(line.startswith("allow_anonymous") for line in lines):
            lines = (*lines, "allow_anonymous true")
        self._file.write_text("\n".join([f"listener {self.port} 127.0.0.1", "persistence false", *who, *lines]) + "\n")

    def start(self) -> None:
        assert PROGRAM is not None
        words = [PROGRAM, "-c", str(self._file)]
        self._process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        wait_until(self._answers, SOON_S)

    def _answers(self) -> bool:
        assert self._process.poll() is None, "mosquitto does not run"
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextmanager
def mosquitto(folder: Path, *lines: str) -> Iterator[Mosquitto]:
    broker = Mosquitto(folder, *lines)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


class Listener:
    """Hears all that is published. What is retained is in `now`, newest last; every message is in `heard`."""

    def __init__(self, port: int, **login: Any) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.now: dict[str, bytes] = {}
        self._news = threading.Condition()
        self._there = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2)
        if login:
            self._client.username_pw_set(**login)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._there.set()
        self._client.on_message = self._hear
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()
        assert self._there.wait(SOON_S)

    def _hear(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        with self._news:
            self.heard.append((message.topic, message.payload))
            self.now[message.topic] = message.payload
            self._news.notify_all()

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until a condition on what was heard is true."""
        with self._news:
            assert self._news.wait_for(condition, SOON_S), {k: v[:60] for k, v in self.now.items()}

    def waits_for(self, topic: str, message: str) -> None:
        self.wait(lambda: self.now.get(topic) == message.encode())

    def says(self, topic: str, message: str) -> None:
        self._client.publish(topic, message, qos=1, retain=True).wait_for_publish(SOON_S)

    def forget(self) -> None:
        with self._news:
            self.heard.clear()
            self.now.clear()

    def close(self) -> None:
        self._client.on_connect = self._client.on_message = None
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def listening(broker: Mosquitto, **login: Any) -> Iterator[Listener]:
    listener = Listener(broker.port, **login)
    try:
        yield listener
    finally:
        listener.close()
