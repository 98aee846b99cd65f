"""Write text to a terminal, a pipe or a file, past the buffers of Python.

A thread that hangs in `sys.stdout.write` holds its lock, on which the whole process then hangs when it ends; one that
hangs in write(2) holds nothing.
"""

import os
import select
from typing import TextIO


def put(stream: TextIO, text: str) -> None:
    """Write all of `text`, whatever the stream's alphabet: what it lacks becomes a "?".

    Raises:
        OSError: some or all of it could not be written.
    """
    encoding = stream.encoding or "ascii"
    content = text.encode(encoding, "replace")
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):  # a stand-in for a stream
        stream.write(content.decode(encoding))
        return
    while content:
        try:
            content = content[os.write(descriptor, content) :]
        except BlockingIOError:  # somebody else has made it so
            select.select([], [descriptor], [])
