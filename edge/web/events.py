"""Server-sent events: what is known, several times a second while it changes, and what happens, as it does.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from edge.web.routes import number_in, refuse_crowd, site_of, stream_of
from edge.web.site import Site

_TICK_S = 0.1  # faster than that nobody reads
_BEAT_S = 1.0  # between two words, even if nothing is new: so who listens notices when they stop
_SENDS_A_SECOND = 200  # of all listeners together


async def events(request: Request) -> Response:
    """Answer with a stream of "state" and "happened"; with ?map=1 of "map" of one source, too."""
    site, stream = site_of(request), stream_of(request)
    refuse_crowd(site.listeners)
    told = _told(site, request.headers.get("last-event-id", ""))
    if request.query_params.get("map") == "1":
        told = _with_maps(site, told, stream)
    return StreamingResponse(told, media_type="text/event-stream")


async def _with_maps(site: Site, told: AsyncGenerator[bytes, None], stream: int) -> AsyncGenerator[bytes, None]:
    """Yield what is told, and after it a map where there is a newer one."""
    seen = 0
    async with site.heat.watching(), aclosing(told):
        async for words in told:
            yield words
            if site.heat.number(stream) != seen and (drawn := site.heat.json(stream)) is not None:
                seen = drawn["frame"]
                yield message("map", drawn)


async def _told(site: Site, last: str) -> AsyncGenerator[bytes, None]:
    """Yield messages for one listener; one that is slow misses states, not events."""
    number = _number(site, last)
    loop = asyncio.get_running_loop()
    site.listeners += 1
    try:
        yield b"retry: 1000\n\n"
        seen, told_s = -1, 0.0
        while True:
            now_s = loop.time()
            for happened in [item for item in site.news.happened if item["id"] > number]:
                number = happened["id"]
                yield message("happened", happened, number)
            if site.news.moments != seen or now_s - told_s >= _BEAT_S:
                seen, told_s = site.news.moments, now_s
                yield _state(site, now_s)
            await asyncio.sleep(max(_TICK_S, site.listeners / _SENDS_A_SECOND))
    finally:
        site.listeners -= 1


def _number(site: Site, last: str) -> int:
    """Return after which event to go on: the last that a listener has heard in this run, else the newest."""
    newest = int(site.news.happened[-1]["id"]) if site.news.happened else 0
    known = number_in(last)
    return newest if known is None else min(known, newest)


def _state(site: Site, now_s: float) -> bytes:
    """Return the state as a message: the same bytes for all who ask within a tick."""
    if now_s - site.told[0] >= _TICK_S / 2:
        site.told = now_s, message("state", site.state_json())
    return site.told[1]


def message(kind: str, fields: dict[str, Any], number: int | None = None) -> bytes:
    """Return one message of the protocol; JSON has no line breaks, so it is one line."""
    head = f"event: {kind}\n" if number is None else f"event: {kind}\nid: {number}\n"
    return f"{head}data: {json.dumps(fields)}\n\n".encode()
