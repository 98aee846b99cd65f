"""Where things lie on a board, and the unit file that says so to systemd."""

import re
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
GUARD, UNIT, SETTINGS = HERE / "guard", HERE / "catdog.service", HERE / "catdog.conf"
SERVICE = "catdog"
# The first systemd that knows steps on the way from RestartSec to RestartMaxDelaySec (its NEWS, version 254).
_STEPS_SINCE, _ONE_PAUSE_S = 254, 15
_STEPS = ("RestartSteps=", "RestartMaxDelaySec=")


class Layout(NamedTuple):
    """Paths on a board; another root than "" lets a test play one.

    Attributes:
        root: before every path.
        user: that the service runs as.
    """

    root: str = ""
    user: str = "catdog"

    @property
    def program(self) -> str:
        """The folder of releases and wheels."""
        return f"{self.root}/opt/catdog"

    @property
    def releases(self) -> str:
        """The shelf of releases."""
        return f"{self.program}/releases"

    @property
    def wheels(self) -> str:
        """What releases were installed from: most of it serves the next one, too."""
        return f"{self.program}/wheels"

    @property
    def data(self) -> str:
        """The folder of models and of what the service keeps."""
        return f"{self.root}/var/lib/catdog"

    @property
    def models(self) -> str:
        """The shelf of models."""
        return f"{self.data}/models"

    @property
    def settings_folder(self) -> str:
        """Settings, and whose signatures count."""
        return f"{self.root}/etc/catdog"

    @property
    def settings(self) -> str:
        """What the service does."""
        return f"{self.settings_folder}/catdog.conf"

    @property
    def signers(self) -> str:
        """Whose signatures count, as `ssh-keygen -Y verify` wants them."""
        return f"{self.settings_folder}/signers"

    @property
    def units(self) -> str:
        """Where systemd looks for units of the administrator."""
        return f"{self.root}/etc/systemd/system"

    @property
    def catdog(self) -> str:
        """The program of the current release."""
        return f"{self.releases}/current/venv/bin/catdog"

    @property
    def model(self) -> str:
        """The current model."""
        return f"{self.models}/current/model.tflite"

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
