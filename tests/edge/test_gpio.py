"""Pins, on gpiozero's own mock of a Raspberry Pi: on while somebody is there, off in every other case."""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from edge.errors import CatdogError
from edge.outputs import Output
from edge.outputs.gpio import Pins, Wire, make, wires_of
from edge.testing import Clock, Still, event, moment
from tests.conftest import Command, one_line
from tests.edge.test_run import wait_until


@pytest.fixture
def board() -> Iterator[MockFactory]:
    Device.pin_factory = MockFactory()
    yield Device.pin_factory
    Device.pin_factory.reset()
    Device.pin_factory = None


def levels(board: MockFactory, *pins: int) -> list[bool]:
    return [bool(board.pin(pin).state) for pin in pins]


RED_GREEN = [Wire("red", "17"), Wire("green", "27")]


def test_a_pin_is_on_from_arrival_to_departure(board: MockFactory) -> None:
    pins = Pins(RED_GREEN)
    assert levels(board, 17, 27) == [False, False]
    for what, expected in (
        (moment("red"), [False, False]),
        (event("arrived", "red"), [True, False]),
        (moment("green"), [True, False]),
        (event("left", "red"), [False, False]),
        (event("visit", "red"), [False, False]),
        (event("arrived", "green"), [False, True]),
        (event("arrived", "blue"), [False, False]),
    ):
        pins.write(what)
        assert levels(board, 17, 27) == expected


@pytest.mark.parametrize("state", ["stale", "lost", "connecting", "ended"])
def test_it_is_off_while_there_is_nothing_fresh(board: MockFactory, state: str) -> None:
    pins = Pins(RED_GREEN)
    pins.write(event("arrived", "red"))
    for seen, on in (("asleep", True), (state, False), ("live", True)):
        pins.write(moment("red", state=seen))
        assert levels(board, 17) == [on]


def test_it_is_off_when_the_run_says_nothing_any_more(board: MockFactory) -> None:
    clock = Clock()
    pins = Pins(RED_GREEN, now=clock)
    pins.write(event("arrived", "red"))
    for pause_s, on in ((9.0, True), (2.0, False)):
        clock.advance(pause_s)
        pins.flush()
        assert levels(board, 17) == [on]


def test_of_two_sources_either_switches_it(board: MockFactory) -> None:
    pins = Pins(RED_GREEN)
    for stream, kind, on in ((0, "arrived", True), (1, "arrived", True), (0, "left", True), (1, "left", False)):
        pins.write(event(kind, "red", stream=stream))
        assert levels(board, 17) == [on]


def test_a_relay_may_be_on_at_0_volts(board: MockFactory) -> None:
    pins = Pins([Wire("red", "17", low=True)])
    assert levels(board, 17) == [True]
    pins.write(event("arrived", "red"))
    assert levels(board, 17) == [False]


def test_at_the_end_it_is_off_and_free(board: MockFactory, model: Path) -> None:
    output: Output = make(Namespace(gpio="red=17,green=27:low", model=model))
    output.open([Still()])
    output.write(event("arrived", "red"))
    wait_until(lambda: levels(board, 17) == [True], 60)
    output.close()
    assert levels(board, 17) == [False]
    Pins(RED_GREEN).close()


@pytest.mark.usefixtures("board")
def test_another_who_has_the_pin_is_said() -> None:
    mine = Pins(RED_GREEN)
    with pytest.raises(CatdogError, match="--gpio: cannot have pin 27"):
        Pins([Wire("blue", "22"), Wire("red", "27")])
    Pins([Wire("blue", "22")]).close()
    mine.close()


@pytest.mark.usefixtures("board")
@pytest.mark.parametrize("pin", ["99", "GPIO99", "x"])
def test_a_pin_that_there_is_not_is_said(pin: str) -> None:
    with pytest.raises(CatdogError, match=f"--gpio: there is no pin {pin}"):
        Pins([Wire("red", pin)])


def test_words_become_wires() -> None:
    wires = [Wire("cat", "17"), Wire("red panda", "GPIO27", low=True), Wire("cat", "BOARD11")]
    assert wires_of("cat=17, red panda = GPIO27:low,cat=BOARD11") == wires


@pytest.mark.parametrize("text", ["cat", "cat=", "=17", "cat=17,", "cat=17:high", "cat=17,dog=17"])
def test_words_that_are_no_wires_are_refused(text: str) -> None:
    with pytest.raises(CatdogError, match=r"--gpio: (is not CLASS=PIN|names pin 17 twice)"):
        wires_of(text)


def test_a_class_that_the_model_does_not_know_is_refused(model: Path) -> None:
    with pytest.raises(CatdogError, match=r"does not know: unicorn. Choose red, green, blue"):
        make(Namespace(gpio="unicorn=17", model=model))


def test_a_machine_without_pins_is_one_line(command: Command, model: Path) -> None:
    done = command("edge", "run", "demo", "--model", model, "--gpio", "red=17", expect=2)
    assert "--gpio: finds no pins" in one_line(done)
