"""`catdog run [SOURCE]`: watch something and say what is there, until it ends or the user does."""

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from edge.capture import KINDS, choose
from edge.capture.feed import Feed
from edge.capture.quiet import native_silence
from edge.capture.source import Frame, Source
from edge.capture.stop import Stop
from edge.classifier import Classifier
from edge.commands import add_model_arguments, positive
from edge.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, CatdogError
from edge.live.tally import Tally, count, summary
from edge.outputs import Finished, Moment, Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments; the table of sources is part of the help."""
    forms = "\n".join(f"  {kind.form}\n      {kind.purpose}" for kind in KINDS)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"SOURCE is one of\n{forms}"
    # "*" and not "?": argparse would print a second source as it is, with its password.
    parser.add_argument("source", nargs="*", metavar="SOURCE", help="what to watch (auto); see below")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, as when the output is piped")
    parser.add_argument("--frames", type=positive, metavar="N", help="end after N frames")
    parser.add_argument("--record", type=Path, metavar="FILE", help="keep a video with the answers drawn in: .mp4 ...")
    parser.add_argument("--show", action="store_true", help="open a window with the picture; q ends")
    add_model_arguments(parser)


def main(options: argparse.Namespace) -> int:
    """Watch the source. Status 0 at its end or the user's, 1 when something was lost, 2 when nothing was seen."""
    if len(options.source) > 1:
        raise CatdogError("SOURCE", "was given more than once", "Watch one at a time; quote a path with spaces")
    with native_silence():
        run = Run(Feed(choose(*(options.source or ["auto"]))), _outputs(options))
        classifier = Classifier(options.model, options.threads)
        with Stop() as stop:
            return run.watch(classifier, stop, options.frames)


def _outputs(options: argparse.Namespace) -> list[Output]:
    """Return the outputs asked for, not yet open. Made first, so that what cannot work is said before any camera opens.

    Each is imported where it is wanted: none is part of the others' start-up.
    """
    outputs: list[Output] = []
    if options.json or sys.stdout is None or not sys.stdout.isatty():
        from edge.outputs.jsonl import JsonLines

        outputs += [JsonLines()] if sys.stdout else []
    else:
        from edge.outputs.terminal import Terminal

        outputs.append(Terminal())
    if options.record:
        from edge.outputs.recording import Recording

        outputs.append(Recording(options.record))
    if options.show:
        from edge.outputs.window import Window

        outputs.append(Window())
    return outputs


class Run:
    """One source, classified frame by frame, shown by outputs.

    Args:
        source: what to watch; not open yet.
        outputs: what shows or keeps the answers; not open yet.
    """

    def __init__(self, source: Source, outputs: Sequence[Output]) -> None:
        self._source, self._outputs = source, outputs
        self._tally = Tally(0.0, 0.0)
        # Lines for the user from the source's thread; they are printed between two frames.
        self._notes: list[str] = []
        source.say = self._notes.append

    def watch(self, classifier: Classifier, stop: Stop, limit: int | None) -> int:
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
                    self._print_notes()
                    if frame is None:
                        break
                    self._handle(frame, classifier)
        except (Stop.Asked, Finished):
            pass
        except CatdogError as reason:
            fault = reason
        self._print_notes()
        return self._finish(fault, stop.asked)

    def _open(self, cleanup: ExitStack, stop: Stop) -> None:
        cleanup.callback(self._source.close)
        stop.while_waiting(self._source.open)
        for output in self._outputs:
            cleanup.callback(output.close)
            output.open(self._source)
        now_s = time.monotonic()
        self._tally = Tally(now_s, now_s)

    def _handle(self, frame: Frame, classifier: Classifier) -> None:
        answer = classifier.classify(frame.image)
        now_s = time.monotonic()
        self._tally = count(self._tally, answer.label, now_s)
        age_ms = (now_s - frame.captured_at) * 1000
        moment = Moment(frame, answer, age_ms, self._tally.rate, self._source.dropped)
        for output in self._outputs:
            output.write(moment)

    def _print_notes(self) -> None:
        if self._notes:
            for output in self._outputs:
                output.aside()
        while self._notes:
            print(f"catdog: {self._notes.pop(0)}", file=sys.stderr)

    def _finish(self, fault: CatdogError | None, asked: bool) -> int:
        """Print how it went; return the exit status."""
        tally, live, dropped = self._tally, self._source.live, self._source.dropped
        if not tally.frames:
            if fault is not None:
                raise fault
            if asked:
                raise KeyboardInterrupt
            return EXIT_USAGE  # every photo was skipped, each with its line
        print(f"catdog: {summary(tally, dropped, live)}", file=sys.stderr)
        if fault is not None:
            print(f"catdog: {fault}", file=sys.stderr)
        if asked and not live:
            return EXIT_INTERRUPTED
        return EXIT_FAILED if fault is not None or (dropped and not live) else EXIT_OK
