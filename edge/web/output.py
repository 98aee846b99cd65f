"""--web: the output that hands moments to the server. Whatever is not needed for that is imported in its thread."""

import importlib.util
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edge.capture.source import Source
from edge.errors import CatdogError, tell
from edge.live.tuning import Tuning
from edge.outputs import Moment, Output
from edge.outputs.keep import shared
from edge.web import address, token
from edge.web.news import News
from edge.web.server import Server
from edge.web.site import Site

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_PARTS = ("starlette", "uvicorn", "prometheus_client", "segno")
_LOOKS = 2.5  # missed in a row, before a source that is looked at rarely is stale
_LEAST_S = 3.0


def make(options: Namespace) -> Output:
    """Return the output of --web."""
    if any(importlib.util.find_spec(part) is None for part in _PARTS):
        raise CatdogError("--web", "needs packages that are not installed", "pip install 'catdog-edge[web]'")
    return Web(options)


class Web(Output):
    """The page and its API.

    Raises:
        CatdogError: nobody can be listened to at that address, or its token cannot be kept.
    """

    def __init__(self, options: Namespace) -> None:
        self._listening = address.listen(options.web)
        self._names = frozenset(options.web_name or ())
        try:
            self._token = self._ask_token()
            self._keep = shared(options) if options.keep else None
        except CatdogError:
            self._listening.close()
            raise
        self._news = News(max(_LEAST_S, _LOOKS / options.max_fps if options.max_fps else 0.0))
        self._site: Site | None = None
        self._server = Server(self._listening, self._build, lambda line: self.say(line))

    def meet(self, tuning: Tuning) -> None:
        self._site = Site(self._news, tuning, self._keep, lambda line: self.say(line))

    def open(self, sources: Sequence[Source]) -> None:
        self._news.open(sources)
        self._server.start()
        self.say(f"--web: {address.url(self._listening)}")

    def write(self, moment: Moment) -> None:
        assert self._site is not None
        self._site.write(moment)

    def close(self) -> None:
        self._server.stop()
        if self._site is not None:
            self._site.close()

    def _ask_token(self) -> str | None:
        """Return the token that viewers must show; None where only this machine can call. A new one is shown once."""
        if address.is_loopback(self._listening) and not self._names:
            return None
        secret, path, is_new = token.obtain(token.folder())
        if is_new and sys.stderr is not None and sys.stderr.isatty():
            tell(_invitation(f"{address.url(self._listening)}?token={secret}", path))
        else:
            tell(f"catdog: --web: viewers need the token in {path}")
        return secret

    def _build(self) -> "ASGIApp":
        from edge.web.app import build

        assert self._site is not None
        return build(self._site, self._token, self._names)


def _invitation(url: str, path: object) -> str:
    """Return what is shown once: the address with its token, in letters and for a phone's camera."""
    import io

    import segno

    drawn = io.StringIO()
    segno.make(url, error="m").terminal(drawn, compact=True)
    return f"{drawn.getvalue()}catdog: --web: open {url}\ncatdog: --web: that was shown once; the token is in {path}"
