"""Where the evidence lies, while somebody wants to see it: a model with maps answers in place of the plain one."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.attention import Attention, find_head
from edge.errors import ModelError
from edge.fit import crop_box
from edge.live.tuning import Tuning
from edge.outputs import LIVE, Moment

_PERIOD_S = 0.1  # between two maps of a source
_FAINT = 0.25


class _Seen(NamedTuple):
    number: int
    label: str
    raw: npt.NDArray[Any]
    size: tuple[int, int]


class Heat:
    """Maps of the newest frames."""

    def __init__(self, tuning: Tuning) -> None:
        self._classifier, self._viewers = tuning.classifier, 0
        self._attention: Attention | None = None  # what shall answer
        self._used: Attention | None = None  # what answers
        self._plain: Any = None
        self._due_s: dict[int, float] = {}
        self._seen: dict[int, _Seen] = {}

    @cached_property
    def supported(self) -> bool:
        """True where the model is one that maps can be made of."""
        return find_head(self._classifier.content) is not None

    def mind(self, moment: Moment) -> None:
        """Take what a map is made of, where it is due. In the runner's thread, between two frames."""
        used, wanted, now_s = self._used, self._attention, time.monotonic()
        if used is not None and moment.state == LIVE and now_s >= self._due_s.get(moment.stream, 0.0):
            self._due_s[moment.stream] = now_s + _PERIOD_S
            label = moment.verdict.label if moment.verdict.label in self._classifier.labels else moment.answer.label
            size = moment.frame.image.shape[:2]
            self._seen[moment.stream] = _Seen(moment.frame.number, label, used.take(), (size[0], size[1]))
        if wanted is not used:
            before = self._classifier.run_on(self._plain if wanted is None else wanted.interpreter)
            self._plain = before if used is None else self._plain
            self._used = wanted

    # -- in the server's thread --------------------------------------------------------------------------------------

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Have maps made while the block runs."""
        self._viewers += 1
        try:
            if self.supported and self._attention is None:
                made = await asyncio.to_thread(self._make)
                self._attention = self._attention or made
            yield
        finally:
            self._viewers -= 1
            if not self._viewers:
                self._attention = None
                self._seen.clear()

    def _make(self) -> Attention | None:
        one = self._classifier
        try:
            return Attention(one.content, len(one.labels), one.threads, one.path)
        except ModelError:  # it looked as if it had one
            self.supported = False
            return None

    def number(self, stream: int) -> int:
        """Return the number of the frame that the newest map is of; 0 where there is none."""
        seen = self._seen.get(stream)
        return seen.number if seen else 0

    def json(self, stream: int) -> dict[str, Any] | None:
        """Return the newest map of a source: its rows from the top, 0 for no evidence, 255 for the most there is."""
        seen, attention = self._seen.get(stream), self._attention
        if seen is None or attention is None:
            return None
        maps = attention.maps(seen.raw)
        own = maps[self._classifier.labels.index(seen.label)]
        # Against the label's own most; but where others have far more, it has hardly any, and none is made up.
        shares = np.clip(own / max(float(own.max()), _FAINT * float(maps.max()), 1e-9), 0, 1)
        shares = np.pad(shares, 1, mode="edge")  # so that it fades nowhere before the picture ends
        return {
            "stream": stream,
            "frame": seen.number,
            "label": seen.label,
            "rows": int(shares.shape[0]),
            "columns": int(shares.shape[1]),
            "values": (shares * 255).round().astype(int).ravel().tolist(),
            "box": [round(side, 4) for side in self._box(attention.box, maps.shape[1:], seen.size)],
        }

    def _box(self, inner: tuple[float, ...], cells: tuple[int, ...], size: tuple[int, int]) -> list[float]:
        """Return left, top, width, height of a map with a margin of one cell, in shares of the whole picture."""
        top, left, height, width = crop_box(*size, self._classifier.contract.fit)
        across, down = inner[2] / cells[1], inner[3] / cells[0]
        return [
            (left + width * (inner[0] - across)) / size[1],
            (top + height * (inner[1] - down)) / size[0],
            width * (inner[2] + 2 * across) / size[1],
            height * (inner[3] + 2 * down) / size[0],
        ]
