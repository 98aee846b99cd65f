"""Where things lie on a board, and the unit file that says so to systemd."""

import re
from pathlib import Path

HERE = Path(__file__).parent
GUARD, UNIT, SETTINGS = HERE / "guard", HERE / "catdog.service", HERE / "catdog.conf"
SERVICE = "catdog"
# The first systemd that knows steps on the way from RestartSec to RestartMaxDelaySec (its NEWS, version 254).
_STEPS_SINCE, _ONE_PAUSE_S = 254, 15
_STEPS = ("RestartSteps=", "RestartMaxDelaySec=")


class Layout:
    """Paths on a board whose service runs as `user`; another root than "" lets a test play one."""

    def __init__(self, root: str = "", user: str = "catdog") -> None:
        self.root, self.user = root, user
        self.program = f"{root}/opt/catdog"
        self.wheels = f"{self.program}/wheels"  # what releases were installed from: most of it serves the next, too
        self.releases = f"{self.program}/releases"  # a shelf
        self.catdog = f"{self.releases}/current/venv/bin/catdog"  # the program of the current release
        self.data = f"{root}/var/lib/catdog"  # models, and what the service keeps
        self.models = f"{self.data}/models"  # a shelf
        self.model = f"{self.models}/current/model.tflite"
        self.settings_folder = f"{root}/etc/catdog"
        self.settings = f"{self.settings_folder}/catdog.conf"  # what the service does
        self.signers = f"{self.settings_folder}/signers"  # whose signatures count, as `ssh-keygen -Y verify` wants them
        # Where systemd looks: a link to the unit file of the current release, and one by which it starts at every boot.
        self.unit = f"{root}/etc/systemd/system/catdog.service"
        self.wanted = f"{root}/etc/systemd/system/multi-user.target.wants/catdog.service"

    def guard(self, *words: str, release: str = "current") -> str:
        """Return the command that calls the guard of a release."""
        environment = f"env CATDOG_ROOT={self.root} " if self.root else ""
        return f"{environment}/bin/sh {self.releases}/{release}/guard {' '.join(words)}"


def watchdog_s() -> float:
    """Return after how many seconds without a look systemd restarts the service."""
    found = re.search(r"^WatchdogSec=(\d+)$", UNIT.read_text("utf-8"), re.MULTILINE)
    assert found is not None
    return float(found[1])


def unit(layout: Layout, systemd: int) -> str:
    """Return the unit file for a board with such a version of systemd."""
    lines = UNIT.read_text("utf-8").splitlines()
    if systemd < _STEPS_SINCE:
        lines = [line for line in lines if not line.startswith(_STEPS)]
        lines = [f"RestartSec={_ONE_PAUSE_S}" if line.startswith("RestartSec=") else line for line in lines]
    text = "\n".join(lines) + "\n"
    if layout.root:
        for folder in ("/opt/catdog", "/etc/catdog", "/var/lib/catdog"):
            text = text.replace(folder, f"{layout.root}{folder}")
    return text
