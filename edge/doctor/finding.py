"""What a check finds, and what a check is."""

from collections.abc import Callable
from typing import NamedTuple

from edge.board import Machine

GOOD, NOTE, FAULT = "good", "note", "fault"


class Finding(NamedTuple):
    """What a check has found: GOOD, NOTE (it works, but ...) or FAULT; what there is; how to mend what is not good."""

    state: str
    words: str
    fix: str = ""


Check = Callable[[Machine], Finding | None]  # None: this machine has nothing of the kind
