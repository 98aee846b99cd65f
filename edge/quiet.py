"""Keep what C++ libraries write to the terminal behind Python's back off it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet(*descriptors: int) -> Iterator[None]:
    """Send these file descriptors (2 is standard error) to nowhere while the block runs; errors still raise."""
    kept: dict[int, int] = {}
    for descriptor in descriptors:
        try:
            kept[descriptor] = os.dup(descriptor)
        except OSError:  # it is closed: nothing to keep quiet
            continue
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in kept:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    try:
        yield
    finally:
        for descriptor, original in kept.items():
            os.dup2(original, descriptor)
            os.close(original)
