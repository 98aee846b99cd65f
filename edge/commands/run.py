"""`catdog run [SOURCE]`: watch something and say what is there, until it ends or the user does."""

import argparse
import os
from functools import partial
from typing import Any

from edge import settings
from edge.capture import KINDS, feed_of
from edge.capture.health import Limits, around
from edge.capture.quiet import native_silence
from edge.capture.source import Settings
from edge.capture.stop import Stop
from edge.commands import add_model_arguments, load_classifier, positive
from edge.errors import InputError
from edge.live.gate import Gate
from edge.live.tuning import tuned
from edge.outputs import KINDS as OUTPUTS
from edge.outputs import above_zero
from edge.outputs.together import chosen
from edge.run import Run

_EXAMPLES = """examples:
  catdog run                                the first camera, else the demo
  catdog run 0 --size 1280x720 --mirror     a USB camera
  catdog run rtsp://USER:PASSWORD@HOST/PATH --when-moving
  catdog run 0 rtsp://HOST/PATH clip.mp4    three at once
  catdog run clip.mp4 --loop --real-time    as a camera would
  catdog run 'clips/*.mp4' --json           each file that fits
  ffmpeg -i ANY -f mjpeg - | catdog run -   whatever ffmpeg reads
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments; the table of sources is part of the help."""
    forms = "\n".join(f"  {kind.form}\n      {kind.purpose}" for kind in KINDS)
    parser.epilog = f"SOURCE is one of\n{forms}\n\n{_EXAMPLES}"
    # A service has its settings in a file: catdog run @FILE. What stands behind it on the command line goes first.
    parser.fromfile_prefix_chars = settings.PREFIX
    parser.convert_arg_line_to_args = partial(_words, parser)  # type: ignore[method-assign]  # so does argparse's manual
    add = parser.add_argument
    add("source", nargs="*", metavar="SOURCE", help="what to watch (auto), one or several; see below; @FILE: options")
    _add_source_arguments(parser)
    add("--json", action="store_true", help="one JSON object a line, as when the output is piped")
    add("--quiet", action="store_true", help="a line when something happens, not for each answer")
    add("--frames", type=positive, metavar="N", help="end after N frames")
    add("--raw", action="store_true", help="show each frame's own answer, not smoothed over time")
    add("--max-fps", type=above_zero, metavar="N", help="look at N frames a second at most, to save power")
    add("--when-moving", action="store_true", help="look only while something moves, to save power")
    answer = "answer LABEL from this share (0..1) on, else the model's fallback; may be given for several"
    add("--threshold", type=_threshold, action="append", default=[], metavar="LABEL=SHARE", help=answer)
    add("--half-life", type=above_zero, metavar="S", help="smooth answers: after S seconds the past weighs half (0.3)")
    _add_output_arguments(parser)
    add_model_arguments(parser)


def _add_output_arguments(parser: argparse.ArgumentParser) -> None:
    for kind in OUTPUTS:
        if kind.metavar:
            beside: dict[str, Any] = {} if kind.bare is None else {"nargs": "?", "const": kind.bare}
            parser.add_argument(
                kind.option, type=kind.parse, metavar=kind.metavar, default=kind.default, help=kind.purpose, **beside
            )
        else:
            parser.add_argument(kind.option, action="store_true", help=kind.purpose)


def _words(parser: argparse.ArgumentParser, line: str) -> list[str]:
    """Return the words that a line of a file of settings stands for; one that another version wrote may be unknown."""
    line.encode()  # from Python 3.12 on argparse reads what is no text as well, as lone surrogates
    words = settings.words(line)
    for word in words:
        option = word.partition("=")[0]
        if option.startswith("--") and option not in parser._option_string_actions:
            wrong = "is unknown to this version of the program"
            raise InputError(f"setting {option[2:]}", wrong, "Put a # before its line, or see catdog run --help")
    return words


def _add_source_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--size", type=_size, metavar="WxH", help="ask a camera for this size, such as 1280x720")
    add("--fps", type=above_zero, metavar="N", help="ask a camera for N frames a second")
    turn = "turn the picture clockwise by so many degrees"
    add("--rotate", type=int, choices=(0, 90, 180, 270), default=0, help=turn)
    add("--mirror", action="store_true", help="exchange left and right")
    part = "look at a part only: left, top, width, height as shares 0..1"
    add("--region", type=_region, metavar="L,T,W,H", help=part)
    add("--loop", action="store_true", help="begin a video or photos again at their end")
    add("--real-time", action="store_true", help="play a video at its own pace, as a camera would")
    wait = "open again what gives no frame for S seconds (5)"
    add("--timeout", dest="timeout_s", type=above_zero, metavar="S", default=5.0, help=wait)
    end = "end after S seconds of failing; never: try for ever, even what has not worked yet"
    add("--give-up-after", type=_patience, metavar="S", help=end)


def _size(text: str) -> tuple[int, int]:
    width, height = map(int, text.lower().split("x"))
    if not (8 <= width <= 16384 and 8 <= height <= 16384):
        raise ValueError
    return width, height


def _region(text: str) -> tuple[float, float, float, float]:
    left, top, width, height = map(float, text.split(","))
    if not (left >= 0 and top >= 0 and width > 0 and height > 0 and left + width <= 1.001 and top + height <= 1.001):
        raise argparse.ArgumentTypeError(f"{text} is no part of the picture: such as 0.25,0,0.5,1")
    return left, top, min(width, 1 - left), min(height, 1 - top)


def _threshold(text: str) -> tuple[str, float]:
    label, equals, share = text.rpartition("=")
    if not label or not equals or not 0 <= float(share) <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no share from 0 to 1 of a label: such as cat=0.7")
    return label, float(share)


def _patience(text: str) -> float:
    return float("inf") if text == "never" else above_zero(text)


def main(options: argparse.Namespace) -> int:
    """Watch the sources. Status 0 at their end or the user's, 1 when something was lost, 2 when nothing was seen."""
    with native_silence():
        wishes, limits = Settings(*(getattr(options, name) for name in Settings._fields)), _limits(options)
        feeds = [feed_of(word, wishes, limits) for word in options.source or ["auto"]]
        outputs = chosen(options)
        tuning = tuned(load_classifier(options), options.threshold, options.half_life)
        run = Run(feeds, outputs, tuning, _gate(options), options.raw)
        with Stop() as stop:
            return run.to_its_end(stop, options.frames)


def _gate(options: argparse.Namespace) -> Gate:
    """Return which frames may be left out; systemd's watchdog wants a look from time to time even if nothing moves."""
    gate = Gate(options.max_fps, options.when_moving)
    if "WATCHDOG_USEC" not in os.environ:
        return gate
    from edge.outputs.service import check_rate, watchdog_s

    limit_s = watchdog_s(os.environ)
    if limit_s is None:
        return gate
    if options.max_fps is not None:
        check_rate(options.max_fps, limit_s)
    return gate._replace(at_least_s=limit_s / 4) if gate.when_moving else gate


def _limits(options: argparse.Namespace) -> Limits:
    give_up_s = options.give_up_after
    several = len(options.source) > 1
    # What has never worked is a mistake of the user, who is still there to mend it; unless others work.
    insist = several or give_up_s is not None
    return around(options.timeout_s, None if give_up_s == float("inf") else give_up_s, insist)
