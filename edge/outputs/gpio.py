"""GPIO: a pin for a class, such as an LED or a relay, on while somebody of that class is there.

Off while there is nothing fresh to tell it by, when the run hangs, and at its end.
"""

import time
import warnings
from argparse import Namespace
from collections.abc import Callable
from typing import Any, NamedTuple

from edge.contract import read_model, unseal
from edge.errors import CatdogError, printable
from edge.live.visits import ARRIVED
from edge.outputs import Moment, Output
from edge.outputs.aside import Aside, Wish

_NAME = "--gpio"
_LOW = "low"
_SILENCE_S = 10.0  # without any moment: the run hangs, or the machine cannot keep up


class Wire(NamedTuple):
    """A class and its pin."""

    label: str  # the class
    pin: str  # by its number at the processor (17), or as gpiozero names it ("GPIO17", "BOARD11")
    low: bool = False  # on is 0 volts, as many relay boards have it


def make(options: Namespace) -> Output:
    """Return the output of --gpio."""
    wires, known = wires_of(options.gpio), unseal(read_model(options.model), options.model).labels
    for wire in wires:
        if wire.label not in known:
            remedy = f"Choose {', '.join(map(printable, known))}"
            raise CatdogError(_NAME, f"names a class that the model does not know: {printable(wire.label)}", remedy)
    return Aside(Pins(wires), _NAME, Wish.NEWEST)


def wires_of(text: str) -> list[Wire]:
    """Parse CLASS=PIN[:low][,CLASS=PIN ...].

    Raises:
        CatdogError: it is no such thing, or a pin is named twice.
    """
    wires: list[Wire] = []
    for part in text.split(","):
        label, _, pin = (word.strip() for word in part.rpartition("="))
        pin, colon, level = pin.partition(":")
        if not label or not pin or (colon and level != _LOW):
            wrong = f"is not CLASS=PIN: {printable(part)}"
            remedy = "Write for instance cat=17,dog=27, or cat=17:low for a relay that is on at 0 V"
            raise CatdogError(_NAME, wrong, remedy)
        if pin in (wire.pin for wire in wires):
            raise CatdogError(_NAME, f"names pin {printable(pin)} twice", "Give each class a pin of its own")
        wires.append(Wire(label, pin, bool(colon)))
    return wires


class Pins(Output):
    """Pins that follow who is there.

    Raises:
        CatdogError: gpiozero is not installed, this machine has no such pins, or another program has one of them.
    """

    def __init__(self, wires: list[Wire], now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._heard_s = now, now()
        self._there: dict[int, str] = {}  # by source: who is there
        self._fresh: set[int] = set()  # sources that tell of now
        self._pins: list[tuple[str, Any]] = []
        try:
            self._pins += [(wire.label, _opened(wire)) for wire in wires]
        except CatdogError:
            self.close()
            raise

    def write(self, moment: Moment) -> None:
        self._heard_s = self._now()
        for event in moment.events:
            if event.kind == ARRIVED:
                self._there[moment.stream] = event.visit.label
            elif self._there.get(moment.stream) == event.visit.label:
                del self._there[moment.stream]
        (self._fresh.add if moment.fresh else self._fresh.discard)(moment.stream)
        self._switch({label for stream, label in self._there.items() if stream in self._fresh})

    def flush(self) -> None:
        """Switch all off where nothing is heard any more."""
        if self._now() - self._heard_s > _SILENCE_S:
            self._switch(set())

    def _switch(self, on: set[str]) -> None:
        for label, pin in self._pins:
            if bool(pin.value) != (label in on):
                try:
                    pin.value = label in on
                except Exception as fault:
                    raise CatdogError(_NAME, f"cannot switch {pin.pin} ({type(fault).__name__})", "Check it") from None

    def close(self) -> None:
        for _, pin in self._pins:
            pin.off()
            pin.close()
        self._pins = []


def _opened(wire: Wire) -> Any:
    try:
        import gpiozero
    except ImportError:
        remedy = 'pip install "catdog-edge[gpio]"'
        raise CatdogError(_NAME, "needs a package that is not installed", remedy) from None
    pin: int | str = int(wire.pin) if wire.pin.isdecimal() else wire.pin
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of each library that it has tried before the one that works
            return gpiozero.DigitalOutputDevice(pin, active_high=not wire.low, initial_value=False)
    except gpiozero.BadPinFactory:
        remedy = "On a Raspberry Pi: sudo apt install python3-lgpio, or pip install lgpio"
        raise CatdogError(_NAME, "finds no pins that it could switch on this machine", remedy) from None
    except gpiozero.PinInvalidPin:
        raise CatdogError(_NAME, f"there is no pin {printable(wire.pin)}", "See the command pinout") from None
    except (gpiozero.GPIOZeroError, OSError) as fault:
        wrong = f"cannot have pin {printable(wire.pin)} ({printable(fault)})"
        raise CatdogError(_NAME, wrong, "End what else uses it, and check that you may: group gpio") from None
