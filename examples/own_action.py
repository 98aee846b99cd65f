"""Do something of your own when somebody comes or goes.

python examples/own_action.py 0
"""

import sys
from contextlib import suppress

from edge import Event, watch


def act(event: Event) -> None:
    """Say it; a lamp, a message or a feeder would do as well."""
    if event.kind == "arrived":
        print(f"Hello, {event.visit.label}!")
    elif event.kind == "visit":
        print(f"Goodbye, {event.visit.label}, after {event.duration_s:.0f} s.")


with suppress(KeyboardInterrupt):  # Ctrl-C is how a person ends it
    for moment in watch(*sys.argv[1:]):
        for event in moment.events:
            act(event)
