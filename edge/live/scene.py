"""What one source shows, followed frame by frame: what all of edge/live/ knows of it, kept together."""

import numpy as np

from edge.capture.source import Frame
from edge.classifier import Answer
from edge.contract import Contract
from edge.live.gate import LOOK, OPEN, Gate, Rest, ask, is_due
from edge.live.picture import BLIND, GOOD, Look, look, thumbnail
from edge.live.steady import PATIENCE, UNSURE, Steady, Verdict, raw, steady, verdict
from edge.live.visits import MANNERS, Event, Presence, clock, finish, follow, unhurried

_LOOK_S = 0.2  # between two looks at the picture's quality, which changes slowly


class Scene:
    """One source's recent past.

    Args:
        contract: of the model that answers.
        gate: which frames may be left out.
        raw: verdicts are the answers themselves; events still are those of the steady ones.

    Attributes:
        live: the source gives frames at its own pace, so that none is like the one before.
        contract: says which label probabilities mean.
        patience: how slowly verdicts change.
        cap: at most so many frames a second for now, whatever the gate would let through; None for no such cap.
    """

    def __init__(self, contract: Contract, gate: Gate = OPEN, raw: bool = False) -> None:
        self.contract, self.patience = contract, PATIENCE
        self._gate, self._raw = gate, raw
        self.live = True
        self.cap: float | None = None
        self._source = ""
        self._steady: Steady | None = None
        self._presence = Presence()
        self._look: Look | None = None
        self._rest: Rest | None = None
        self._look_due_s = 0.0
        self._manners = MANNERS

    @property
    def picture(self) -> str:
        """What is to be said of the picture: GOOD, FROZEN, BLACK or DARK."""
        return GOOD if self._look is None else self._look.quality

    @property
    def asleep(self) -> float | None:
        """The share of the time that was slept away, 0..1; None where nothing may be left out."""
        if self._gate == OPEN and self._rest is None:
            return None
        return self._rest.share if self._rest else 0.0

    def ask(self, frame: Frame) -> str:
        """Say what to do with a frame, LOOK, SKIP or SLEEP, having looked at the picture's quality."""
        if frame.source != self._source:  # forget all: it has nothing to do with the last, as the next of some photos
            self._source, self._presence = frame.source, Presence()
            self._steady = self._look = self._rest = None
        now_s = clock(frame)
        gate = self._gate._replace(max_fps=min(filter(None, (self._gate.max_fps, self.cap)), default=None))
        due = self._look is None or not 0 < self._look_due_s - now_s <= _LOOK_S
        needed = gate.when_moving and is_due(gate, self._rest, now_s)
        small = thumbnail(frame.image) if due or needed else None
        if due and small is not None:
            self._look, self._look_due_s = look(self._look, small, now_s, self.live), now_s + _LOOK_S
        self._manners = unhurried(gate.max_fps)
        if gate == OPEN:
            return LOOK
        self._rest, choice = ask(gate, self._rest, small, now_s)
        return choice

    def see(self, frame: Frame, answer: Answer) -> tuple[Verdict, tuple[Event, ...]]:
        """Return the verdict with one more answer, and what has happened by it."""
        probabilities = np.fromiter(answer.probabilities.values(), np.float32, len(answer.probabilities))
        self._steady = steady(self._steady, probabilities, clock(frame), self.contract, self.patience)
        return (raw(answer) if self._raw else self._verdict(self._steady)), self._follow(frame, answer)

    def wait(self, frame: Frame) -> tuple[Event, ...]:
        """Return what has happened by a frame that was not looked at: the last verdict stays."""
        return self._follow(frame, None)

    def miss(self, now_s: float) -> tuple[Event, ...]:
        """Return what has happened by the time of a live source that gives no frame: whoever was there has left."""
        self._presence, events = follow(self._presence, None, now_s)
        return events

    def end(self) -> tuple[Event, ...]:
        """Return the visit that the end cuts short; may be called twice."""
        events, self._presence = finish(self._presence), Presence()
        return events

    def _verdict(self, now: Steady) -> Verdict:
        # An answer to a picture that shows nothing is none.
        return verdict(now._replace(chosen=None) if self.picture in BLIND else now, self.contract.labels)

    def _follow(self, frame: Frame, answer: Answer | None) -> tuple[Event, ...]:
        assert self._steady is not None
        label = self._verdict(self._steady).label
        if label in (UNSURE, self.contract.fallback):
            visitor, probability = None, 0.0
        else:
            visitor, probability = label, answer.probabilities[label] if answer else 0.0
        fresh = frame if answer else None
        self._presence, events = follow(self._presence, visitor, clock(frame), fresh, probability, self._manners)
        return events
