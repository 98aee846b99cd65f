"""The server: uvicorn, in a thread and an event loop of its own."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

_CONNECTIONS = 600  # at once; below the 1,024 files that a process may usually open
_END_S = 2.0


class Server:
    """Serves an application until it is stopped, and closes the socket.

    It is built in the server's thread: to import what it takes is no part of the first answer.
    """

    def __init__(self, listening: socket.socket, build: Callable[[], "ASGIApp"], say: Callable[[str], None]) -> None:
        self._listening, self._build, self._say = listening, build, say
        self._server: uvicorn.Server | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._live, name="web", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End: streams are cut off, as they would go on for ever."""
        self._stopped = True
        if self._server is not None:
            self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(_END_S)
        self._listening.close()

    def _live(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as fault:  # a bug must not end the run
            self._say(f"--web: ended by a bug, please report it ({fault!r})")

    async def _serve(self) -> None:
        import uvicorn

        from edge.web.protocol import Patient

        logger = logging.getLogger("uvicorn")
        logger.propagate, logger.handlers = False, [_Says(self._say)]
        config = uvicorn.Config(
            self._build(),
            http=Patient,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=0,
        )
        self._server = uvicorn.Server(config)
        self._server.should_exit = self._stopped
        await self._server.serve([self._listening])


class _Says(logging.Handler):
    """Tells the user of a bug; nobody else hears of it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and not isinstance(record.exc_info[1], asyncio.CancelledError):  # cut off at the end
            self._say(f"--web: a bug, please report it\n{logging.Formatter().formatException(record.exc_info)}")
