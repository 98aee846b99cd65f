"""Signatures of releases and models: made on the workstation with ssh-keygen, verified on the board with the same.

OpenSSH's own signatures (ssh-keygen -Y sign, PROTOCOL.sshsig of OpenSSH) need no package that a board with an ssh
server does not have, and no key format of ours. What is signed is a manifest: a line of sha256sum for each file, so
that `sha256sum --check` says whether they are those files.
"""

import hashlib
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from edge.errors import CatdogError
from edge.files import write_atomically

IDENTITY = "catdog"
RELEASE, MODEL = "catdog-release", "catdog-model"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class Signed(NamedTuple):
    """A manifest and its signature, as the board keeps them, in MANIFEST and MANIFEST.sig."""

    digest: str  # of the files that it names, in hex: equal files, equal digest, whenever they were signed
    manifest: bytes
    signature: bytes

    @property
    def time(self) -> str:
        """When these files were signed first, in UTC; such texts sort by time."""
        return time_of(self.manifest.decode())


def time_of(manifest: str) -> str:
    """Return when a manifest was signed; "" where it does not say."""
    head = manifest.partition("\n")[0].split()
    return head[-1] if len(head) > 2 and head[0] == "#" and head[-2] == "signed" else ""


def home() -> Path:
    """Return the folder of the key."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "catdog")


class Signer:
    """A key of this workstation, made when there is none.

    Args:
        folder: where the key and what it has signed are kept.

    Attributes:
        public: the public key itself, by which to find it in a file of signers.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, folder / "key"
        if not self._key.exists():
            self._make()
        try:
            self._kind, self.public = self._key.with_suffix(".pub").read_text("utf-8").split()[:2]
        except (OSError, ValueError):
            remedy = f"Make it again: ssh-keygen -y -f {self._key}"
            raise CatdogError(self._key.with_suffix(".pub"), "is no public key", remedy) from None

    def _make(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=self._folder) as fresh:
            new = Path(fresh, "key")
            _keygen(["-q", "-t", "ed25519", "-N", "", "-C", f"catdog@{socket.gethostname()}", "-f", str(new)])
            new.with_suffix(".pub").replace(self._key.with_suffix(".pub"))
            new.replace(self._key)

    @property
    def line(self) -> str:
        """The line of a board's signers file that trusts this key."""
        return f'{IDENTITY} namespaces="{RELEASE},{MODEL}" {self._kind} {self.public}'

    def sign(self, namespace: str, name: str, digests: Mapping[str, str]) -> Signed:
        """Return the signed manifest of some files; the same one again, when they have been signed before.

        Args:
            namespace: RELEASE or MODEL, so that one never passes for the other.
            name: for people.
            digests: name on the board -> SHA-256 in hex.
        """
        lines = "".join(f"{digest}  {file}\n" for file, digest in sorted(digests.items()))
        digest = hashlib.sha256(lines.encode()).hexdigest()
        kept = self._folder / "signed" / f"{namespace}-{digest}"
        key, signature = kept / "key", kept / "MANIFEST.sig"  # the key is written last
        if not key.exists() or self.public not in key.read_text("utf-8", "replace"):
            head = f"# {namespace} {name} signed {time.strftime(_TIME, time.gmtime())}\n"
            manifest = (head + lines).encode()
            write_atomically(kept / "MANIFEST", manifest)
            write_atomically(signature, _keygen(["-Y", "sign", "-q", "-n", namespace, "-f", str(self._key)], manifest))
            write_atomically(key, self.public.encode())
        return Signed(digest, (kept / "MANIFEST").read_bytes(), signature.read_bytes())


def _keygen(words: list[str], content: bytes = b"") -> bytes:
    try:
        return subprocess.run(["ssh-keygen", *words], input=content, capture_output=True, check=True, timeout=60).stdout
    except FileNotFoundError:
        remedy = "Install OpenSSH: sudo apt install openssh-client"
        raise CatdogError("ssh-keygen", "is not on this machine", remedy) from None
    except subprocess.SubprocessError as fault:
        said = (getattr(fault, "stderr", None) or b"").decode(errors="replace").strip().splitlines()
        wrong = f"refuses ({said[-1] if said else type(fault).__name__})"
        raise CatdogError("ssh-keygen", wrong, f"Check the key in {home()}, or move it away for a new one") from None
