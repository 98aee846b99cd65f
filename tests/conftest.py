"""Fixtures that every room's tests share."""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import settings

from tests.tiny import tiny_model

ROOT = Path(__file__).parents[1]
BGR = {"red": (30, 30, 220), "green": (30, 220, 30), "blue": (220, 30, 30)}

settings.register_profile("any machine", deadline=None)  # a slow one is no fault
settings.load_profile("any machine")

linux = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="processes that can be killed are Linux's")
Command = Callable[..., subprocess.CompletedProcess[str]]
Tell = Callable[[str], None]


@pytest.fixture(scope="session", autouse=True)
def cache_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep what the runner remembers of models away from the home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache_home")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def command() -> Command:
    """Run a command line such as ("edge", "classify", path) in a process of its own, from the checkout."""
    return partial(finished, sys.executable, "-m", timeout=300)


@pytest.fixture(scope="session")
def here() -> Command:
    """Run a command line such as ("train", photos) in this process, where importing TensorFlow is paid for once."""

    def run(room: str, *words: object, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        main = import_module("edge.cli" if room == "edge" else f"{room}.__main__").main
        out, errors = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(errors):
            status = main([str(word) for word in words])
        assert expect is None or status == expect, out.getvalue() + errors.getvalue()
        return subprocess.CompletedProcess(words, status, out.getvalue(), errors.getvalue())

    return run


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sealed model that knows red, green and blue."""
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny.tflite")


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Print what was measured, whether or not pytest shows what tests print."""

    def line(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}", flush=True)

    return line


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Training and test photos of three colours, in folders of their own."""
    folder = tmp_path_factory.mktemp("photos")
    write_photos(folder / "train", count=16)
    return write_photos(folder / "test", count=6, seed=500).parent


def picture(colour: str, height: int = 48, width: int = 64, seed: int = 0) -> np.ndarray:
    """Return a noisy picture uint8 (height, width, 3), BGR, mostly of one colour."""
    noise = np.random.default_rng(seed).integers(-25, 26, (height, width, 3))
    return np.clip(np.array(BGR[colour]) + noise, 0, 255).astype(np.uint8)


def write_photos(folder: Path, classes: Sequence[str] = tuple(BGR), count: int = 12, seed: int = 0) -> Path:
    """Write `count` different photos of each colour into class folders, and return the folder."""
    for position, colour in enumerate(classes):
        (folder / colour).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            image = picture(colour, seed=seed + 1000 * position + number)
            assert cv2.imwrite(str(folder / colour / f"{number:03}.jpg"), image)
    return folder


def finished(*words: object, expect: int | None = 0, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, from the checkout."""
    options = {"capture_output": True, "text": True, "cwd": ROOT, "check": False, **options}
    done = subprocess.run([*map(str, words)], **options)
    assert expect is None or done.returncode == expect, f"{done.stdout}{done.stderr}"
    return done


def python(program: str, *words: object, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the text of a program in a Python of its own."""
    return finished(sys.executable, "-c", program, *words, expect=expect)


def shell(line: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell, in which `python` is this one, and `catdog` the command."""
    line = line.replace("catdog ", "python -m edge ").replace("python ", f"{sys.executable} ")
    return finished("sh", "-c", line, expect=expect)


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the single line of standard error that a refused command prints; there is no traceback in it."""
    assert "Traceback" not in done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@contextmanager
def beside(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Have a thread work while the block runs, until its event is set."""
    over = threading.Event()
    thread = threading.Thread(target=work, args=(over,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
