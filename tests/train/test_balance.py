"""How often a photo is shown in an epoch."""

import numpy as np
import pytest

from train.balance import times_shown


@pytest.mark.parametrize(
    ("groups", "repeat", "repeat_origin", "expected"),
    [
        # (class, origin, photos) -> times each of those photos is shown
        ([(0, 0, 80), (1, 0, 20)], 1, 1, [1, 1]),
        ([(0, 0, 80), (1, 0, 20)], 10, 1, [1, 4]),
        ([(0, 0, 80), (1, 0, 20)], 3, 1, [1, 3]),
        ([(0, 0, 80), (0, 1, 20)], 1, 10, [1, 4]),
        ([(0, 0, 80), (0, 1, 20), (0, 2, 5)], 1, 2, [1, 2, 2]),
        # An origin that gives only one class is the largest of that class: it is repeated for its class alone.
        ([(0, 0, 80), (0, 1, 40), (1, 2, 40)], 9, 2, [1, 2, 4]),
    ],
)
def test_the_rare_is_shown_more_often(
    groups: list[tuple[int, int, int]], repeat: int, repeat_origin: int, expected: list[int]
) -> None:
    labels, origins, photos = np.array(groups).T
    times = times_shown(np.repeat(labels, photos), np.repeat(origins, photos), repeat, repeat_origin)
    assert times.tolist() == np.repeat(expected, photos).tolist()
