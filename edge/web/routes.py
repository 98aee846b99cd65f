"""What is told: state, visits and the last minutes as JSON, pictures as JPEG; and what all routes read a request by."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from edge.outputs.jsonl import utc
from edge.web.site import Site
from edge.web.video import Picture

BOUNDARY = "frame"
NO_SOURCE = "there is no such source"
VIEWERS = 100  # at once, of streams; the same number again of events


def site_of(request: Request) -> Site:
    """Return what the application knows."""
    site: Site = request.app.state.site
    return site


def number_in(text: str) -> int | None:
    """Return the number that some digits mean; None for other texts, and for numbers that nothing here ever reaches."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else None


def stream_of(request: Request) -> int:
    """Return the source that a request names; the first where it names none."""
    stream = number_in(request.query_params.get("source", "0"))
    if stream is None or stream >= len(site_of(request).news.newest):
        raise HTTPException(404, NO_SOURCE)
    return stream


async def body_of(request: Request, most_bytes: int, most_s: float) -> bytes:
    """Return a request's body, refusing what is too large before it has arrived."""
    too_large = HTTPException(413, f"the body has more than {most_bytes:,} bytes")
    stated, content = request.headers.get("content-length", "0"), bytearray()
    if stated.isdecimal() and int(stated) > most_bytes:
        raise too_large
    try:
        async with asyncio.timeout(most_s):
            async for part in request.stream():
                content += part
                if len(content) > most_bytes:
                    raise too_large
    except (TimeoutError, ClientDisconnect):
        raise HTTPException(408, "the body did not arrive") from None
    return bytes(content)


def refuse_crowd(watching: int) -> None:
    """Refuse one more of those who go on watching."""
    if watching >= VIEWERS:
        raise HTTPException(503, "too many watch", {"retry-after": "20"})


async def state(request: Request) -> Response:
    """Answer with all that is known now."""
    return JSONResponse(site_of(request).state_json())


async def history(request: Request) -> Response:
    """Answer with a source's last minutes."""
    return JSONResponse(site_of(request).news.history_json(stream_of(request)))


async def visits(request: Request) -> Response:
    """Answer with the visits of late, the newest first."""
    site = site_of(request)
    told = [
        {**visit, "picture": f"/api/visits/{visit['id']}.jpg" if visit["id"] in site.album.pictures else None}
        for visit in reversed(list(site.news.visits))
    ]
    return JSONResponse({"visits": told})


async def visit_picture(request: Request) -> Response:
    """Answer with a visit's best frame."""
    picture = site_of(request).album.pictures.get(number_in(request.path_params["number"]) or 0)  # they begin with 1
    if picture is None:
        raise HTTPException(404, "there is no picture of such a visit")
    return Response(picture, media_type="image/jpeg", headers={"cache-control": "private, max-age=86400"})


async def health(request: Request) -> Response:
    """Answer 200 while every source has fresh answers (or sleeps as it should), else 503."""
    news = site_of(request).news
    return JSONResponse({"fresh": news.fresh, "states": news.states}, 200 if news.fresh else 503)


async def snapshot(request: Request) -> Response:
    """Answer with one picture of now; never with an older one."""
    site, stream = site_of(request), stream_of(request)
    refuse_crowd(site.video.viewers)
    try:
        async with asyncio.timeout(site.news.patience_s + 1), aclosing(site.video.watch(stream)) as pictures:
            picture = await anext(pictures)
    except TimeoutError:
        picture = None
    if picture is None or not picture.live:
        raise HTTPException(503, "there is no picture of now")
    return Response(picture.jpeg, media_type="image/jpeg", headers=_about(picture))


async def stream(request: Request) -> Response:
    """Answer with motion JPEG, as cameras send it."""
    site = site_of(request)
    refuse_crowd(site.video.viewers)
    kind = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
    return StreamingResponse(_parts(site, stream_of(request)), media_type=kind)


async def _parts(site: Site, stream: int) -> AsyncGenerator[bytes, None]:
    async with aclosing(site.video.watch(stream)) as pictures:
        async for picture in pictures:
            about = "".join(f"{name}: {value}\r\n" for name, value in _about(picture).items())
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture.jpeg)}\r\n{about}\r\n"
            yield b"".join((head.encode(), picture.jpeg, b"\r\n"))


def _about(picture: Picture) -> dict[str, str]:
    return {"X-Frame": str(picture.number), "X-Time": utc(picture.time_s), "X-Live": "yes" if picture.live else "no"}
