"""MQTT, told to a real Mosquitto: what Home Assistant finds there, and what becomes of it when something dies."""

import json
import os
import re
import signal
import subprocess
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import CatdogError
from edge.live.steady import UNSURE, Verdict
from edge.outputs import mqtt
from edge.outputs.broker import address
from edge.outputs.homeassistant import Place, discovery, of_others, parts_of_topics
from edge.outputs.mqtt import LOGIN, Mqtt, login, make
from edge.outputs.together import Together
from edge.testing import GREY, Still, event, moment
from tests.conftest import ROOT
from tests.edge.test_run import ended, started, wait_until
from tests.mosquitto import SOON_S, listening, mosquitto, needed
from tests.tiny import tiny_model

PASSWORD = "SECRET:1"  # noqa: S105 - of nobody
NODE = "catdog/shelf-camera-0"
RUNNING = "catdog/shelf/running"
_OF_IT = "catdog-shelf-camera-0"
ENTITIES = {f"homeassistant/sensor/{_OF_IT}/{what}/config" for what in ("verdict", "state")}
ENTITIES |= {f"homeassistant/sensor/{_OF_IT}/probability-{label}/config" for label in ("red", "green", "blue")}
ENTITIES |= {f"homeassistant/binary_sensor/{_OF_IT}/present-{label}/config" for label in ("red", "green")}
ENTITIES |= {f"homeassistant/image/{_OF_IT}/picture/config"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows red, green, and blue for nobody."""
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny.tflite", fallback="blue")


def options(port: int, model: Path, **beside: Any) -> Namespace:
    url = f"mqtt://127.0.0.1:{port}/shelf"
    return Namespace(**{"mqtt": url, "mqtt_login": None, "mqtt_ca": None, "model": model, **beside})


@contextmanager
def telling(wishes: Namespace, *names: str) -> Iterator[tuple[Mqtt, list[str]]]:
    """Give the output, open, and what it says."""
    output, said = make(wishes), []
    output.say = said.append
    output.open([Still(name=name) for name in names or ("camera 0",)])
    try:
        yield output, said
    finally:
        output.close()


@needed
def test_home_assistant_finds_a_device_and_its_states_follow(model: Path, tmp_path: Path) -> None:
    best = moment(image=np.full((720, 2560, 3), 200, np.uint8)).frame
    with mosquitto(tmp_path) as broker, listening(broker) as home:
        with telling(options(broker.port, model)) as (output, said):
            output.write(moment("red", verdict=Verdict(UNSURE, 0.4, {"red": 0.4, "green": 0.35, "blue": 0.25})))
            home.waits_for(f"{NODE}/availability", "online")
            home.waits_for(f"{NODE}/verdict", UNSURE)
            home.waits_for(f"{NODE}/present/red", "OFF")
            assert set(home.now) >= ENTITIES
            output.write(event("arrived", "red"))
            home.waits_for(f"{NODE}/verdict", "red")
            home.waits_for(f"{NODE}/present/red", "ON")
            home.waits_for(f"{NODE}/probability/red", "75")
            output.write(moment("red", state="lost"))
            home.waits_for(f"{NODE}/availability", "offline")
            home.waits_for(f"{NODE}/state", "lost")
            output.write(event("left", "red", best, state="asleep"))
            output.write(event("visit", "red", best))
            home.waits_for(f"{NODE}/availability", "online")
            home.waits_for(f"{NODE}/present/red", "OFF")
            home.wait(lambda: f"{NODE}/picture" in home.now)
            home.wait(lambda: home.now.get(f"{NODE}/event", b"{}").count(b'"visit"'))
            assert home.now[RUNNING] == b"online"
        home.waits_for(RUNNING, "offline")
        home.waits_for(f"{NODE}/availability", "offline")
        told = [json.loads(payload) for topic, payload in home.heard if topic == f"{NODE}/event"]
        assert [(row["event"], row["label"]) for row in told] == [(k, "red") for k in ("arrived", "left", "visit")]
        picture = np.frombuffer(home.now[f"{NODE}/picture"], np.uint8)
        assert cv2.imdecode(picture, cv2.IMREAD_COLOR).shape == (360, 1280, 3)
        with listening(broker) as later:
            later.waits_for(f"{NODE}/verdict", "red")
            later.wait(lambda: set(later.now) >= ENTITIES)
            assert f"{NODE}/event" not in later.now
    assert (said, output.lost()) == ([], "")


@needed
def test_a_broker_that_died_is_told_all_of_it_again_as_it_is_now(model: Path, tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, listening(broker) as home, telling(options(broker.port, model)) as told:
        output, said = told
        output.write(event("arrived", "red"))
        home.waits_for(f"{NODE}/present/red", "ON")
        broker.stop()
        home.forget()
        wait_until(lambda: said)
        output.write(event("left", "red"))
        output.write(moment("green"))
        broker.start()
        home.waits_for(f"{NODE}/verdict", "green")
        home.waits_for(f"{NODE}/present/red", "OFF")
        home.waits_for(RUNNING, "online")
        home.wait(lambda: set(home.now) >= ENTITIES)
        assert (f"{NODE}/present/red", b"ON") not in home.heard, "what is over is not told"
        wait_until(lambda: len(said) >= 2)
    assert said[0] == f"mqtt://127.0.0.1:{broker.port}: hung up; trying again"
    assert said[-1] == f"mqtt://127.0.0.1:{broker.port}: is connected"
    assert output.lost() == ""


@needed
def test_a_program_that_is_killed_is_said_to_be_gone(model: Path, tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, listening(broker) as home:
        for end, status in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 0)):
            with started(model, "demo", "--mqtt", f"mqtt://127.0.0.1:{broker.port}/shelf") as process:
                home.waits_for(RUNNING, "online")
                home.waits_for("catdog/shelf-demo/availability", "online")
                process.send_signal(end)
                process.communicate(timeout=SOON_S)
            assert process.returncode == status
            home.waits_for(RUNNING, "offline")
        home.waits_for("catdog/shelf-demo/availability", "offline")


@needed
def test_a_wrong_password_is_one_line_and_a_right_one_is_shown_nowhere(model: Path, tmp_path: Path) -> None:
    secrets = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(secrets), "me", PASSWORD], check=True)
    lines = ("allow_anonymous false", f"password_file {secrets}")
    (tmp_path / "login").write_text("me:SECRET:1\n")
    (tmp_path / "wrong").write_text("me:WRONG\n")
    with mosquitto(tmp_path, *lines) as broker, listening(broker, username="me", password=PASSWORD) as home:
        url = ("--mqtt", f"mqtt://127.0.0.1:{broker.port}/shelf")
        with started(model, "demo", "--quiet", *url, "--mqtt-login", tmp_path / "wrong") as process:
            line = process.stderr.readline()
            assert line == f"catdog: mqtt://127.0.0.1:{broker.port}: refuses this user (not authorized); trying again\n"
            out, errors = ended(process, signal.SIGTERM)
        assert len(errors.splitlines()) <= 2, "the summary, and what was lost"
        assert "WRONG" not in out + line + errors
        for way in ("file", "environment"):
            words = ("--mqtt-login", tmp_path / "login") if way == "file" else ()
            beside = {**os.environ, LOGIN: "me:SECRET:1"} if way == "environment" else dict(os.environ)
            with started(model, "demo", *url, *words, env=beside) as process:
                home.waits_for("catdog/shelf-demo/availability", "online")
                assert "SECRET" not in Path(f"/proc/{process.pid}/cmdline").read_text()
                out, errors = ended(process, signal.SIGTERM)
            home.waits_for(RUNNING, "offline")
            assert "SECRET" not in out + errors
        assert not any(b"SECRET" in payload for _, payload in home.heard)


@needed
def test_tls_needs_an_authority_that_is_known(model: Path, tmp_path: Path) -> None:
    certified(tmp_path)
    files = [f"{key} {tmp_path / name}" for key, name in (("certfile", "server.pem"), ("keyfile", "server.key"))]
    with mosquitto(tmp_path, *files, "allow_anonymous true") as broker:
        url = f"mqtts://localhost:{broker.port}/shelf"
        with started(model, "demo", "--quiet", "--mqtt", url) as process:
            wrong = "has a certificate that this machine does not trust; trying again"
            assert process.stderr.readline() == f"catdog: mqtts://localhost:{broker.port}: {wrong}\n"
        with telling(options(broker.port, model, mqtt=url, mqtt_ca=str(tmp_path / "ca.pem"))) as (output, said):
            output.write(event())
        assert output.lost() == ""
        assert said == []
    with pytest.raises(CatdogError, match="holds no certificates"):
        make(options(1, model, mqtt="mqtts://host", mqtt_ca=str(tmp_path / "server.key")))


def certified(folder: Path) -> None:
    """Make an authority, and a certificate of it for localhost."""
    new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    usage = ["-addext", "keyUsage=critical,keyCertSign", "-addext", "basicConstraints=critical,CA:TRUE"]
    for words in (
        [*new, "-x509", "-days", "2", "-subj", "/CN=catdog test", "-keyout", "ca.key", "-out", "ca.pem", *usage],
        [*new, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "server.key",
         "-out", "server.csr"],
        ["openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
         "-copy_extensions", "copy", "-out", "server.pem"],
    ):  # fmt: skip
        subprocess.run(words, cwd=folder, check=True, capture_output=True)


@needed
def test_classes_of_a_former_model_are_taken_away(model: Path, tmp_path: Path) -> None:
    old = "homeassistant/sensor/catdog-shelf-camera-0/probability-hamster/config"
    with mosquitto(tmp_path) as broker, listening(broker) as home:
        for topic in (old, "homeassistant/sensor/others/x/config"):
            home.says(topic, '{"unique_id": "x"}')
            home.waits_for(topic, '{"unique_id": "x"}')
        with telling(options(broker.port, model)):
            home.wait(lambda: home.now[old] == b"")
            home.wait(lambda: set(home.now) >= ENTITIES)
        assert home.now["homeassistant/sensor/others/x/config"]
        assert all(home.now[topic] for topic in ENTITIES)


@needed
def test_a_broker_that_hangs_hangs_nothing_and_what_is_lost_is_counted(model: Path, tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, listening(broker) as home:
        output, said = make(options(broker.port, model)), []
        together = Together([output])
        together.say = said.append  # type: ignore[method-assign]
        together.open([Still(name="camera 0")])
        home.waits_for(RUNNING, "online")
        broker.signal(signal.SIGSTOP)
        for number in range(400):
            together.write(event("arrived" if number % 2 else "left", image=GREY))
        together.close()
        broker.signal(signal.SIGCONT)
    (lost,) = together.lost()
    assert re.fullmatch(r"--mqtt: \d+ of 400 events lost", lost)


def test_a_broker_that_is_not_there_is_said_and_tried_again(model: Path) -> None:
    with telling(options(9, model)) as (output, said):
        wait_until(lambda: said)
        output.write(event())
    assert said == ["mqtt://127.0.0.1:9: refuses connections; trying again"]
    assert output.lost() == "--mqtt: 1 of 1 events lost"


# What is told to Home Assistant


# From its pages on MQTT discovery, sensor.mqtt, binary_sensor.mqtt and image.mqtt: what must and what may be said.
REQUIRED = {"sensor": {"state_topic"}, "binary_sensor": {"state_topic"}, "image": {"image_topic"}}
_BESIDE = {"availability", "availability_mode", "device", "entity_category", "icon", "name", "origin", "unique_id"}
ALLOWED = {
    "sensor": {"device_class", "options", "state_class", "unit_of_measurement", "value_template"},
    "binary_sensor": {"device_class", "payload_on", "payload_off"},
    "image": {"content_type", "image_encoding"},
}
DEVICE = {"identifiers", "name", "manufacturer", "model", "sw_version", "configuration_url"}


@given(st.lists(st.text(min_size=1, max_size=80), min_size=2, max_size=8, unique=True), st.text(max_size=30))
def test_every_payload_is_one_that_home_assistant_documents(labels: list[str], source: str) -> None:
    (node,) = parts_of_topics([f"shelf {source}"]).values()
    place = Place(node, f"shelf {source}", parts_of_topics(labels), frozenset(labels[1:]), RUNNING)
    found = discovery(place)
    ids = set()
    for topic, payload in found.items():
        prefix, component, device, what, config = topic.split("/")
        assert (prefix, config) == ("homeassistant", "config")
        assert set(device + what) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
        said = json.loads(payload)
        assert REQUIRED[component] <= set(said) <= REQUIRED[component] | ALLOWED[component] | _BESIDE
        assert set(said["device"]) <= DEVICE
        assert said["device"]["identifiers"] == [device]
        assert said["origin"]["name"]
        assert (said["availability"][0], said["availability_mode"]) == ({"topic": RUNNING}, "all")
        assert said.get("device_class") != "enum" or not {"unit_of_measurement", "state_class"} & set(said)
        for key in ("state_topic", "image_topic"):
            assert not set(said.get(key, "")) & set("+#\0 ")
        ids.add(said["unique_id"])
    assert len(ids) == len(found)
    assert len([topic for topic in found if "/present-" in topic]) == len(labels) - 1
    assert of_others(place) == f"homeassistant/+/catdog-{node}/+/config"


@given(st.lists(st.text(max_size=100)))
def test_no_two_names_are_one_in_a_topic(names: list[str]) -> None:
    parts = parts_of_topics(names)
    assert len(set(parts.values())) == len(parts) == len(set(names))


# What cannot work


@pytest.mark.parametrize(
    ("url", "shown", "name"),
    [
        ("mqtt://host", "mqtt://host:1883", ""),
        ("mqtts://host", "mqtts://host:8883", ""),
        ("mqtts://10.0.0.7:1234/living-room/", "mqtts://10.0.0.7:1234", "living-room"),
    ],
)
def test_an_address_is_understood(url: str, shown: str, name: str) -> None:
    at = address(url)
    assert (at.shown, at.name, at.tls) == (shown, name, url.startswith("mqtts"))


@pytest.mark.parametrize("url", ["host", "http://host", "mqtt://", "mqtt://host:x", "mqtt://host:0", "mqtt://host/a/b"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(CatdogError, match="is no broker's address"):
        address(url)


@pytest.mark.parametrize("url", ["mqtt://me:SECRET@host", "mqtt://SECRET@host", "me:SECRET@host"])
def test_a_password_in_the_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(CatdogError, match="--mqtt-login FILE") as caught:
        address(url)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "me", ":SECRET", "me:SECRET\nyou:SECRET"])
def test_a_file_that_holds_no_login_is_refused_and_not_repeated(text: str, tmp_path: Path) -> None:
    (tmp_path / "login").write_text(text)
    with pytest.raises(CatdogError, match="is not USER:PASSWORD") as caught:
        login(str(tmp_path / "login"), {})
    assert "SECRET" not in str(caught.value)
    with pytest.raises(CatdogError, match="cannot be read"):
        login(str(tmp_path / "none"), {})


def test_the_page_names_every_topic() -> None:
    page = (ROOT / "docs/mqtt.md").read_text()
    told = re.findall(r"^    ([a-z]+(?:/LABEL)?) {2,}", mqtt.__doc__ or "", re.MULTILINE)
    for topic in ("MACHINE/running", *(f"NODE/{what}" for what in told)):
        assert f"`catdog/{topic}`" in page, topic
