"""A board over ssh: facts read and steps done by pyinfra, one state for each board, so that none waits for another.

The only file that knows pyinfra. What it logs is kept quiet: people read our own lines.
"""

import io
import logging
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from paramiko import Transport
from pyinfra.api import Config, FactBase, FileUploadCommand, Inventory, QuoteString, State, StringCommand, operation
from pyinfra.api.exceptions import ConnectError, NestedOperationError, PyinfraError
from pyinfra.connectors.ssh import SSHConnector
from pyinfra.context import ctx_host, ctx_state

from edge.deploy.facts import SCRIPT, Facts, parse
from edge.deploy.hosts import Target, diagnose
from edge.deploy.items import Step, Upload
from edge.deploy.layout import Layout
from edge.errors import CatdogError

_CONNECT_S = 15
_CHANNEL_S = 60
_FACTS_S = 120
_LOCK_S = 200
_ALIVE_S = 10  # between two signs of life to the board


class Access(NamedTuple):
    """How to get in, and how many times longer to wait than for a usual board."""

    ssh_config: Path | None = None
    key: Path | None = None
    sudo_password: str = ""
    patience: float = 1.0

    def wait_s(self, seconds: float) -> int:
        """Return how long to wait for what takes so many seconds at most on a usual board."""
        return round(seconds * self.patience)


class BoardFacts(FactBase[Facts]):
    """What facts.sh says."""

    def command(self, root: str, user: str) -> StringCommand:
        return StringCommand(
            "sh", "-s", "--", f"'{root}'", user, "<<'END_OF_FACTS'\n" + SCRIPT.read_text("utf-8") + "END_OF_FACTS"
        )

    def process(self, output: list[str]) -> Facts:
        return parse(output)


@operation(is_idempotent=False)  # what is already as wanted is left out by the plan
def carry_out(step: Step, lock: str) -> Generator[FileUploadCommand | StringCommand, None, None]:
    """Do the work of a step, in its order; the first that fails ends it.

    Args:
        step: what to do.
        lock: a folder of the board to hold meanwhile: a push that was cut off may still be at work there.
    """
    for piece in step.work:
        if isinstance(piece, Upload):
            source = io.BytesIO(piece.source) if isinstance(piece.source, bytes) else str(piece.source)
            yield FileUploadCommand(source, piece.target)
        else:
            yield StringCommand("flock", "-w", str(_LOCK_S), lock, "sh", "-c", QuoteString(piece))


class Board:
    """A board, to be connected."""

    def __init__(self, target: Target, access: Access, layout: Layout) -> None:
        self.target, self.access, self.layout = target, access, layout
        for logger in map(logging.getLogger, ("pyinfra", "paramiko")):
            logger.handlers, logger.propagate = [logging.NullHandler()], False
        connect_s = access.wait_s(_CONNECT_S)
        # paramiko has limits of its own besides: to the server's first line, and to the end of logging in.
        waits = {
            "banner_timeout": connect_s,
            "auth_timeout": 2 * connect_s,
            "channel_timeout": access.wait_s(_CHANNEL_S),
        }
        data = {
            "ssh_hostname": target.host,
            "ssh_user": target.user,
            "ssh_port": target.port,
            "ssh_config_file": str(access.ssh_config or ""),
            "ssh_key": str(access.key or ""),
            "ssh_paramiko_connect_kwargs": waits,
        }
        inventory = Inventory(([(target.word, {name: value for name, value in data.items() if value})], {}))
        # /tmp may lie in memory, of which a small board has little.
        config = Config(CONNECT_TIMEOUT=connect_s, TEMP_DIR="/var/tmp")  # noqa: S108
        self._state = State(inventory, config, check_for_changes=False)
        self._host = inventory.get_host(target.word)
        self._state.is_executing = True  # so that each operation is carried out when it is called
        self._root = False

    @contextmanager
    def connected(self) -> Iterator["Board"]:
        """Connect for as long as the block runs.

        Raises:
            CatdogError: the board cannot be reached.
        """
        Path.home().joinpath(".ssh").mkdir(mode=0o700, exist_ok=True)  # for the key of a board that is new to us
        try:
            self._host.connect(raise_exceptions=True)
        except (ConnectError, PyinfraError) as fault:
            wrong, remedy = diagnose(fault.__context__ or fault, self.target)
            raise CatdogError(self.target.word, wrong, remedy) from None
        try:
            self._transport().set_keepalive(_ALIVE_S)
            self._state.activate_host(self._host)
            yield self
        finally:
            self._host.disconnect()

    def learn(self) -> Facts:
        """Return what the board is, and what is on it."""
        limit_s = self.access.wait_s(_FACTS_S)
        with self._here("its facts", limit_s):
            facts = self._host.get_fact(BoardFacts, root=self.layout.root, user=self.layout.user, _timeout=limit_s)
        if not isinstance(facts, Facts) or not facts.machine:
            raise CatdogError(self.target.word, "does not say what it is", f"See whether ssh {self.target.word} works")
        self._root = facts.root
        return facts

    def do(self, step: Step) -> list[str]:
        """Carry out a step as root, and return what it printed.

        Raises:
            CatdogError: it failed; what it printed last is told.
        """
        lock, limit_s = self.layout.root or "/var/lib", self.access.wait_s(step.limit_s)
        sudo, password = not self._root, self.access.sudo_password or None
        with self._here(step.words, limit_s):
            done = carry_out(
                step=step, lock=lock, name=step.words, _timeout=limit_s, _sudo=sudo, _sudo_password=password
            )
        return list(done.stdout_lines)

    @contextmanager
    def _here(self, words: str, limit_s: float) -> Iterator[None]:
        """Let pyinfra work on this board; what it raises becomes a CatdogError that names the step."""
        end_s = time.monotonic() + limit_s
        remedy = "Push again when it is back"
        try:
            with ctx_state.use(self._state), ctx_host.use(self._host):
                yield
        except NestedOperationError as fault:
            said = self._state.get_op_data_for_host(self._host, fault.args[0]).operation_meta
            lines = [line.strip() for line in (*said.stdout_lines, *said.stderr_lines) if line.strip()]
            why, remedy = lines[-1] if lines else self._silence(end_s), "See docs/raspberry-pi.md, Trouble"
        except PyinfraError:
            why = self._silence(end_s)
        except (OSError, EOFError) as fault:
            why = str(fault) or type(fault).__name__
        else:
            return
        raise CatdogError(f"{self.target.word}: {words}", f"failed ({why})", remedy)

    def _silence(self, end_s: float) -> str:
        if not self._transport().is_active():
            return "the connection was lost"
        return "it takes too long" if time.monotonic() >= end_s else "it says nothing"

    def _transport(self) -> Transport:
        connector = self._host.connector
        assert isinstance(connector, SSHConnector)
        assert connector.client is not None
        transport = connector.client.get_transport()
        assert transport is not None
        return transport
