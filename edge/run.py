"""The loop of a run: frames of several sources, classified in turn and told to the outputs, with how it is going.

`watch` is the door for programs; `catdog run` goes through the same `Run`.
"""

import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, suppress

from edge.board import Machine
from edge.capture import Word, feed_of
from edge.capture.feed import Feed
from edge.capture.health import around
from edge.capture.several import Several
from edge.capture.source import PLAIN, Settings, Source
from edge.capture.stop import Stop
from edge.classifier import Classifier
from edge.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, CatdogError, tell
from edge.live.gate import OPEN, Gate
from edge.live.heat import HERE
from edge.live.scene import Scene
from edge.live.tally import summary
from edge.live.tuning import Tuning
from edge.outputs import Finished, Moment, Output
from edge.outputs.together import Together
from edge.stream import Stream


class Run:
    """Sources, classified frame by frame, shown by outputs.

    Args:
        feeds: what to watch; not begun yet.
        outputs: what shows or keeps the answers; not open yet.
        tuning: the classifier that answers for each frame, and knobs that can be turned meanwhile.
        gate: which frames may be left out.
        raw: show each frame's own answer, not smoothed over time.
        machine: whose heat is minded.
    """

    def __init__(
        self,
        feeds: Sequence[Feed],
        outputs: Together,
        tuning: Tuning,
        gate: Gate = OPEN,
        raw: bool = False,
        machine: Machine = HERE,
    ) -> None:
        self._sources, self._outputs = Several(feeds), outputs
        self._streams = [
            Stream(number, feed, Scene(tuning.contract, gate, raw), tuning, machine)
            for number, feed in enumerate(feeds)
        ]
        for feed in feeds:
            feed.say = outputs.say
        outputs.meet(tuning)

    def moments(self, stop: Stop, limit: int | None) -> Generator[Moment, None, None]:
        """Yield what there is to tell, each moment when the outputs have had it.

        Ends when the sources do, when `limit` frames are done, when the user asks to stop, or when an output wants to
        end here. Whatever ends it, the outputs hear of the visits that this cuts short, and all is closed.
        """
        with suppress(Finished), ExitStack() as cleanup:
            cleanup.callback(self._outputs.close)
            cleanup.callback(self._sources.close)
            self._outputs.open(self._sources.feeds)  # type: ignore[arg-type]  # they ask for name, live and rate
            cleanup.callback(self._end)
            for moment in self._seen(stop, limit):
                self._outputs.write(moment)
                yield moment

    def _seen(self, stop: Stop, limit: int | None) -> Iterator[Moment]:
        done = 0
        with suppress(Stop.Asked):
            while (limit is None or done < limit) and not stop.asked:
                turn = self._sources.next(stop.while_waiting)
                if turn is None:
                    break
                stream = self._streams[turn.stream]
                before = stream.tally.frames
                moment = stream.miss() if turn.frame is None else stream.see(turn.frame)
                done += stream.tally.frames - before
                if moment is not None:
                    yield moment
        yield from self._cut_short()

    def _cut_short(self) -> Iterator[Moment]:
        """Yield of each source the visit that the end cuts short, once."""
        for stream in self._streams:
            if (moment := stream.end()) is not None:
                yield moment

    def _end(self) -> None:
        """Tell the outputs of the visits that an early end cuts short."""
        for moment in self._cut_short():
            self._outputs.write(moment)

    def or_raise(self, limit: int | None) -> Generator[Moment, None, None]:
        """Yield as `moments` does, for a program: what it must know of the end is raised.

        Raises:
            CatdogError: a source or an output could not go on.
        """
        yield from self.moments(Stop(), limit)
        _raise_first(self._faults() + self._outputs.faults)
        for line in self._outputs.lost():
            tell(f"catdog: {line}")

    def to_its_end(self, stop: Stop, limit: int | None) -> int:
        """Go through the moments, for the command line: print how it went, and return the exit status.

        Raises:
            CatdogError: there was not one frame. Later faults are printed below the summary.
            KeyboardInterrupt: the user stopped before there was one.
        """
        for _ in self.moments(stop, limit):
            pass
        return self._finish(stop.asked)

    def _faults(self) -> list[CatdogError]:
        return [feed.fault for feed in self._sources.feeds if feed.fault is not None]

    def _finish(self, asked: bool) -> int:
        faults = self._faults()
        seen = [stream for stream in self._streams if stream.tally.frames]
        if not seen:
            return self._nothing(faults, asked)
        lost = self._outputs.lost()
        for stream in seen:
            self._print(stream, named=len(self._streams) > 1)
        for wrong in [str(fault) for fault in faults] + lost:
            tell(f"catdog: {wrong}")
        watched = sys.stderr is not None and sys.stderr.isatty()  # None where the program was started with it closed
        if watched and any(stream.feed.name == "demo" for stream in seen):
            tell(_NEXT.format(program=sys.argv[0] if sys.argv[0].endswith("/catdog") else "catdog"))
        recorded = [feed for feed in self._sources.feeds if not feed.live]
        if asked and recorded:
            return EXIT_INTERRUPTED
        return EXIT_FAILED if faults or lost or any(feed.dropped for feed in recorded) else EXIT_OK

    def _nothing(self, faults: list[CatdogError], asked: bool) -> int:
        if asked:
            raise KeyboardInterrupt
        _raise_first(faults)
        return EXIT_USAGE  # every photo was skipped, each with its line

    def _print(self, stream: Stream, named: bool) -> None:
        feed = stream.feed
        line = summary(stream.tally, feed.dropped, feed.live, stream.scene.asleep)
        if feed.reconnects:
            line += f"; opened again {feed.reconnects} times"
        tell(f"catdog: {feed.name}: {line}" if named else f"catdog: {line}")


# What somebody may want who has watched the demo; that it need not be typed anew, as it was called.
_NEXT = """What next:
  {program} cameras             the cameras of this machine, and why one does not work
  {program} classify photos/    a folder of your own photos
  {program} run clip.mp4        a video, a stream, a camera: {program} run --help"""


def _raise_first(faults: Sequence[CatdogError]) -> None:
    """Raise the first of some faults, if there is any; the others are printed."""
    for fault in faults[1:]:
        tell(f"catdog: {fault}")
    if faults:
        raise faults[0]


def watch(
    *sources: Source | Word,
    classifier: Classifier | None = None,
    outputs: Sequence[Output] = (),
    settings: Settings = PLAIN,
    frames: int | None = None,
    max_fps: float | None = None,
    when_moving: bool = False,
    raw: bool = False,
    machine: Machine = HERE,
) -> Generator[Moment, None, None]:
    """Watch cameras, streams, videos or photos, and yield what there is to tell of them, for ever or to their end.

        for moment in watch("0"):
            print(moment.verdict.label, moment.verdict.probability)

    Cameras and streams are read in processes of their own: one that hangs is killed, one that is lost is opened again
    for ever, and until there is a fresh frame `moment.state` says so. Lines for people ("is lost; trying again") go to
    standard error. Leaving the loop closes everything, as does `close()` of what is returned.

    Args:
        sources: what `catdog run` takes, or sources of one's own, which are read in threads; "auto" if none is given.
        classifier: answers for each frame; one of the default model where it is not given.
        outputs: are told each moment before it is yielded.
        settings: size, rotation, region ... of every source.
        frames: end after so many were classified.
        max_fps: look at so many frames a second at most, to save power.
        when_moving: look only while something moves, to save power.
        raw: verdicts are each frame's own answer, not smoothed over time.
        machine: whose heat is minded: while it throttles, fewer frames are looked at.

    Yields:
        Moments. The picture `moment.frame.image` is good until the next one is asked for: what is kept is copied.

    Raises:
        CatdogError: at once, where a word means no source or the model cannot be trusted; after the last moment, where
            a source was given up (a camera that never worked, a file that is no video) or an output could not go on.
    """
    words = sources or ("auto",)
    limits = around(settings.timeout_s, insist=len(words) > 1)
    feeds = [feed_of(source, settings, limits) for source in words]
    tuning = Tuning(classifier or Classifier())
    return Run(feeds, Together(outputs), tuning, Gate(max_fps, when_moving), raw, machine).or_raise(frames)
