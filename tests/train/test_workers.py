"""Two processes on loopback train one network together, by tf.distribute over TF_CONFIG."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deploy.board import free_port


def start(index: int, ports: list[int], photos: Path, folder: Path, *options: str) -> subprocess.Popen[str]:
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
    words = [photos, "--out", folder / str(index), "--cache", folder / "cache", "--epochs", "2", "--batch", "8"]
    line, environment = [sys.executable, "-m", "train", *map(str, words), *options], {**os.environ, "TF_CONFIG": config}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(line, cwd=ROOT, env=environment, text=True, **pipes)


@pytest.mark.parametrize(
    "options", [("--network", "origin"), ("--network", "compact", "--side", "32")], ids=lambda o: o[1]
)
def test_two_workers_end_with_equal_weights(photos: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Statistics of BatchNormalization included, which compact has."""
    ports = [free_port(), free_port()]
    workers = [start(index, ports, photos, tmp_path, *options) for index in range(2)]
    outputs = [worker.communicate(timeout=200)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], outputs
    digests = [re.findall(r"worker \d of 2: weights ([0-9a-f]{64})", output) for output in outputs]
    assert len(digests[0]) == 1
    assert digests[0] == digests[1]
    assert json.loads((tmp_path / "0" / f"{options[1]}.json").read_bytes())["weights_sha256"] == digests[0][0]
    assert not list((tmp_path / "1").glob("*.keras"))
    assert not list(tmp_path.rglob("*.checkpoint"))
