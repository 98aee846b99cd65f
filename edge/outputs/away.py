"""What is wrong with a server that cannot be reached, in words that repeat nothing of its address."""

import socket
import ssl

_KINDS = (
    (socket.gaierror, "is a name that no host is known by"),
    (ConnectionRefusedError, "refuses connections"),
    (ssl.SSLCertVerificationError, "has a certificate that this machine does not trust"),
    (ConnectionError, "hung up"),
)


def describe(fault: object, timeout_s: float, otherwise: str = "cannot be reached") -> str:
    """Say what went wrong, else `otherwise`, without the words of the libraries: those would repeat the address."""
    if isinstance(fault, TimeoutError):
        return f"did not answer within {timeout_s:g} s"
    for kind, words in _KINDS:
        if isinstance(fault, kind):
            return words
    return f"{otherwise} ({getattr(fault, 'strerror', None) or type(fault).__name__})"
