"""`catdog run [SOURCE]`: watch something and say what is there, until it ends or the user does."""

import argparse
import os
import time
from contextlib import ExitStack

from edge import settings
from edge.capture import KINDS, choose
from edge.capture.feed import Feed
from edge.capture.quiet import native_silence
from edge.capture.source import Frame, Source
from edge.capture.stop import Stop
from edge.classifier import Classifier
from edge.commands import add_model_arguments, load_classifier, positive
from edge.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, CatdogError, tell
from edge.live.gate import LOOK, SKIP, Gate
from edge.live.heat import FREE, LOOK_S, measured, pace, words
from edge.live.picture import GOOD, WORDS
from edge.live.scene import Scene
from edge.live.tally import Tally, count, summary
from edge.live.visits import Event
from edge.outputs import ASLEEP, ENDED, LIVE, Finished, Moment
from edge.outputs import KINDS as OUTPUTS
from edge.outputs.together import Together, chosen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments; the table of sources is part of the help."""
    forms = "\n".join(f"  {kind.form}\n      {kind.purpose}" for kind in KINDS)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"SOURCE is one of\n{forms}"
    # A service has its settings in a file: catdog run @FILE. What stands behind it on the command line goes first.
    parser.fromfile_prefix_chars = settings.PREFIX
    parser.convert_arg_line_to_args = settings.words  # type: ignore[assignment, method-assign]  # so does argparse's manual
    # "*" and not "?": argparse would print a second source as it is, with its password.
    parser.add_argument(
        "source", nargs="*", metavar="SOURCE", help="what to watch (auto); see below; @FILE: options from it"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line, as when the output is piped")
    parser.add_argument("--quiet", action="store_true", help="a line when something happens, not for each answer")
    parser.add_argument("--frames", type=positive, metavar="N", help="end after N frames")
    parser.add_argument("--raw", action="store_true", help="show each frame's own answer, not smoothed over time")
    parser.add_argument("--max-fps", type=_rate, metavar="N", help="look at N frames a second at most, to save power")
    parser.add_argument("--when-moving", action="store_true", help="look only while something moves, to save power")
    for kind in OUTPUTS:
        if kind.metavar:
            parser.add_argument(
                kind.option, type=kind.parse, metavar=kind.metavar, default=kind.default, help=kind.purpose
            )
        else:
            parser.add_argument(kind.option, action="store_true", help=kind.purpose)
    add_model_arguments(parser)


def _rate(text: str) -> float:
    """Parse a number above 0 for argparse."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return number


def main(options: argparse.Namespace) -> int:
    """Watch the source. Status 0 at its end or the user's, 1 when something was lost, 2 when nothing was seen."""
    if len(options.source) > 1:
        raise CatdogError("SOURCE", "was given more than once", "Watch one at a time; quote a path with spaces")
    with native_silence():
        source, outputs = Feed(choose(*(options.source or ["auto"]))), chosen(options)
        classifier = load_classifier(options)
        gate = Gate(options.max_fps, options.when_moving, _sign_of_life_s() if options.when_moving else None)
        scene = Scene(classifier.contract, gate, options.raw)
        run = Run(source, outputs, classifier, scene)
        with Stop() as stop:
            return run.watch(stop, options.frames)


def _sign_of_life_s() -> float | None:
    """Return how often to look even if nothing moves: systemd's watchdog is fed by answers alone."""
    if "WATCHDOG_USEC" not in os.environ:
        return None
    from edge.outputs.service import watchdog_s

    limit_s = watchdog_s(os.environ)
    return None if limit_s is None else limit_s / 4


class Run:
    """One source, classified frame by frame, shown by outputs.

    Args:
        source: what to watch; not open yet.
        outputs: what shows or keeps the answers; not open yet.
        classifier: answers for each frame.
        scene: says which frames to look at, and makes verdicts of answers.
    """

    def __init__(self, source: Source, outputs: Together, classifier: Classifier, scene: Scene) -> None:
        self._source, self._outputs = source, outputs
        self._classifier, self._scene = classifier, scene
        self._tally = Tally(0.0, 0.0)
        source.say = outputs.say
        self._latest: Moment | None = None  # the one of the frame that was classified last
        self._picture = GOOD
        self._pace, self._heat_due_s = FREE, 0.0

    def watch(self, stop: Stop, limit: int | None) -> int:
        """Classify until the source ends, `limit` frames are done, or the user asks to stop; return the exit status.

        Raises:
            CatdogError: there was not one frame. Later faults are printed below the summary.
            KeyboardInterrupt: the user stopped before there was one.
        """
        fault: CatdogError | None = None
        try:
            with ExitStack() as cleanup:
                self._open(cleanup, stop)
                while limit is None or self._tally.frames < limit:
                    frame = stop.while_waiting(self._source.read)
                    if frame is None:
                        break
                    self._handle(frame)
        except (Stop.Asked, Finished):
            pass
        except CatdogError as reason:
            fault = reason
        return self._finish(fault, stop.asked)

    def _open(self, cleanup: ExitStack, stop: Stop) -> None:
        cleanup.callback(self._outputs.close)
        cleanup.callback(self._source.close)
        stop.while_waiting(self._source.open)
        self._outputs.open([self._source])
        cleanup.callback(self._end)
        self._scene.live = self._source.live
        now_s = time.monotonic()
        self._tally = Tally(now_s, now_s)

    def _handle(self, frame: Frame) -> None:
        choice = self._scene.ask(frame)
        if self._scene.picture != self._picture:
            self._picture = self._scene.picture
            self._outputs.say(f"{frame.source}: {WORDS[self._picture]}")
        if choice == LOOK:
            self._outputs.write(self._look(frame))
        elif choice != SKIP and self._latest is not None:
            self._outputs.write(self._later(self._latest, frame, ASLEEP, self._scene.wait(frame)))

    def _look(self, frame: Frame) -> Moment:
        answer = self._classifier.classify(frame.image)
        now_s = time.monotonic()
        self._tally = count(self._tally, answer.label, now_s)
        if self._source.live and now_s >= self._heat_due_s:
            self._mind_heat(now_s)
        verdict, events = self._scene.see(frame, answer)
        age_s = now_s - frame.captured_at
        beside = (verdict, events, self._picture, LIVE, time.time() - age_s)
        self._latest = Moment(frame, answer, age_s * 1000, self._tally.rate, self._source.dropped, *beside)
        return self._latest

    def _mind_heat(self, now_s: float) -> None:
        """Look at fewer frames on a board that throttles, and at more again when it has cooled down."""
        heat = measured()
        after = pace(self._pace, heat, self._tally.rate)
        if after != self._pace:
            self._outputs.say(words(after, heat))
        self._pace, self._scene.cap, self._heat_due_s = after, after.max_fps, now_s + LOOK_S

    def _later(self, latest: Moment, frame: Frame, state: str, events: tuple[Event, ...]) -> Moment:
        """Return a moment without an answer of its own: the last one stays, and grows old."""
        now_s = time.monotonic()
        return latest._replace(
            frame=frame,
            age_ms=(now_s - latest.frame.captured_at) * 1000,
            dropped=self._source.dropped,
            events=events,
            picture=self._picture,
            state=state,
            time_s=time.time() - (now_s - frame.captured_at),
        )

    def _end(self) -> None:
        """Tell of the visit that the end cuts short."""
        if self._latest is not None and (events := self._scene.end()):
            self._outputs.write(self._later(self._latest, self._latest.frame, ENDED, events))

    def _finish(self, fault: CatdogError | None, asked: bool) -> int:
        """Print how it went; return the exit status."""
        tally, live, dropped = self._tally, self._source.live, self._source.dropped
        if not tally.frames:
            if fault is not None:
                raise fault
            if asked:
                raise KeyboardInterrupt
            return EXIT_USAGE  # every photo was skipped, each with its line
        lost = self._outputs.lost()
        tell(f"catdog: {summary(tally, dropped, live, self._scene.asleep)}")
        for wrong in ([str(fault)] if fault else []) + lost:
            tell(f"catdog: {wrong}")
        if asked and not live:
            return EXIT_INTERRUPTED
        return EXIT_FAILED if fault or lost or (dropped and not live) else EXIT_OK
