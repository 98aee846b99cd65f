"""The wheel of this checkout and a board's own wheels, run by an emulated processor alone: golden answers of arm64.

    python -m tests.pi.arm64 [--folder .cache/arm64] [MODEL...]

Nothing is booted, and no root is needed: Debian's Python for arm64 is unpacked, never set up, and QEMU runs it with the
wheels that a push would take to such a board. Debian with mmdebstrap and qemu-user-static.
"""

import argparse
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from edge.deploy.kit import build
from edge.deploy.wheels import LOCK, Kind, fetch
from tests.conftest import ROOT

# The cores of a Raspberry Pi 3, 4 and 5. QEMU 7.2's own choice, "max", has instructions that no Pi has, and int8 models
# answer wrongly on it (a probability off by 0.4), where they are exact on these.
CORES = {"3": "cortex-a53", "4": "cortex-a72", "5": "cortex-a76"}
TRIXIE = Kind((3, 13), "aarch64", (2, 41))
_PACKAGES = "python3.13,libpython3.13-stdlib,libstdc++6,zlib1g,base-files"
# LiteRT's cpuinfo library ends the process with a segmentation fault where this file is another processor's.
_CPUINFO = """processor : 0
BogoMIPS : 125.00
Features : fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid
CPU implementer : 0x41
CPU architecture: 8
CPU variant : 0x0
CPU part : 0xd08
CPU revision : 3
"""


def python_tree(folder: Path) -> Path:
    """Return a tree with Debian's Python for arm64, unpacked the first time."""
    tree = folder / "tree"
    if not (tree / "proc/cpuinfo").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mmdebstrap", "--mode=unshare" if os.getuid() else "--mode=root", "--variant=extract"]
        command += ["--architectures=arm64", f"--include={_PACKAGES}", "--format=directory", "trixie", str(tree)]
        subprocess.run(command, check=True, capture_output=True)
        (tree / "proc").mkdir(exist_ok=True)
        (tree / "proc/cpuinfo").write_text(_CPUINFO)
    return tree


def site(folder: Path) -> Path:
    """Return a folder with this checkout's wheel and a board's wheels in it, unpacked."""
    fetched = fetch(LOCK.read_text("utf-8"), TRIXIE, folder / "wheels", False)
    wheels = [build(folder / "built"), *(wheel.path for wheel in fetched)]
    target = folder / "site"
    for wheel in wheels:
        if not wheel.name.startswith("pip-"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(target)
    return target


def selftest(folder: Path, model: Path, core: str) -> subprocess.CompletedProcess[str]:
    """Ask a model its golden pictures on an emulated core."""
    tree = python_tree(folder)
    # Without byte code that is kept, every start would take twice as long.
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    emulator = ["qemu-aarch64-static", "-cpu", core, "-L", str(tree)]
    line = [*emulator, str(tree / "usr/bin/python3.13"), "-m", "edge", "selftest", str(model)]
    environment = {**kept, "PYTHONPATH": str(site(folder))}
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def main() -> int:
    """Ask every model; status 1 where one answers otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.pi.arm64", description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / ".cache" / "arm64", help="what is kept (.cache/arm64)")
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL", help="files (all of models/)")
    options = parser.parse_args()
    failed = 0
    for model in options.models or sorted((ROOT / "models").glob("*.tflite")):
        for board, core in CORES.items():
            done = selftest(options.folder.resolve(), model.resolve(), core)
            print(f"Raspberry Pi {board}: {(done.stdout or done.stderr).strip().splitlines()[-1]}", flush=True)
            failed += done.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
