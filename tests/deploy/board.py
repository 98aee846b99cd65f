"""A board to deploy to: this machine over a real ssh server on loopback, below a root of its own.

The commands that would change the machine itself (systemctl, useradd ...) are stand-ins, first in the PATH of the
server. Everything else is real: ssh, uploads, signatures, environments, links.
"""

import ensurepip
import getpass
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.deploy.layout import Layout
from tests.conftest import ROOT, finished

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"

# What the service does when systemd starts it: the guard, one answer of the program, the guard again.
SYSTEMCTL = """#!/bin/sh
root={root}; export CATDOG_ROOT=$root
current=$root/opt/catdog/releases/current
case $1 in
--version) echo "systemd 257 (257.1)" ;;
show)
    echo "ActiveState=$(cat $root/active 2>/dev/null || echo inactive)"
    echo "StatusText=red 98%, demo"; echo "NRestarts=0" ;;
restart | start)
    echo restart >>$root/restarts
    model=$root/var/lib/catdog/models/current/model.tflite
    if sh $current/guard start 2>>$root/journal &&
        $current/venv/bin/catdog run @$root/etc/catdog/catdog.conf --model $model 2>>$root/journal; then
        sh $current/guard ready; echo active >$root/active
    else
        echo activating >$root/active; exit 1
    fi ;;
stop) echo inactive >$root/active ;;
esac
"""
STAND_INS = {
    "systemctl": SYSTEMCTL,
    "journalctl": "#!/bin/sh\ncat {root}/journal\n",
    "runuser": '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n',
    "chgrp": "#!/bin/sh\n",
    "sudo": '#!/bin/sh\n[ ! -e {root}/password ] || {{ echo "sudo: a password is required" >&2; exit 1; }}\n'
    'while :; do case $1 in -*) shift ;; *) exec "$@" ;; esac; done\n',
    "id": '#!/bin/sh\n[ "$*" != -u ] || [ ! -e {root}/uid ] || exec cat {root}/uid\nexec /usr/bin/id "$@"\n',
    "python3": '#!/bin/sh\n[ "$1" = -m ] || [ ! -e {root}/python ] || exec cat {root}/python\nexec {python} "$@"\n',
    **{
        name: f'#!/bin/sh\n[ ! -e {{root}}/{name} ] || exec cat {{root}}/{name}\nexec /usr/bin/{name} "$@"\n'
        for name in ("uname", "df", "date")
    },
}

# A program in the place of ours: small, and as good or bad as the model's name says.
PROGRAM = """
import sys

def main():
    command, *rest = sys.argv[1:]
    content = open(rest[-1], "rb").read() if rest else b""
    version = "{version}"
    if command == "selftest" and b"fails-selftest" in content:
        sys.exit("catdog: model.tflite: answers otherwise on this machine. Take another")
    if command == "run" and (b"never-ready" in content or version == "9.9.9"):
        sys.exit("catdog: camera 0: cannot be opened. Plug it in")
    print(f"ok: {command}")
"""


def program_wheel(folder: Path, version: str = "0.1.0") -> Path:
    """Write a wheel that is named as ours."""
    info = f"catdog_edge-{version}.dist-info"
    files = {
        "catdog_stand_in.py": PROGRAM.replace("{version}", version),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: catdog-edge\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\ncatdog = catdog_stand_in:main\n",
    }
    path = folder / f"catdog_edge-{version}-py3-none-any.whl"
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return path


class Board:
    """An ssh server, a root, and the workstation's own folders."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "root"
        self.home = folder / "home"
        self.bin = folder / "bin"
        for path in (self.root, self.home / ".ssh", self.bin):
            path.mkdir(parents=True)
        self.port = free_port()
        self.layout = Layout(str(self.root), getpass.getuser())
        self.host = f"{getpass.getuser()}@127.0.0.1:{self.port}"
        for name, text in STAND_INS.items():
            (self.bin / name).write_text(text.format(root=self.root, python=sys.executable))
            (self.bin / name).chmod(0o755)
        self._keys()
        self._lock()

    def _keys(self) -> None:
        for name in ("host", "key", "other"):
            finished("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name)
        shutil.copy(self.folder / "key.pub", self.folder / "authorized_keys")
        (self.folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.folder}/host\nPidFile none\nUsePAM no\n"
            f"AuthorizedKeysFile {self.folder}/authorized_keys\nStrictModes no\nPasswordAuthentication no\n"
            f"PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n"
            # HOME: nobody's .bashrc shall put anything before the stand-ins.
            f"SetEnv PATH={self.bin}:/usr/bin:/bin HOME={self.folder}\n"
        )
        (self.folder / "ssh_config").write_text(
            f"Host *\n  IdentityFile {self.folder}/key\n  UserKnownHostsFile {self.folder}/known_hosts\n"
        )

    def _lock(self) -> None:
        """Have pip in the cache, from Python's own copy of it, and a lock that names it alone."""
        cache = self.home / ".cache/catdog/wheels"
        cache.mkdir(parents=True)
        bundled = next(Path(ensurepip.__path__[0], "_bundled").glob("pip-*.whl"))
        shutil.copy(bundled, cache)
        version, digest = bundled.name.split("-")[1], hashlib.sha256(bundled.read_bytes()).hexdigest()
        (self.folder / "lock.txt").write_text(f"pip=={version} \\\n    --hash=sha256:{digest}\n")

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Let the ssh server answer while the block runs."""
        Path("/run/sshd").mkdir(exist_ok=True)
        command = [SSHD, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        with (self.folder / "sshd.log").open("wb") as log:
            server = subprocess.Popen(command, stderr=log)
        try:
            self._wait()
            yield
        finally:
            server.terminate()
            server.wait(30)

    def _wait(self) -> None:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.folder / "sshd.log").read_text())

    def deploy(self, *words: object, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run python -m edge.deploy as a person would, with this board's layout."""
        with self.started(*words) as process:
            out, errors = process.communicate(timeout=300)
        done = subprocess.CompletedProcess(words, process.returncode, out, errors)
        assert expect is None or done.returncode == expect, out + errors
        assert "Traceback" not in errors, errors
        return done

    @contextmanager
    def started(self, *words: object) -> Iterator[subprocess.Popen[str]]:
        """Start it, and leave it to the block."""
        program = (
            "import sys; from pathlib import Path; from edge.deploy.__main__ import main; "
            "from edge.deploy.layout import Layout; "
            f"lock = Path({str(self.folder / 'lock.txt')!r}); "
            f"layout = Layout({self.layout.root!r}, {self.layout.user!r}); "
            "sys.exit(main(sys.argv[1:], layout, lock))"
        )
        config = [] if "--ssh-config" in words else ["--ssh-config", str(self.folder / "ssh_config")]
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "SSH_"))}
        with subprocess.Popen(
            [sys.executable, "-c", program, *map(str, words), *config],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**kept, "HOME": str(self.home)},
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def running(self) -> tuple[str, str]:
        """Return the names of the release and the model that the links point to."""
        release, model = (Path(shelf, "current") for shelf in (self.layout.releases, self.layout.models))
        return release.readlink().name, model.readlink().name

    def restarts(self) -> int:
        file = self.root / "restarts"
        return len(file.read_text().splitlines()) if file.exists() else 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
