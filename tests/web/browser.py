"""Chromium without a screen, driven over a pipe by its DevTools protocol: no driver to install."""

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_OFF = ("gpu", "dev-shm-usage", "background-networking", "component-update", "extensions", "sync")
_WORDS = ("--headless", "--no-sandbox", "--no-first-run", "--hide-scrollbars", "--remote-debugging-pipe")
PHONE, DESKTOP = (390, 844), (1280, 900)


class Page:
    """A page of a browser.

    Attributes:
        complaints: errors of the console, of scripts, and of requests that were refused by the page's own policy.
        asked: addresses that were asked for.
    """

    def __init__(self, process: subprocess.Popen[bytes], give: int, take: int) -> None:
        self._process, self._give, self._take = process, give, take
        self._buffer, self._number, self._session = b"", 0, ""
        self.complaints: list[str] = []
        self.asked: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for room in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{room}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser for something, and wait for it."""
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        request = json.dumps({"id": self._number, "method": method, "params": parameters, **session})
        os.write(self._give, request.encode() + b"\0")
        while True:
            told = self._receive()
            if told.get("id") == self._number:
                assert "error" not in told, told
                return dict(told["result"])

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            content = os.read(self._take, 1 << 20)
            assert content, "the browser has ended"
            self._buffer += content
        line, _, self._buffer = self._buffer.partition(b"\0")
        told: dict[str, Any] = json.loads(line)
        self._note(told.get("method"), told.get("params", {}))
        return told

    def _note(self, method: str | None, fields: dict[str, Any]) -> None:
        if method == "Log.entryAdded" and fields["entry"]["level"] == "error":
            self.complaints.append(f"{fields['entry']['text']} {fields['entry'].get('url', '')}")
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(fields["exceptionDetails"].get("exception", fields["exceptionDetails"])))
        elif method == "Runtime.consoleAPICalled" and fields["type"] in ("error", "warning"):
            self.complaints.append(str(fields["args"]))
        elif method == "Network.requestWillBeSent":
            self.asked.append(fields["request"]["url"])

    def size(self, width: int, height: int, dark: bool = False) -> None:
        """Be a screen of so many points, light or dark."""
        phone = width < 600
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2, mobile=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    def look(self, expression: str) -> Any:
        """Return the value of an expression in the page; a promise is waited for."""
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def until(self, expression: str, wanted: Any = True, seconds: float = 60.0) -> None:
        deadline_s = time.monotonic() + seconds
        while (found := self.look(expression)) != wanted:
            assert time.monotonic() < deadline_s, f"{expression} is {found!r}, not {wanted!r}: {self.complaints}"
            time.sleep(0.1)

    def press(self, key: str) -> None:
        text = {"Enter": "\r", " ": " "}.get(key)
        for kind in ("keyDown", "keyUp"):
            extra = {"text": text} if text and kind == "keyDown" else {}
            code = {" ": "Space"}.get(key, key)
            number = {"Home": 36, "End": 35, "Enter": 13, "ArrowRight": 39, " ": 32}.get(key, 0)
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code, windowsVirtualKeyCode=number, **extra)

    def picture(self, whole: bool = True) -> bytes:
        told = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(told["data"])


@contextmanager
def browser() -> Iterator[Page]:
    """Start a browser with an empty page; it is killed at the end."""
    assert PROGRAM
    (theirs_in, give), (take, theirs_out) = os.pipe(), os.pipe()

    def arrange() -> None:  # the protocol is spoken on descriptors 3 and 4
        kept_in, kept_out = os.dup2(theirs_in, 103), os.dup2(theirs_out, 104)
        os.dup2(kept_in, 3)
        os.dup2(kept_out, 4)

    with tempfile.TemporaryDirectory(prefix="catdog-browser-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [PROGRAM, *_WORDS, *(f"--disable-{part}" for part in _OFF), f"--user-data-dir={folder}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=arrange,
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Page(process, give, take)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # with all of its helpers
            process.wait()
            os.close(give)
            os.close(take)
