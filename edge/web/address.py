"""HOST:PORT as people write it, and the listening socket that it becomes."""

import errno
import socket
import sys
from contextlib import suppress
from ipaddress import ip_address

from edge.errors import InputError

OPTION = "--web"
_HIGHEST_PORT = 65_535
# What waits in the kernel for a slow viewer is old before it arrives, so there is room for little of it.
_SEND_BYTES = 65_536
# A client that reads nothing for so long is dropped by the kernel itself; accepted sockets inherit it.
_UNREAD_MS = 20_000
_TCP_USER_TIMEOUT = 18  # Linux; Python names it there only


def parse(text: str) -> tuple[str, int]:
    """Return the host and the port that HOST:PORT means; :PORT is of this machine alone, port 0 any free one.

    Raises:
        InputError: it is no HOST:PORT.
    """
    host, colon, port = text.rpartition(":")
    host = host or "127.0.0.1"
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:  # an IPv6 address whose end is no port
        port = ""
    if not colon or not (port.isascii() and port.isdecimal() and int(port) <= _HIGHEST_PORT):
        remedy = f"Give an address such as 0.0.0.0:8000, and what to watch before it: catdog run SOURCE {OPTION}"
        raise InputError(f"{OPTION} {text}", "is no HOST:PORT", remedy)
    return host, int(port)


def listen(text: str) -> socket.socket:
    """Return a socket that listens at HOST:PORT; who calls is answered once the server runs.

    Raises:
        InputError: it is no address, not one of this machine, or in use.
    """
    host, port = parse(text)
    name = f"{OPTION} {text}"
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise InputError(name, "has a host that nobody knows", "Give an address of this machine, or 0.0.0.0") from None
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BYTES)
        if sys.platform == "linux":
            listening.setsockopt(socket.IPPROTO_TCP, _TCP_USER_TIMEOUT, _UNREAD_MS)
        listening.bind(address)
        listening.listen(128)
    except OSError as fault:
        listening.close()
        raise InputError(name, *_reason(fault, port)) from None
    return listening


def _reason(fault: OSError, port: int) -> tuple[str, str]:
    if fault.errno == errno.EADDRINUSE:
        return "is in use by another program", f"Choose another port, such as {port % _HIGHEST_PORT + 1}, or end it"
    if fault.errno == errno.EACCES:
        return "is a port for administrators", "Choose one from 1024 on"
    return f"cannot be listened at ({fault.strerror})", "Give an address of this machine, or 0.0.0.0 for all of them"


def is_loopback(listening: socket.socket) -> bool:
    """True where only this machine can call."""
    return ip_address(str(listening.getsockname()[0]).partition("%")[0]).is_loopback


def url(listening: socket.socket) -> str:
    """Return the address to open: where all addresses are listened at, the one that others reach this machine by."""
    host, port = listening.getsockname()[:2]
    if ip_address(host.partition("%")[0]).is_unspecified:
        host = _outward(listening.family) or socket.gethostname()
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _outward(family: int) -> str:
    """Return the address of this machine on its network; nothing is sent to find out."""
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.connect(("192.0.2.1" if family == socket.AF_INET else "2001:db8::1", 9))  # of documentation: RFC 5737
        return str(asking.getsockname()[0])
    return ""
