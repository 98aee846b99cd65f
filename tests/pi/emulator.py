"""A board in QEMU: booted, logged in to, its power cut. Only ssh on 127.0.0.1 is open, and there is no way out.

A board is a folder, and outlives the program: one that runs is found again by its process, one that is off by its card.
"""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.deploy.board import free_port

# Emulated on a busy machine, a boot takes ten times as long as on a quiet one.
BOOT_S, WAIT_S, SSH_S = 2400.0, 2400.0, 900.0
_SSH = ["-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=accept-new"]
# The core of a Raspberry Pi 4: on QEMU's own choice int8 models answer wrongly (tests/pi/arm64.py).
_MACHINE = ["-M", "virt", "-cpu", "cortex-a72", "-smp", "1", "-m", "1024", "-accel", "tcg,tb-size=256"]
_DEVICES = ["-device", "virtio-blk-pci,drive=d0", "-device", "virtio-net-pci,netdev=n0,romfile="]
_DEVICES += ["-device", "virtio-rng-pci", "-display", "none", "-monitor", "none"]
_DEVICES += ["-device", "i6300esb", "-action", "watchdog=reset"]  # a hardware watchdog, which nothing uses unless told


class Pi:
    """A board, on a card of its own over the common base.

    Args:
        base: with what tests/pi/build has made.
        name: of the board.
    """

    def __init__(self, base: Path, name: str) -> None:
        self.base, self.folder, self.name = base, base / "boards" / name, name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self._kept_port()
        self.host = f"pi@127.0.0.1:{self.port}"
        self.ssh_config = self.folder / "ssh_config"
        known = f"UserKnownHostsFile {self.folder}/known_hosts"
        self.ssh_config.write_text(f"Host *\n  IdentityFile {base}/key\n  {known}\n")

    def _kept_port(self) -> int:
        file = self.folder / "port"
        if not file.exists():
            file.write_text(f"{free_port()}\n")
        return int(file.read_text())

    def throw_away(self) -> None:
        """Cut its power and forget its card: the next boot is that of a new board."""
        self.cut()
        for name in ("disk.qcow2", "known_hosts"):
            (self.folder / name).unlink(missing_ok=True)

    @property
    def process(self) -> int:
        """The emulator's process; 0 where it is off. A number that was reused by another program is none."""
        with suppress(OSError, ValueError):
            number = int((self.folder / "pid").read_text())
            if str(self.folder / "disk.qcow2") in Path(f"/proc/{number}/cmdline").read_text():
                return number
        return 0

    def boot(self) -> float:
        """Switch it on unless it is, wait for ssh, and return the seconds that took."""
        begun_s = time.monotonic()
        if not self.process:
            self._switch_on()
        while self.ssh("true", check=False).returncode:
            if not self.process or time.monotonic() - begun_s > BOOT_S:
                raise AssertionError(f"{self.name} does not come up: see {self.folder}/serial.log")
            time.sleep(2)
        self._stay_connected()
        return time.monotonic() - begun_s

    def _stay_connected(self) -> None:
        """Log in once for all commands: under emulation the handshake alone takes a minute."""
        line = ["ssh", "-M", "-N", "-f", *self._where("-p"), "pi@127.0.0.1"]
        if self.ssh("true", check=False, more=("-O", "check")).returncode:
            subprocess.run(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=SSH_S)

    def hang_up(self) -> None:
        """Log out: a connection to a board that is gone would be waited for."""
        self.ssh("true", check=False, more=("-O", "exit"))

    def _switch_on(self) -> None:
        card = self.folder / "disk.qcow2"
        if not card.exists():
            make = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", self.base / "base.qcow2", card]
            subprocess.run(list(map(str, make)), check=True)
        line = ["qemu-system-aarch64", "-name", self.name, *_MACHINE, "-kernel", self.base / "vmlinuz"]
        line += ["-initrd", self.base / "initrd.img", "-append", "root=/dev/vda rw console=ttyAMA0"]
        line += ["-drive", f"if=none,id=d0,format=qcow2,file={card}", *_DEVICES]
        line += ["-netdev", f"user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:22"]
        line += ["-serial", f"file:{self.folder}/serial.log", "-pidfile", self.folder / "pid", "-daemonize"]
        subprocess.run(list(map(str, line)), check=True)

    def _where(self, port: str) -> list[str]:
        known = f"UserKnownHostsFile={self.folder}/known_hosts"
        words = ["-i", str(self.base / "key"), "-o", known, "-o", "ConnectTimeout=300", "-o", "ServerAliveInterval=60"]
        return [*_SSH, *words, "-o", f"ControlPath={self.folder}/ssh", port, str(self.port)]

    def ssh(self, command: str, check: bool = True, more: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Run a command on the board as user pi."""
        line = ["ssh", *more, *self._where("-p"), "pi@127.0.0.1", command]
        done = subprocess.run(line, capture_output=True, text=True, timeout=SSH_S, check=False)
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def put(self, source: Path, target: str) -> None:
        """Copy a file to the board."""
        line = ["scp", "-q", *self._where("-P"), str(source), f"pi@127.0.0.1:{target}"]
        subprocess.run(line, check=True, timeout=SSH_S)

    def cut(self) -> None:
        """Cut its power: what the board has not flushed to its card is gone."""
        if process := self.process:
            os.kill(process, signal.SIGKILL)
            while self.process:
                time.sleep(0.1)
            self.hang_up()

    def off(self) -> None:
        """Shut it down, if it is on."""
        if self.process:
            with suppress(subprocess.TimeoutExpired):
                self.ssh("sudo systemctl poweroff", check=False)
            limit_s = time.monotonic() + WAIT_S
            while self.process and time.monotonic() < limit_s:
                time.sleep(1)
            self.cut()

    def camera(self) -> None:
        """Plug in a webcam that shows a moving test pattern: the kernel's own virtual camera."""
        options = "n_devs=1 node_types=0x1 num_inputs=1 input_types=0 num_outputs=0"
        self.ssh(f"sudo modprobe vivid {options} && sudo udevadm settle && test -c /dev/video0")
        for file, line in (("modprobe.d", f"options vivid {options}"), ("modules-load.d", "vivid")):  # at every boot
            self.ssh(f"sudo mkdir -p /etc/{file} && echo {line} | sudo tee /etc/{file}/camera.conf")

    def property_(self, name: str) -> str:
        """Return a property of the service."""
        return self.ssh(f"systemctl show catdog -P {name}").stdout.strip()

    def wait_for(self, condition: str, limit_s: float = WAIT_S) -> float:
        """Wait until a shell condition holds on the board; return the seconds."""
        begun_s = time.monotonic()
        while self.ssh(condition, check=False).returncode:
            assert time.monotonic() - begun_s < limit_s, f"{condition}: not within {limit_s:.0f} s"
            time.sleep(8)  # asking takes a slow board several seconds, which the service then lacks
        return time.monotonic() - begun_s
