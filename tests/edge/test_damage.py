"""A model file that was damaged anywhere is refused in one line, and never answers."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, Command, Tell

PHOTO = ROOT / "edge/demo/01-cat-two.jpg"
SHIPPED = sorted(path.name for path in (ROOT / "models").glob("*.tflite"))

Damage = Callable[[bytes, random.Random], bytes]


def flip(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def overwrite(content: bytes, chance: random.Random) -> bytes:
    at, size = chance.randrange(len(content)), chance.choice((1, 4, 512, 4096))
    noise = chance.choice((bytes(size), b"\xff" * size, chance.randbytes(size)))
    return content[:at] + noise + content[at + size :]


def lose(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + content[at + chance.choice((1, 4, 512, 4096)) :]


def insert(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + chance.randbytes(chance.choice((1, 4, 512, 4096))) + content[at:]


def swap(content: bytes, chance: random.Random) -> bytes:
    first, second = sorted(chance.randrange(len(content) // 512) * 512 for _ in range(2))
    one, between, other = content[first : first + 512], content[first + 512 : second], content[second : second + 512]
    return content[:first] + other + between + one + content[second + 512 :]


KINDS: tuple[Damage, ...] = (flip, cut, overwrite, lose, insert, swap)


@pytest.mark.parametrize("count", [36, pytest.param(1000, marks=pytest.mark.bench)])
@pytest.mark.parametrize("name", SHIPPED)
def test_no_damaged_model_is_served(name: str, count: int, tmp_path: Path, here: Command, tell: Tell) -> None:
    whole, chance, damaged = (ROOT / "models" / name).read_bytes(), random.Random(name), tmp_path / "damaged.tflite"
    refused = Counter[str]()
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        content = next(made for made in iter(lambda: kind(whole, chance), None) if made != whole)  # noqa: B023
        damaged.write_bytes(content)
        done = here("edge", "classify", "--model", damaged, PHOTO, expect=2)
        assert (done.stdout, len(done.stderr.splitlines())) == ("", 1), f"{kind.__name__} {number}: {done}"
        refused[kind.__name__] += 1
    assert refused.total() == count
    if count >= 1000:
        tell(f"{name}: {refused.total():,} of {count:,} refused, none served: {dict(refused)}")
