"""The application: one table of routes, which the OpenAPI document is made of, too, behind one guard."""

from functools import partial
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from edge.web import changes, classify, events, metrics, openapi, routes
from edge.web.guard import Guard, login_page, refusal
from edge.web.rates import Buckets
from edge.web.site import Site

PAGE = Path(__file__).with_name("page")
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
LOGIN = "login.html"  # shown to who has no token, and never else

ROUTES = [
    Route("/api/state", routes.state),
    Route("/api/events", events.events),
    Route("/api/visits", routes.visits),
    Route("/api/visits/{number}.jpg", routes.visit_picture),
    Route("/api/history", routes.history),
    Route("/api/classify", classify.classify, methods=["POST"]),
    Route("/api/tuning", changes.tuning, methods=["GET", "POST"]),
    Route("/api/keep", changes.keep, methods=["POST"]),
    Route("/snapshot.jpg", routes.snapshot),
    Route("/stream.mjpg", routes.stream),
    Route("/healthz", routes.health),
    Route("/metrics", metrics.metrics),
    Route("/openapi.json", openapi.document),
]


def build(site: Site, token: str | None, names: frozenset[str]) -> ASGIApp:
    """Return the application: what it tells, and whom, in the words of `Guard`."""
    told = [*ROUTES, *_pages()]
    for route in told:  # HEAD would be answered by what a stream gives, without end and to nobody
        (route.methods or set()).discard("HEAD")
    app = Starlette(routes=told, exception_handlers={HTTPException: _refuse, Exception: _fail})
    app.router.redirect_slashes = False  # a redirection would repeat a name that somebody else has chosen
    app.state.site = site
    # How often each address may ask; a page asks some ten times when it is opened.
    return Guard(app, token, names, Buckets(rate=20.0, burst=120.0), login_page(PAGE))


def _pages() -> list[Route]:
    """Return a route for each file of the page: read once, so that no path of a request ever reaches the disk."""
    files = {f"/{path.name}": path for path in PAGE.iterdir() if path.suffix in KINDS and path.name != LOGIN}
    files["/"] = files.pop("/index.html")
    return [Route(at, partial(_page, path.read_bytes(), KINDS[path.suffix])) for at, path in files.items()]


async def _page(content: bytes, kind: str, _request: Request) -> Response:
    return Response(content, headers={"content-type": kind, "cache-control": "no-cache"})


async def _refuse(_request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    plain = fault.detail == HTTPStatus(fault.status_code).phrase
    return refusal(fault.status_code, fault.detail.lower() if plain else fault.detail, **dict(fault.headers or {}))


async def _fail(_request: Request, _fault: Exception) -> Response:
    """Say nothing of the inside; the user at the terminal is told by the server's log."""
    return refusal(500, "this is a bug of the server")
