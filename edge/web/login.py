"""The page that asks for the token, whole in itself: who has none is given nothing else, not even a stylesheet."""

import base64
import hashlib
from pathlib import Path
from typing import NamedTuple


class Login(NamedTuple):
    """The page's HTML, and the content security policy that goes with it."""

    html: str
    policy: str


def make(folder: Path) -> Login:
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
