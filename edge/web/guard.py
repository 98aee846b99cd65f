"""Who may ask: checked before any route is looked at, on every route, the stream included.

A page of somebody else must not reach this server through its visitor's browser: a name that is not this machine's
(DNS rebinding) and a request that another origin sent are refused. Beyond loopback a token is asked for.
"""

import base64
import hashlib
import socket
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.web.rates import Buckets
from edge.web.token import is_same

COOKIE = "catdog"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_POLICY_HEADER = "content-security-policy"
_HEADERS = {
    _POLICY_HEADER: _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def own_names() -> frozenset[str]:
    """Return names that nobody beyond the local network can take: this machine's own, plain and with .local."""
    name = socket.gethostname().lower().partition(".")[0]
    return frozenset({"localhost", name, f"{name}.local"})


def is_known(host: str, names: frozenset[str]) -> bool:
    """True for a Host that names this machine: an address, which no foreign name can stand for, or a known name."""
    name = _name_of(host)
    try:
        ip_address(name)
    except ValueError:
        return "@" not in host and name in names
    return "@" not in host


def _name_of(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_foreign(headers: Mapping[str, str], names: frozenset[str], navigates: bool) -> bool:
    """True for a request that a page of another origin has sent; to follow a link is allowed where it `navigates`."""
    origin = headers.get("origin")
    if origin is not None:
        scheme, _, host = origin.partition("://")
        own = scheme in ("http", "https") and host == headers.get("host")
        if not (own or (scheme == "https" and _name_of(host) in names)):  # the other is of a proxy
            return True
    site, mode = headers.get("sec-fetch-site", "none"), headers.get("sec-fetch-mode")
    return site not in ("none", "same-origin") and not (navigates and mode == "navigate")


def given_tokens(headers: Headers, query: str) -> list[str]:
    """Return the tokens that a request shows: in a header, in a cookie, and in the address for players of streams.

    All of them, as a browser goes on to send the cookie of a former token beside the new one.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    bearer = [token.strip()] if scheme.lower() == "bearer" else []
    return [*bearer, cookie_parser(headers.get("cookie", "")).get(COOKIE, ""), *parse_qs(query).get("token", [])[:1]]


class Login(NamedTuple):
    """The page that asks for the token, whole in itself: who has none is given nothing else, not even a stylesheet."""

    html: str  # its text
    policy: str  # the content security policy that goes with it


def login_page(folder: Path) -> Login:
    """Return the page of login.html with the style and the icon of the live page, which lie in the same folder."""
    style, icon = ((folder / name).read_text("utf-8") for name in ("page.css", "icon.svg"))
    html = (folder / "login.html").read_text("utf-8")
    html = html.replace("<style></style>", f"<style>{style}</style>")
    html = html.replace("<svg></svg>", icon.strip().replace("<svg ", '<svg aria-hidden="true" ', 1))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    rules = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return Login(html, rules)


class Guard:
    """Stands before an application.

    Args:
        token: to be shown by who asks; None where only this machine can call.
        names: under which this machine is known besides its own, such as that of a reverse proxy.
        buckets: how often each address may ask.
    """

    def __init__(self, app: ASGIApp, token: str | None, names: frozenset[str], buckets: Buckets, login: Login) -> None:
        self._app, self._token, self._given, self._buckets, self._login = app, token, names, buckets, login
        self._names = own_names() | names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the application do so."""
        answer = self._refuse(scope)

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await (answer or self._app)(scope, receive, sealed)

    def _refuse(self, scope: Scope) -> Response | None:
        """Return why not; None for a request that is welcome."""
        headers, opens = Headers(scope=scope), scope["path"] == "/"
        if not is_known(headers.get("host", ""), self._names):
            return refusal(421, "this name is not known here: use the address, or start it with --web-name NAME")
        if self._token is None and any(name in headers for name in _FORWARDED):
            return refusal(403, "a proxy stands before this server, so it must be started with --web-name NAME")
        if is_foreign(headers, self._given, opens and scope["method"] == "GET"):
            return refusal(403, "another site has sent this request")
        if not self._buckets.take((scope.get("client") or ("",))[0]):
            return refusal(429, "too many requests", **{"retry-after": "1"})
        return None if self._token is None else self._ask_token(scope, headers, opens)

    def _ask_token(self, scope: Scope, headers: Headers, opens: bool) -> Response | None:
        token, query = self._token, scope["query_string"].decode("ascii", "replace")
        assert token is not None
        if not any(is_same(given, token) for given in given_tokens(headers, query)):
            if opens:
                return HTMLResponse(self._login.html, 401, {_POLICY_HEADER: self._login.policy})
            return refusal(401, "the token is missing or wrong", **{"www-authenticate": "Bearer"})
        if not opens or not query:
            return None
        answer = RedirectResponse("/", 303)  # so that the token stays neither in the address nor in the history
        secure = "origin" in headers or _name_of(headers["host"]) in self._given
        answer.set_cookie(COOKIE, token, max_age=400 * 86_400, httponly=True, samesite="lax", secure=secure)
        return answer


def refusal(status: int, wrong: str, **headers: str) -> JSONResponse:
    """Return an error as every route tells it."""
    return JSONResponse({"error": wrong}, status, headers)
