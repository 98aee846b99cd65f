"""Figures with their uncertainty: intervals and tests for shares of photos."""

import math

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
    tail = sum(math.comb(n, i) for i in range(k + 1)) / 2.0**n if n < 1000 else _normal_tail(n, k)
    return min(1.0, 2 * tail)


def _normal_tail(n: int, k: int) -> float:
    """Return P(X <= k) of Binomial(n, 1/2) for large n, where 2**n no longer fits a float."""
    return 0.5 * math.erfc((n / 2 - k - 0.5) / math.sqrt(n / 2))


def percent(hits: int, n: int) -> str:
    """Return a share with its interval as text, e.g. "78.3 % (76.4 to 80.0)"."""
    if n == 0:
        return "no photos"
    low, high = wilson(hits, n)
    return f"{hits / n * 100:.1f} % ({low * 100:.1f} to {high * 100:.1f})"
