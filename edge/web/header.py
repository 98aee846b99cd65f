"""How large a photo says that it is, read from its first bytes, before anything is decoded.

Three formats, which are what phones and browsers send. JPEG: ITU-T T.81, annex B. PNG: W3C PNG, 11.2.2. WebP: RFC 9649.
"""

import struct

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers SOF; the three are tables
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_SCANS = 100  # a progressive JPEG has some ten; each costs a walk through all of its pixels


def size_of(content: bytes) -> tuple[int, int] | None:
    """Return (height, width) in pixels as a photo states them; None where it is no JPEG, PNG or WebP that does."""
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg(content) if content.count(b"\xff\xda") <= _SCANS else None
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and len(content) >= 24:
        width, height = struct.unpack_from(">II", content, 16)
        return height, width
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP" and len(content) >= 30:
        return _webp(content)
    return None


def _jpeg(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(content):
        if content[at] != 0xFF:
            return None
        marker = content[at + 1]
        if marker == 0xFF:  # fill
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return height, width
        elif marker == 0xDA:  # the picture before its size
            return None
        else:
            at += 2 + max(2, int.from_bytes(content[at + 2 : at + 4], "big"))
    return None


def _webp(content: bytes) -> tuple[int, int] | None:
    kind = content[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(content[27:30], "little"), 1 + int.from_bytes(content[24:27], "little")
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return height & 0x3FFF, width & 0x3FFF
    if kind == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return 1 + (bits >> 14 & 0x3FFF), 1 + (bits & 0x3FFF)
    return None
