"""What is wanted, as files: the wheel of this checkout, the wheels it needs on a board of some kind, and a model."""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from edge import __version__
from edge.contract import read_model, unseal
from edge.deploy.facts import Facts
from edge.deploy.items import Item
from edge.deploy.layout import GUARD, Layout, unit
from edge.deploy.signing import MODEL, RELEASE, Signer
from edge.deploy.wheels import Kind, Wheel, fetch
from edge.errors import CatdogError
from edge.files import write_atomically
from edge.record import file_digest

ROOT = Path(__file__).parents[2]
MODEL_FILE = "model.tflite"


class Kit(NamedTuple):
    """Where releases come from: the program's wheel, the text of a board's hashed lock, the wheels that are here."""

    wheel: Path
    lock: str
    cache: Path
    offline: bool
    signer: Signer

    def release(self, facts: Facts, layout: Layout) -> Item:
        """Return the release for a board, having fetched what is missing here."""
        kind = Kind(facts.python, facts.machine, facts.glibc)
        own = Wheel(self.wheel, f"catdog-edge=={self.wheel.name.split('-')[1]}", file_digest(self.wheel))
        wheels = [own, *fetch(self.lock, kind, self.cache, self.offline)]
        to_install = [wheel for wheel in wheels if not wheel.pin.startswith("pip==")]
        files = {
            "requirements.txt": "".join(f"{w.pin} --hash=sha256:{w.digest}\n" for w in to_install).encode(),
            "guard": GUARD.read_bytes(),
            "catdog.service": unit(layout, facts.systemd).encode(),
        }
        digests = {f"wheels/{wheel.path.name}": wheel.digest for wheel in wheels}
        name = f"catdog-edge-{__version__}"
        signed = self.signer.sign(RELEASE, name, digests | _digests(files))
        return Item(name, signed, files, {wheel.path.name: wheel.path for wheel in wheels})


def _digests(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def model(path: Path, signer: Signer) -> Item:
    """Return a model file as an item, having read its contract; one that cannot be trusted is a ModelError."""
    content = read_model(path)
    contract = unseal(content, path)
    files = {MODEL_FILE: content}
    return Item(path.name, signer.sign(MODEL, f"{contract.name}-{contract.variant}", _digests(files)), files, {})


def build(folder: Path) -> Path:
    """Build the wheel of this checkout into a folder, and return it; equal sources give an equal file.

    Raises:
        CatdogError: this is no checkout, or the wheel cannot be built.
    """
    if not (ROOT / "pyproject.toml").exists():
        raise CatdogError("the wheel", "cannot be built outside of a checkout", "Give it: --wheel catdog_edge-....whl")
    with tempfile.TemporaryDirectory() as fresh:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", fresh]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        built = list(Path(fresh).glob("*.whl"))
        if done.returncode or not built:
            said = done.stderr.strip().splitlines() or ["it says nothing"]
            raise CatdogError("the wheel", f"cannot be built ({said[-1]})", "make setup, then try again")
        write_atomically(folder / built[0].name, built[0].read_bytes())
        return folder / built[0].name
