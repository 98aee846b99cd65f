"""The very next frame of a source, as it is: for a photo that is kept."""

import asyncio

from edge.fit import Image
from edge.outputs import Moment


class Grab:
    """Who waits for a frame, and hands it to them."""

    def __init__(self) -> None:
        self._waiting: dict[int, asyncio.Future[tuple[Image, float]]] = {}

    def offer(self, moment: Moment) -> None:
        """Hand over a copy of a fresh frame, where somebody waits for it. In the runner's thread."""
        waiting = self._waiting.pop(moment.stream, None) if moment.fresh else None
        if waiting is not None and not waiting.get_loop().is_closed():
            photo = (moment.frame.image.copy(), moment.time_s)
            waiting.get_loop().call_soon_threadsafe(waiting.set_result, photo)

    async def next(self, stream: int, patience_s: float) -> tuple[Image, float]:
        """Return the next fresh frame, and when it was taken, in seconds since 1970.

        Raises:
            TimeoutError: there is none.
        """
        waiting = self._waiting.get(stream)
        if waiting is None:
            waiting = self._waiting[stream] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(patience_s):
            return await asyncio.shield(waiting)
