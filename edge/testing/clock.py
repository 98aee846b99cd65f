"""A clock that a test holds."""


class Clock:
    """A clock that stands still until it is told to go on: for whatever takes `now`.

    Attributes:
        now_s: the time, in seconds.
    """

    def __init__(self, now_s: float = 0.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds
