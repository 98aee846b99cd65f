"""A webhook: each event is posted as JSON to an address. Of that no more than the host is ever shown: the rest of it,
path included, may be a secret.
"""

import base64
import http.client
import json
import threading
import urllib.error
import urllib.request
from argparse import Namespace
from urllib.parse import unquote, urlsplit

from edge import __version__
from edge.capture.network import redact
from edge.errors import CatdogError
from edge.outputs import Moment, Output
from edge.outputs.aside import Aside
from edge.outputs.away import describe
from edge.outputs.jsonl import event_json

TIMEOUT_S = 5.0  # to connect, and for each answer
PAUSES_S = (1.0, 4.0)  # before each new try; after them the event is given up, and the next one's turn comes
_LATER = frozenset({408, 425, 429})  # "not now"; with all from 500 on, worth another try
_REMEDY = "Check the address and its server"


def make(options: Namespace) -> Output:
    """Return the output of --webhook."""
    return Aside(Webhook(options.webhook), "--webhook")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow none: urllib would turn the POST into a GET, and send the password elsewhere."""

    def redirect_request(self, *_: object) -> None:
        return None


class Webhook(Output):
    """An http(s) address that events are posted to, with user and password where its server asks for them.

    Raises:
        CatdogError: it is no address that can be posted to.
    """

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S, pauses_s: tuple[float, ...] = PAUSES_S) -> None:
        self.name, self._timeout_s, self._pauses_s = _host(url), timeout_s, pauses_s
        self._url, credentials = _split(url, self.name)
        self._headers = {"Content-Type": "application/json", "User-Agent": f"catdog-edge/{__version__}"}
        if credentials:
            self._headers["Authorization"] = "Basic " + base64.b64encode(credentials.encode()).decode()
        self._post = urllib.request.build_opener(_NoRedirect).open
        self._closing = threading.Event()

    def write(self, moment: Moment) -> None:
        """Post each event, with a new try or two where the server is not ready."""
        for event in moment.events:
            content = json.dumps(event_json(moment, event)).encode()
            for pause_s in (*self._pauses_s, None):
                wrong, hopeless = self._try(content)
                if not wrong:
                    break
                if hopeless or pause_s is None or self._closing.wait(pause_s):
                    raise CatdogError(self.name, wrong, _REMEDY)

    def _try(self, content: bytes) -> tuple[str, bool]:
        """Post once; return what is wrong, "" for nothing, and whether another try is in vain."""
        request = urllib.request.Request(self._url, content, self._headers, method="POST")  # noqa: S310 - http(s) alone
        try:
            with self._post(request, timeout=self._timeout_s):
                return "", False
        except urllib.error.HTTPError as fault:
            fault.close()
            hopeless = fault.code < 500 and fault.code not in _LATER
            return f"answers {fault.code} {_REASONS.get(fault.code, '')}".rstrip(), hopeless
        except (OSError, http.client.HTTPException, ValueError) as fault:
            reason = fault.reason if isinstance(fault, urllib.error.URLError) else fault
            return describe(reason, self._timeout_s, "cannot be posted to"), False

    def interrupt(self) -> None:
        self._closing.set()


_REASONS = dict.fromkeys((301, 302, 303, 307, 308), "(moved: give the new address)")
_REASONS |= dict.fromkeys((401, 403), "(wrong user or password)")


def _host(url: str) -> str:
    """Return as much of an address as may be shown."""
    scheme, separator, rest = redact(url).partition("://")
    return scheme + separator + rest.partition("/")[0] if separator else "--webhook"


def _split(url: str, name: str) -> tuple[str, str]:
    """Return an address without its credentials, and those: "user:password", or ""."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # the port is no number
        known = False
    if not known:
        raise CatdogError(name, "is no address that can be posted to", "Give http://HOST/PATH or https://HOST/PATH")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise CatdogError(name, "holds characters that no address may hold", "Write them as %XX")
    credentials, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=host, fragment="").geturl(), unquote(credentials)
