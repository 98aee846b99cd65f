"""A thread that works through what it is given, so that who gives need not wait: a short queue and its end."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Worker(Generic[T]):
    """A thread with a queue of at most `most` items; as many again are in its hands. It starts with the first one.

    Args:
        name: of the thread.
        work: called in the thread with what has come since the last time, oldest first. Must not raise.
        end: called in the thread as the last thing. Must not raise.
        most: how many items may wait.
        period_s: least time from the end of one `work` to the next.
        idle_s: after so long without an item `work` is called with an empty list; never where it is None.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[list[T]], None],
        end: Callable[[], None] = lambda: None,
        most: int = 16,
        period_s: float = 0.0,
        idle_s: float | None = None,
    ) -> None:
        self._work, self._end, self._most = work, end, most
        self._period_s, self._idle_s = period_s, idle_s
        self._news = threading.Condition()
        self._items: dict[object, T] = {}
        self._idle = False  # the thread waits for the next item; while it rests, it is better left alone
        self._finishing = False
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)
        self._ended = False

    @property
    def started(self) -> bool:
        """True once there was an item."""
        return self._thread.ident is not None

    def put(self, item: T, key: object = None, wait: bool = False) -> bool:
        """Hand over an item; return False where there is no room, or no thread any more.

        Args:
            item, key: one that waits under the same key is forgotten; None for none.
            wait: for room, instead of returning False.
        """
        with self._news:
            if wait:
                self._news.wait_for(lambda: len(self._items) < self._most or self._ended)
            replaced = key is not None and self._items.pop(key, None) is not None
            if self._ended or self._finishing or (len(self._items) >= self._most and not replaced):
                return False
            self._items[object() if key is None else key] = item
            if not self.started:
                self._thread.start()
            if self._idle or self._is_half_full():
                self._news.notify_all()
        return True

    def finish(self) -> None:
        """Take nothing more; the thread ends when it has worked through what it has."""
        with self._news:
            self._finishing = True
            self._news.notify_all()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end; return whether it has come."""
        if self.started:
            self._thread.join(max(timeout_s, 0.0))
        return not self._thread.is_alive()

    def _live(self) -> None:
        try:
            while self._take():
                self._rest()
            self._end()
        finally:
            with self._news:
                self._ended = True
                self._news.notify_all()

    def _rest(self) -> None:
        """Let items gather for a period, or until half of the room is taken."""
        if self._period_s:
            with self._news:
                self._news.wait_for(lambda: self._finishing or self._is_half_full(), self._period_s)

    def _is_half_full(self) -> bool:
        return len(self._items) * 2 >= self._most

    def _take(self) -> bool:
        """Work through what there is; False when nothing more will come."""
        with self._news:
            self._idle = True
            self._news.wait_for(lambda: self._items or self._finishing, self._idle_s)
            self._idle = False
            last = self._finishing  # then nothing is put in any more
            items = list(self._items.values())
            self._items.clear()
            self._news.notify_all()
        if items or not last:
            self._work(items)
        return not last
