"""Watch several cameras at once, each with a name and a state of its own.

python examples/two_cameras.py kitchen=0 garden=rtsp://USER:PASSWORD@HOST/PATH
"""

import sys
from contextlib import suppress

from edge import watch

rooms = dict(word.split("=", 1) for word in sys.argv[1:])
names = list(rooms)
seen = dict.fromkeys(names, "")
with suppress(KeyboardInterrupt):
    for moment in watch(*rooms.values()):
        name = names[moment.stream]
        now = moment.verdict.label if moment.state == "live" else moment.state
        if now != seen[name]:
            seen[name] = now
            print(", ".join(f"{name}: {label}" for name, label in seen.items() if label))
