"""Why an address gives no stream: FFmpeg only says that it does not open, so its server is asked once, plainly."""

import re
import socket
import ssl

from edge import __version__
from edge.capture.network import SCHEMES

_ASKED = frozenset({"http", "https", "rtsp", "rtsps"})  # whose servers answer a plain question

Diagnosis = tuple[str, str]  # what is wrong, what to do


def diagnose(url: str, timeout_s: float, silent: bool) -> Diagnosis:
    """Say what is wrong with a stream that did not open, and what to do about it.

    Args:
        url: its address; credentials in it are not sent and not shown.
        timeout_s: for connecting, and for the answer.
        silent: the stream ran into its timeout, so that there is no use in waiting for an answer again.
    """
    scheme, host, port, path = _parts(url)
    if not host:
        return "names no host", f"Write {scheme}://HOST/PATH"
    if not port:  # what is received, not asked for: there is no server
        return "sends no picture", "Check that something sends to this address"
    try:
        with socket.create_connection((host, port), timeout_s) as connection:
            if silent or scheme not in _ASKED:
                return "accepts the connection and then sends no picture", "Check the path, or restart the camera"
            return _judge(_ask(connection, scheme, host, path), scheme)
    except socket.gaierror:
        return "has a host name that cannot be found", "Check its spelling and the network"
    except ConnectionRefusedError:
        return f"refuses connections to port {port}", "Check the port, and that the camera's stream is switched on"
    except TimeoutError:
        return "does not answer", "Check the address, and that the camera is on"
    except (OSError, UnicodeError) as fault:
        return f"cannot be reached ({getattr(fault, 'strerror', None) or 'no such host'})", "Check address and network"


def _parts(url: str) -> tuple[str, str, int, str]:
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    path = rest[len(authority) :]
    found = re.fullmatch(r"(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?", authority.rpartition("@")[2])
    if found is None:
        return scheme, "", 0, ""
    return scheme, found[1] or found[2], int(found[3] or SCHEMES[scheme]), path or "/"


def _ask(connection: socket.socket, scheme: str, host: str, path: str) -> bytes:
    """Return the first bytes of the server's answer, status line and headers, at most 2,000."""
    if scheme.endswith("s"):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # cameras sign their own
        connection = context.wrap_socket(connection, server_hostname=host)
    if scheme.startswith("rtsp"):
        question = f"DESCRIBE {scheme}://{host}{path} RTSP/1.0\r\nCSeq: 1\r\n"
    else:
        question = f"GET {path} HTTP/1.0\r\nHost: {host}\r\n"
    connection.sendall(f"{question}User-Agent: catdog-edge/{__version__}\r\n\r\n".encode())
    return connection.recv(2000)


def _judge(answer: bytes, scheme: str) -> Diagnosis:
    status = re.match(rb"(?:HTTP|RTSP)/\d\.\d (\d{3})", answer)
    if status is None:
        return f"does not speak {scheme}", "Check scheme and port"
    code = int(status[1])
    if code in (401, 403):
        return f"asks for a user and password, or refuses them ({code})", f"Write {scheme}://USER:PASSWORD@HOST/PATH"
    if code in (404, 454):
        return f"has nothing at this path ({code})", "Look the stream's path up in the camera's manual"
    if code >= 300:
        return f"answers with an error ({code})", "Open the address in a browser or VLC, or restart the camera"
    kind = re.search(rb"(?i)\r\ncontent-type: *([\w/.+-]+)", answer)
    if kind and kind[1].lower().startswith((b"multipart/", b"video/")):
        return "sends no picture in time", "Try again, or with a longer --timeout"
    what = f", but {kind[1].decode()}" if kind else ""
    wrong = f"answers, but sends no picture or video{what}"
    return wrong, "Give the stream's own address, not that of the camera's web page"
