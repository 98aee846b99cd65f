"""A relay on GPIO17 that opens a flap while the cat is there, and for nobody else.

python examples/cat_flap.py csi
"""

import sys
from contextlib import suppress

from gpiozero import OutputDevice

from edge import Moment, watch


def may_come_in(moment: Moment) -> bool:
    """Say yes to the cat only; a camera that is away shows no cat, whatever it showed last."""
    return moment.state == "live" and moment.verdict.label == "cat" and moment.verdict.probability > 0.8


with OutputDevice(17) as relay, suppress(KeyboardInterrupt):
    for moment in watch(*sys.argv[1:]):
        relay.value = may_come_in(moment)
