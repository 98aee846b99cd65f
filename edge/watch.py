"""The loop of a run: frames of several sources, classified in turn and told to the outputs, with how it is going."""

import time
from collections.abc import Sequence
from contextlib import ExitStack

from edge.capture import health
from edge.capture.feed import Feed
from edge.capture.several import Several
from edge.capture.source import Frame
from edge.capture.stop import Stop
from edge.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, CatdogError, tell
from edge.live.gate import LOOK, SKIP, Gate
from edge.live.heat import FREE, LOOK_S, measured, pace, words
from edge.live.picture import GOOD, WORDS
from edge.live.scene import Scene
from edge.live.tally import Tally, count, summary
from edge.live.tuning import Tuning
from edge.live.visits import Event
from edge.outputs import ASLEEP, ENDED, LIVE, Finished, Moment, nothing_yet
from edge.outputs.together import Together


class Stream:
    """One source of a run: what it shows, and what is to be told of it.

    Args:
        number: which of the run's sources: 0, 1, 2 ...
        feed: gives its frames.
        scene: says which frames to look at, and makes verdicts of answers.
        tuning: knobs, and the classifier that answers; shared by all.
    """

    def __init__(self, number: int, feed: Feed, scene: Scene, tuning: Tuning) -> None:
        self.feed, self.scene = feed, scene
        self._number, self._tuning = number, tuning
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
        """Return what there is to tell at the end: the visit that it cuts short."""
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
        heat = measured()
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


class Run:
    """Sources, classified frame by frame, shown by outputs.

    Args:
        feeds: what to watch; not begun yet.
        outputs: what shows or keeps the answers; not open yet.
        tuning: the classifier that answers for each frame, and knobs that can be turned meanwhile.
        gate: which frames may be left out.
        raw: show each frame's own answer, not smoothed over time.
    """

    def __init__(self, feeds: Sequence[Feed], outputs: Together, tuning: Tuning, gate: Gate, raw: bool = False) -> None:
        self._sources, self._outputs = Several(feeds), outputs
        self._streams = [
            Stream(number, feed, Scene(tuning.contract, gate, raw), tuning) for number, feed in enumerate(feeds)
        ]
        for feed in feeds:
            feed.say = outputs.say
        outputs.meet(tuning)

    def watch(self, stop: Stop, limit: int | None) -> int:
        """Classify until the sources end, `limit` frames are done, or the user asks to stop; return the exit status.

        Raises:
            CatdogError: there was not one frame. Later faults are printed below the summary.
            KeyboardInterrupt: the user stopped before there was one.
        """
        done = 0
        try:
            with ExitStack() as cleanup:
                cleanup.callback(self._outputs.close)
                cleanup.callback(self._sources.close)
                self._outputs.open(self._sources.feeds)  # type: ignore[arg-type]  # they ask for name, live and rate
                cleanup.callback(self._end)
                while (limit is None or done < limit) and not stop.asked:
                    turn = self._sources.next(stop.while_waiting)
                    if turn is None:
                        break
                    stream = self._streams[turn.stream]
                    before = stream.tally.frames
                    moment = stream.miss() if turn.frame is None else stream.see(turn.frame)
                    done += stream.tally.frames - before
                    if moment is not None:
                        self._outputs.write(moment)
        except (Stop.Asked, Finished):
            pass
        return self._finish(stop.asked)

    def _end(self) -> None:
        """Tell of the visits that the end cuts short."""
        for stream in self._streams:
            if (moment := stream.end()) is not None:
                self._outputs.write(moment)

    def _finish(self, asked: bool) -> int:
        """Print how it went; return the exit status."""
        faults: list[CatdogError] = [feed.fault for feed in self._sources.feeds if feed.fault is not None]
        seen = [stream for stream in self._streams if stream.tally.frames]
        if not seen:
            return self._nothing(faults, asked)
        lost = self._outputs.lost()
        for stream in seen:
            self._print(stream, named=len(self._streams) > 1)
        for wrong in [str(fault) for fault in faults] + lost:
            tell(f"catdog: {wrong}")
        recorded = [feed for feed in self._sources.feeds if not feed.live]
        if asked and recorded:
            return EXIT_INTERRUPTED
        return EXIT_FAILED if faults or lost or any(feed.dropped for feed in recorded) else EXIT_OK

    def _nothing(self, faults: list[CatdogError], asked: bool) -> int:
        if asked:
            raise KeyboardInterrupt
        for fault in faults[1:]:
            tell(f"catdog: {fault}")
        if faults:
            raise faults[0]
        return EXIT_USAGE  # every photo was skipped, each with its line

    def _print(self, stream: Stream, named: bool) -> None:
        feed = stream.feed
        line = summary(stream.tally, feed.dropped, feed.live, stream.scene.asleep)
        if feed.reconnects:
            line += f"; opened again {feed.reconnects} times"
        tell(f"catdog: {feed.name}: {line}" if named else f"catdog: {line}")
