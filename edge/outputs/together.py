"""All outputs of a run as one: each fails alone, and all are given the same few seconds at the end."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from importlib import import_module

from edge.capture.source import Source
from edge.errors import CatdogError
from edge.live.tuning import Tuning
from edge.outputs import KINDS, Finished, Moment, Output
from edge.outputs.stream import put
from edge.outputs.worker import Worker

_LINES = 100  # for the user, that wait for a terminal that takes none
_LINES_S = 1.0  # ... at the end


def chosen(options: Namespace) -> "Together":
    """Return the outputs asked for, not yet open. Made first, so that what cannot work is said before any camera opens.

    Each is imported where it is wanted: none is part of the others' start-up.

    Raises:
        CatdogError: one of them cannot work.
    """
    outputs: list[Output] = []
    if sys.stdout is not None:
        plain = options.json or not sys.stdout.isatty()
        outputs.append(import_module(f"edge.outputs.{'jsonl' if plain else 'terminal'}").make(options))
    for kind in KINDS:
        value = getattr(options, kind.option[2:].replace("-", "_"))
        if value == "":  # a variable of a script that is not set
            raise CatdogError(kind.option, "is empty", f"Give {kind.metavar}, or leave it out")
        if kind.module and value:
            module = kind.module if "." in kind.module else f"edge.outputs.{kind.module}"
            made = import_module(module).make(options)
            outputs += [] if made is None else [made]
    if os.environ.get("NOTIFY_SOCKET"):  # systemd has started us, and waits for a word
        outputs.append(import_module("edge.outputs.service").make(options))
    if not outputs:
        raise CatdogError("standard output", "is closed, so nothing can be shown", "Ask for another output")
    return Together(outputs)


class Together:
    """Several outputs, which are not open yet, and the faults of those that could not go on."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        self._outputs = list(outputs)
        self._going = list(outputs)
        self._opened: list[Output] = []
        self.faults: list[CatdogError] = []
        self._lines: Worker[str] = Worker("lines", self._print, most=_LINES)
        for output in outputs:
            output.say = self.say

    def say(self, line: str) -> None:
        """Print a line for the user, soon, from any thread: a terminal that hangs must hang nothing else."""
        self._lines.put(line)

    def meet(self, tuning: Tuning) -> None:
        """Tell them which model answers."""
        for output in self._outputs:
            output.meet(tuning)

    def open(self, sources: Sequence[Source]) -> None:
        """Open them for the sources of the run."""
        for output in self._outputs:
            self._opened.append(output)
            output.open(sources)

    def write(self, moment: Moment) -> None:
        """Show and keep a moment.

        Raises:
            Finished: the user wants to end here, or no output is left.
        """
        for output in self._going:
            if not output.gone:
                self._write(output, moment)
        if any(output.gone for output in self._going):
            self._part()

    def _write(self, output: Output, moment: Moment) -> None:
        try:
            output.write(moment)
        except CatdogError as fault:
            output.gone = True
            self.faults.append(fault)

    def _part(self) -> None:
        """Go on with the outputs that can, saying what has become of the others; end where there are none."""
        gone = [output for output in self._going if output.gone]
        self._going = [output for output in self._going if not output.gone]
        if not self._going:  # said at the end
            raise Finished
        for output in gone:
            self.say(output.lost() or str(self.faults[-1]))

    def close(self) -> None:
        """Finish them all, at the same time where they have threads of their own; then print the lines that wait."""
        for output in self._opened:
            output.finish()
        with ExitStack() as cleanup:
            cleanup.callback(self._lines.join, _LINES_S)
            cleanup.callback(self._lines.finish)
            while self._opened:
                cleanup.callback(self._close, self._opened.pop())

    def _close(self, output: Output) -> None:
        try:
            output.close()
        except CatdogError as fault:
            self.faults.append(fault)

    def lost(self) -> list[str]:
        """Return, after `close`, a line for each thing that could not be shown or kept."""
        return [str(fault) for fault in self.faults] + [line for output in self._outputs if (line := output.lost())]

    def _print(self, lines: list[str]) -> None:
        if sys.stderr is None:
            return
        with ExitStack() as rooms, suppress(OSError):  # a closed stderr: there is nobody to tell
            for output in self._outputs:
                rooms.enter_context(output.room())
            put(sys.stderr, "".join(f"catdog: {line}\n" for line in lines))
