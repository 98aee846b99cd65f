"""What is told: state, visits and the last minutes as JSON, pictures as JPEG."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from edge.outputs.jsonl import utc
from edge.web.site import VIEWERS, Site
from edge.web.video import Picture

BOUNDARY = "frame"


def site_of(request: Request) -> Site:
    """Return what the application knows."""
    site: Site = request.app.state.site
    return site


async def state(request: Request) -> Response:
    """Answer with all that is known now."""
    return JSONResponse(site_of(request).state_json())


async def history(request: Request) -> Response:
    """Answer with a source's last minutes."""
    site = site_of(request)
    return JSONResponse(site.news.history_json(site.stream_of(request)))


async def visits(request: Request) -> Response:
    """Answer with the visits of late, the newest first."""
    site = site_of(request)
    told = [
        {**visit.fields, "picture": f"/api/visits/{visit.number}.jpg" if visit.number in site.album.pictures else None}
        for visit in reversed(list(site.news.visits))
    ]
    return JSONResponse({"visits": told})


async def visit_picture(request: Request) -> Response:
    """Answer with a visit's best frame."""
    picture = site_of(request).album.pictures.get(int(request.path_params["number"]))
    if picture is None:
        raise HTTPException(404, "there is no picture of such a visit")
    return Response(picture, media_type="image/jpeg", headers={"cache-control": "private, max-age=86400"})


async def health(request: Request) -> Response:
    """Answer 200 while every source has fresh answers (or sleeps as it should), else 503."""
    news = site_of(request).news
    states = [news.state_of(stream) for stream in range(len(news.newest))]
    return JSONResponse({"fresh": news.fresh, "states": states}, 200 if news.fresh else 503)


async def snapshot(request: Request) -> Response:
    """Answer with one picture of now; never with an older one."""
    site = site_of(request)
    stream = site.stream_of(request)
    _refuse_crowd(site)
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
    _refuse_crowd(site)
    body = _parts(site, site.stream_of(request))
    return StreamingResponse(body, media_type=f"multipart/x-mixed-replace; boundary={BOUNDARY}")


async def _parts(site: Site, stream: int) -> AsyncGenerator[bytes, None]:
    async with aclosing(site.video.watch(stream)) as pictures:
        async for picture in pictures:
            about = "".join(f"{name}: {value}\r\n" for name, value in _about(picture).items())
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture.jpeg)}\r\n{about}\r\n"
            yield b"".join((head.encode(), picture.jpeg, b"\r\n"))


def _refuse_crowd(site: Site) -> None:
    if site.video.viewers >= VIEWERS:
        raise HTTPException(503, "too many viewers", {"retry-after": "20"})


def _about(picture: Picture) -> dict[str, str]:
    return {"X-Frame": str(picture.number), "X-Time": utc(picture.time_s), "X-Live": "yes" if picture.live else "no"}
