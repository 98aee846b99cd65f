"""HTTP/1.1 as uvicorn speaks it, with a limit on how long a client may take to ask."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

ASK_S = 10.0  # for a request's first line and headers


class Patient(H11Protocol):
    """A connection that is closed where nothing is asked for a while: uvicorn itself would wait for ever."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(ASK_S, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Stop waiting once a request is whole; begin again with the next one that is not."""
        super().data_received(data)
        asked = self.cycle is not None and not self.cycle.response_complete
        if asked:
            self._rest()
        elif self._timer is None:
            self._timer = self.loop.call_later(ASK_S, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go."""
        self._rest()
        super().connection_lost(exc)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
