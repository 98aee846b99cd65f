"""A model file that was damaged anywhere is refused in one line, and never answers."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.cli import main
from tests.conftest import ROOT

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
    return (
        content[:first]
        + content[second : second + 512]
        + content[first + 512 : second]
        + content[first : first + 512]
        + content[second + 512 :]
    )


KINDS: tuple[Damage, ...] = (flip, cut, overwrite, lose, insert, swap)


def campaign(
    model: Path, count: int, folder: Path, capsys: pytest.CaptureFixture[str], seed: int = 1
) -> dict[str, int]:
    """Damage `model` in `count` ways and classify a photo with each; return kind -> how many were refused."""
    whole, chance, damaged = model.read_bytes(), random.Random(f"{seed} {model.name}"), folder / "damaged.tflite"
    refused = dict.fromkeys((kind.__name__ for kind in KINDS), 0)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        content = next(made for made in iter(lambda: kind(whole, chance), None) if made != whole)  # noqa: B023
        damaged.write_bytes(content)
        status = main(["classify", "--model", str(damaged), str(PHOTO)])
        out, errors = capsys.readouterr()
        assert (status, out, len(errors.splitlines())) == (2, "", 1), f"{kind.__name__} {number}: {out}{errors}"
        refused[kind.__name__] += 1
    return refused


@pytest.mark.parametrize("name", SHIPPED)
def test_no_damaged_model_is_served(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sum(campaign(ROOT / "models" / name, 36, tmp_path, capsys).values()) == 36


@pytest.mark.bench
@pytest.mark.parametrize("name", SHIPPED)
def test_a_thousand_damaged_models(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused = campaign(ROOT / "models" / name, 1000, tmp_path, capsys, seed=2)
    with capsys.disabled():
        print(f"\n{name}: {sum(refused.values()):,} of 1,000 refused, none served: {refused}")
