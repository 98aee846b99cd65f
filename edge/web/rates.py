"""How often somebody may ask: a bucket of requests for each, which fills up again with time."""

import time
from collections import OrderedDict
from collections.abc import Callable

_MOST = 1024  # who are remembered


class Buckets:
    """Buckets by name: `burst` requests at once, `rate` a second in the long run."""

    def __init__(self, rate: float, burst: float, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._now = rate, burst, now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # name -> requests left, at what time

    def take(self, name: str) -> bool:
        """Return whether one more request is within bounds; one that is not costs nothing."""
        now_s = self._now()
        left, at_s = self._left.pop(name, (self._burst, now_s))
        left = min(self._burst, left + (now_s - at_s) * self._rate)
        allowed = left >= 1
        self._left[name] = (left - allowed, now_s)
        if len(self._left) > _MOST:
            self._left.popitem(last=False)
        return allowed
