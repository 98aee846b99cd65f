"""One source of a run: what it shows, frame by frame, and what is to be told of it."""

import time

from edge.board import Machine
from edge.capture import health
from edge.capture.feed import Feed
from edge.capture.source import Frame
from edge.live.gate import LOOK, SKIP
from edge.live.heat import FREE, LOOK_S, measured, pace, words
from edge.live.picture import GOOD, WORDS
from edge.live.scene import Scene
from edge.live.tally import Tally, count
from edge.live.tuning import Tuning
from edge.live.visits import Event
from edge.outputs import ASLEEP, ENDED, LIVE, Moment, nothing_yet


class Stream:
    """One source of a run, number 0, 1, 2 ...: what it shows, and what is to be told of it, as the machine allows."""

    def __init__(self, number: int, feed: Feed, scene: Scene, tuning: Tuning, machine: Machine) -> None:
        self.feed, self.scene = feed, scene
        self._number, self._tuning, self._machine = number, tuning, machine
        now_s = time.monotonic()
        self.tally = Tally(now_s, now_s)
        self._latest: Moment | None = None  # the one of the frame that was classified last
        self._picture = GOOD
        self._state = health.CONNECTING
        self._pace, self._heat_due_s = FREE, 0.0

    def see(self, frame: Frame) -> Moment | None:
        """Return what there is to tell after a frame: an answer, that it is asleep, or nothing."""
        self._say_state(health.LIVE)
        self.scene.live = self.feed.live
        choice = self.scene.ask(frame)
        if self.scene.picture != self._picture:
            self._picture = self.scene.picture
            self.feed.say(f"{frame.source}: {WORDS[self._picture]}")
        if choice == LOOK:
            return self._look(frame)
        if choice != SKIP and self._latest is not None:
            return self._later(self._latest, frame, ASLEEP, self.scene.wait(frame))
        return None

    def miss(self) -> Moment:
        """Return what there is to tell while there is no fresh frame: why, and what has happened by that."""
        state = self.feed.state
        self._say_state(state)
        if self._latest is None:
            return nothing_yet(self.feed.name, self._number, state)
        return self._later(self._latest, self._latest.frame, state, self._gone(state))

    def end(self) -> Moment | None:
        """Return what there is to tell at the end: the visit that it cuts short; may be called twice."""
        events = self.scene.end()
        return self._later(self._latest, self._latest.frame, ENDED, events) if self._latest and events else None

    def _gone(self, state: str) -> tuple[Event, ...]:
        """Return who has gone while there is no fresh frame."""
        if state == ENDED:
            return self.scene.end()
        return self.scene.miss(time.monotonic()) if self.feed.live else ()

    def _say_state(self, state: str) -> None:
        """Tell the user of a source that is lost, and that it is back; that it is stale for a moment is only shown."""
        before = self._state
        if state == health.LOST != before:
            self.feed.say(f"{self.feed.name}: {self.feed.reason}; trying again")
        elif state == health.LIVE and before == health.LOST:
            self.feed.say(f"{self.feed.name}: is back")
        if state != health.STALE:
            self._state = state

    def _look(self, frame: Frame) -> Moment:
        self.scene.contract, self.scene.patience = self._tuning.contract, self._tuning.patience
        answer = self._tuning.classifier.classify(frame.image)
        now_s = time.monotonic()
        self.tally = count(self.tally, answer.label, now_s)
        if self.feed.live and now_s >= self._heat_due_s:
            self._mind_heat(now_s)
        verdict, events = self.scene.see(frame, answer)
        age_s = now_s - frame.captured_at
        beside = (verdict, events, self._picture, LIVE, time.time() - age_s, self._number)
        self._latest = Moment(frame, answer, age_s * 1000, self.tally.rate, self.feed.dropped, *beside)
        return self._latest

    def _mind_heat(self, now_s: float) -> None:
        """Look at fewer frames on a board that throttles, and at more again when it has cooled down."""
        heat = measured(self._machine)
        after = pace(self._pace, heat, self.tally.rate)
        if after != self._pace:
            self.feed.say(words(after, heat))
        self._pace, self.scene.cap, self._heat_due_s = after, after.max_fps, now_s + LOOK_S

    def _later(self, latest: Moment, frame: Frame, state: str, events: tuple[Event, ...]) -> Moment:
        """Return a moment without an answer of its own: the last one stays, and grows old."""
        now_s = time.monotonic()
        return latest._replace(
            frame=frame,
            age_ms=(now_s - latest.frame.captured_at) * 1000,
            dropped=self.feed.dropped,
            events=events,
            picture=self._picture,
            state=state,
            time_s=time.time() - (now_s - frame.captured_at),
        )
