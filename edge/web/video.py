"""Pictures as JPEG, made once for all who watch, by a thread of its own, and only while somebody watches."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from edge.fit import Image
from edge.outputs import FRESH, NO_PICTURE, Moment
from edge.outputs.overlay import veil
from edge.outputs.view import verdict
from edge.outputs.worker import Worker
from edge.photo import as_jpeg
from edge.web.news import News

_LARGEST = 1280  # pixels of a side: what is larger is halved, and no phone shows the difference
_FASTEST_S = 1 / 30  # between two pictures
_SENDS_A_SECOND = 200  # of all viewers together: the more watch, the fewer frames each, and the answers keep their pace
_BLANK: Image = np.full((360, 480, 3), 90, np.uint8)  # before the first picture


class Picture(NamedTuple):
    """A frame as JPEG; `live` where it is one of now, else it is the last one, darkened."""

    jpeg: bytes
    number: int
    time_s: float
    live: bool


class Video:
    """The newest picture of each source."""

    def __init__(self, news: News) -> None:
        self._told = news
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watchers: dict[int, int] = {}
        self._due_s: dict[int, float] = {}
        self._shown: dict[int, bool] = {}  # whether the last picture that was asked for is one of now
        self._last: dict[int, Image] = {}  # to be darkened when no fresh one comes
        self._newest: dict[int, Picture] = {}
        self._news: dict[int, asyncio.Event] = {}
        self._worker: Worker[Moment] = Worker("video", self._work, most=64)

    @property
    def viewers(self) -> int:
        return sum(self._watchers.values())

    def offer(self, moment: Moment) -> None:
        """Take a copy of a moment's picture, where somebody watches and one is due. In the runner's thread."""
        stream = moment.stream
        if not self._watchers.get(stream):
            return
        live, now_s = moment.fresh, time.monotonic()
        if live and self._shown.get(stream) and now_s < self._due_s.get(stream, 0.0):
            return
        self._shown[stream] = live
        self._due_s[stream] = now_s + max(_FASTEST_S, self.viewers / _SENDS_A_SECOND)
        image = moment.frame.image.copy() if live else NO_PICTURE
        self._worker.put(moment.showing(image)._replace(events=()), key=stream)

    def _work(self, moments: list[Moment]) -> None:
        for moment in moments:
            picture = self._encode(moment)
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._publish, moment.stream, picture)

    def _encode(self, moment: Moment) -> Picture:
        image = moment.frame.image
        if moment.fresh:
            self._last[moment.stream] = image
        else:
            image = veil(self._last.get(moment.stream, _BLANK), verdict(moment))
        return Picture(as_jpeg(image, _LARGEST), moment.frame.number, moment.time_s, moment.fresh)

    # -- in the server's thread --------------------------------------------------------------------------------------

    def _publish(self, stream: int, picture: Picture) -> None:
        if not self._watchers.get(stream):  # the last one has gone meanwhile
            self._forget(stream)
            return
        self._newest[stream] = picture
        self._news.pop(stream, asyncio.Event()).set()

    def _forget(self, stream: int) -> None:
        for kept in (self._newest, self._last, self._shown, self._due_s):
            kept.pop(stream, None)

    @contextmanager
    def _watching(self, stream: int) -> Iterator[None]:
        self._loop = asyncio.get_running_loop()
        self._watchers[stream] = self._watchers.get(stream, 0) + 1
        try:
            yield
        finally:
            self._watchers[stream] -= 1
            if not self._watchers[stream]:
                self._forget(stream)

    async def watch(self, stream: int) -> AsyncGenerator[Picture, None]:
        """Yield a source's pictures from now on: always the newest, so that who is slow gets fewer."""
        with self._watching(stream):
            seen: Picture | None = None
            while True:
                newest = self._newest.get(stream)
                if newest is None or newest is seen:
                    await self._wait(stream)
                    continue
                seen = newest
                yield newest

    async def _wait(self, stream: int) -> None:
        """Wait for the next picture; where the runner says nothing for too long, make one that says so."""
        try:
            async with asyncio.timeout(self._told.patience_s):
                await self._news.setdefault(stream, asyncio.Event()).wait()
        except TimeoutError:
            state = self._told.state_of(stream)
            if state not in FRESH and self._shown.get(stream, True):
                self.offer(self._told.newest[stream]._replace(state=state))

    def close(self) -> None:
        """End the thread."""
        self._worker.finish()
        self._worker.join(1.0)
