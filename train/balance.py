"""How often a photo is shown in an epoch: what is rare in the folders is not rare in front of a camera."""

import numpy as np
import numpy.typing as npt


def times_shown(
    labels: npt.NDArray[np.int64], origins: npt.NDArray[np.int64], repeat: int, repeat_origin: int
) -> npt.NDArray[np.int64]:
    """Return how often each photo is shown in an epoch.

    First the small origins of a class are brought towards its largest one, then the small classes towards the largest:
    each by a whole number, so that photos of a group are shown equally often.

    Args:
        labels: number of the class, int64 (photos,).
        origins: number of the DATA folder, int64 (photos,).
        repeat: the most that a photo is repeated for its class.
        repeat_origin: the most that a photo is repeated for its origin.

    Returns:
        int64 (photos,), each at least 1.
    """
    times = np.ones(len(labels), np.int64)
    for label in np.unique(labels):
        ours = labels == label
        _towards_largest(times, ours, origins, repeat_origin)
    _towards_largest(times, np.ones(len(labels), bool), labels, repeat)
    return times


def _towards_largest(
    times: npt.NDArray[np.int64], chosen: npt.NDArray[np.bool_], groups: npt.NDArray[np.int64], most: int
) -> None:
    """Repeat the photos of the smaller groups among the chosen ones, in place."""
    numbers = np.unique(groups[chosen])
    counts = {number: int(times[chosen & (groups == number)].sum()) for number in numbers}
    for number, count in counts.items():
        times[chosen & (groups == number)] *= min(most, max(1, round(max(counts.values()) / count)))
