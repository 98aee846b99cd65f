"""The soak in short: the whole of it is `make soak`."""

from pathlib import Path

from tests.conftest import Command, linux


@linux
def test_nothing_grows_over_some_thousand_frames(command: Command, model: Path) -> None:
    done = command("tests.bench.soak", "--frames", 6000, "--model", model)
    assert "6000 frames in" in done.stdout
    assert done.stdout.count(" descriptors ") == 6
    assert done.stdout.endswith("nothing grows\n")
