"""Figures with their uncertainty: intervals and tests for shares of photos."""

import math
from itertools import accumulate

Z95 = 1.959964  # quantile 0.975 of the normal distribution


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson's score interval, 1927), both ends in 0..1.

    Args:
        hits: how many of `n` were right.
        n: how many there were; 0 gives (0, 1).
    """
    if n == 0:
        return 0.0, 1.0
    share, z2 = hits / n, Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided exact p-value that two classifiers err equally often (McNemar's test, binomial form).

    It needs no more than the photos that each alone got right.
    """
    n, k = only_first + only_second, min(only_first, only_second)
    if n == 0:
        return 1.0
    ways = accumulate(range(k), lambda ways, i: ways * (n - i) // (i + 1), initial=1)  # to choose 0, 1 ... k of n
    return min(1.0, 2 * sum(ways) / (1 << n))


def percent(hits: int, n: int) -> str:
    """Return a share with its interval as text, e.g. "78.3 % (76.4 to 80.0)"."""
    if n == 0:
        return "no photos"
    low, high = wilson(hits, n)
    return f"{hits / n * 100:.1f} % ({low * 100:.1f} to {high * 100:.1f})"
