"""A board in QEMU: booted, logged in to, its power cut. Only ssh on 127.0.0.1 is open, and there is no way out."""

import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tests.deploy.board import free_port

BOOT_S = 400.0
_SSH = ["-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=accept-new"]


class Pi:
    """A board, on a disk of its own over the common base.

    Args:
        folder: with what tests/pi/build has made.
        name: of the board.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.base, self.folder, self.name = folder, folder / "boards" / name, name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.port = free_port()
        self.host = f"pi@127.0.0.1:{self.port}"
        self.ssh_config = self.folder / "ssh_config"
        known = f"UserKnownHostsFile {self.folder}/known_hosts"
        self.ssh_config.write_text(f"Host *\n  IdentityFile {folder}/key\n  {known}\n")
        self._machine: subprocess.Popen[bytes] | None = None
        disk = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", folder / "base.qcow2", self.disk]
        subprocess.run(list(map(str, disk)), check=True)

    @property
    def disk(self) -> Path:
        """The board's card."""
        return self.folder / "disk.qcow2"

    def boot(self) -> float:
        """Switch it on, wait for ssh, and return the seconds that took."""
        begun_s = time.monotonic()
        serial = self.folder / "serial.log"
        self._machine = subprocess.Popen(
            [
                *(
                    "qemu-system-aarch64",
                    "-name",
                    self.name,
                    "-M",
                    "virt",
                    "-cpu",
                    "cortex-a72",
                    "-smp",
                    "2",
                    "-m",
                    "1024",
                ),
                *("-accel", "tcg,thread=multi,tb-size=256"),
                *("-kernel", str(self.base / "vmlinuz"), "-initrd", str(self.base / "initrd.img")),
                *("-append", "root=/dev/vda rw console=ttyAMA0 quiet"),
                *("-drive", f"if=none,id=d0,format=qcow2,file={self.disk}", "-device", "virtio-blk-pci,drive=d0"),
                *("-netdev", f"user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:22"),
                *("-device", "virtio-net-pci,netdev=n0,romfile=", "-device", "virtio-rng-pci"),
                *("-display", "none", "-monitor", "none", "-serial", f"file:{serial}"),
            ]
        )
        while self.ssh("true", check=False).returncode:
            if self._machine.poll() is not None or time.monotonic() - begun_s > BOOT_S:
                raise AssertionError(f"{self.name} does not come up: see {serial}")
            time.sleep(1)
        return time.monotonic() - begun_s

    def ssh(self, command: str, check: bool = True, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
        """Run a command on the board as user pi."""
        where = [
            "-i",
            str(self.base / "key"),
            "-o",
            f"UserKnownHostsFile={self.folder}/known_hosts",
            "-p",
            str(self.port),
        ]
        line = ["ssh", *_SSH, "-o", "ConnectTimeout=5", *where, "pi@127.0.0.1", command]
        done = subprocess.run(line, capture_output=True, text=True, timeout=timeout_s, check=False)
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def put(self, source: Path, target: str) -> None:
        """Copy a file to the board."""
        where = [
            "-i",
            str(self.base / "key"),
            "-o",
            f"UserKnownHostsFile={self.folder}/known_hosts",
            "-P",
            str(self.port),
        ]
        subprocess.run(["scp", "-q", *_SSH, *where, str(source), f"pi@127.0.0.1:{target}"], check=True, timeout=300)

    def cut(self) -> None:
        """Cut its power: what the board has not flushed to its card is gone."""
        self._end(signal.SIGKILL)

    def off(self) -> None:
        """Shut it down."""
        if self._machine is not None and self._machine.poll() is None:
            self.ssh("sudo systemctl poweroff", check=False)
            try:
                self._machine.wait(180)
            except subprocess.TimeoutExpired:
                self.cut()

    def _end(self, number: int) -> None:
        if self._machine is not None:
            self._machine.send_signal(number)
            self._machine.wait(60)

    # What the camera sees

    def camera(self) -> None:
        """Plug in a webcam that shows a moving test pattern: the kernel's own virtual camera."""
        options = "n_devs=1 node_types=0x1 num_inputs=1 input_types=0 num_outputs=0"
        self.ssh(f"sudo modprobe vivid {options} && sudo udevadm settle && test -c /dev/video0")
        for file, line in (("modprobe.d", f"options vivid {options}"), ("modules-load.d", "vivid")):  # at every boot
            self.ssh(f"echo {line} | sudo tee /etc/{file}/camera.conf")

    def property_(self, name: str) -> str:
        """Return a property of the service."""
        return self.ssh(f"systemctl show catdog -P {shlex.quote(name)}").stdout.strip()

    def wait_for(self, condition: str, limit_s: float) -> float:
        """Wait until a shell condition holds on the board; return the seconds."""
        begun_s = time.monotonic()
        while self.ssh(condition, check=False).returncode:
            assert time.monotonic() - begun_s < limit_s, f"{condition}: not within {limit_s:.0f} s"
            time.sleep(1)
        return time.monotonic() - begun_s
