"""What the bytes of a picture file say of it, before and whether or not it is decoded: format, colour mode, rotation.

OpenCV decodes nearly everything to 8-bit colour without a word, and some files that were cut off as well. Training
libraries differ there: tf.io ignores EXIF rotation and reads no TIFF, Pillow keeps CMYK. So a person should know.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png",),
    "GIF": (".gif",),
    "WebP": (".webp",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "AVIF": (".avif",),
    "JPEG 2000": (".jp2",),
    "PNM": (".ppm", ".pgm"),
}
OTHERS = (  # what people put into photo folders, and no decoder here reads
    (b"<", "HTML or XML"),
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "ZIP"),
    (b"\x1a\x45\xdf\xa3", "video"),
    (b"8BPS", "Photoshop"),
    (b"version https://git-lfs", "Git LFS pointer"),
)
_ORIENTATION = 0x0112  # Exif 2.3, section 4.6.4


class Facts(NamedTuple):
    """What a file's bytes say."""

    format: str  # a key of SUFFIXES, one of OTHERS, "HEIC", "video", "empty" or "unknown"
    mode: str = "colour"  # or what is unusual, by commas: "grey", "palette", "alpha", "CMYK", "16 bits"
    animated: bool = False  # more than one picture in it
    orientation: int = 1  # EXIF's 1..8; 1 is upright
    whole: bool = True  # False where the end of the file is missing

    def fits(self, suffix: str) -> bool:
        """True when a file name's suffix says this format."""
        return suffix.lower() in SUFFIXES.get(self.format, ())


def inspect(content: bytes) -> Facts:
    """Return the facts of a file; any bytes at all are answered."""
    try:
        return _inspect(content)
    except (struct.error, IndexError):  # a header that ends early
        return Facts(_name(content), whole=False)


def _inspect(content: bytes) -> Facts:
    name = _name(content)
    readers = {"JPEG": _jpeg, "PNG": _png, "GIF": _gif, "WebP": _webp, "BMP": _bmp, "TIFF": _tiff}
    if name in readers:
        return readers[name](content)
    if name == "AVIF":
        return Facts(name, animated=content[8:12] == b"avis")
    if name == "PNM":
        return Facts(name, "grey" if content[1:2] in b"25" else "colour")
    return Facts(name)


def _name(content: bytes) -> str:
    if not content:
        return "empty"
    starts = (
        (b"\xff\xd8\xff", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"GIF8", "GIF"),
        (b"BM", "BMP"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"\0\0\0\x0cjP  ", "JPEG 2000"),
        *((b"P%d" % kind, "PNM") for kind in (2, 3, 5, 6)),
        *OTHERS,
    )
    if content[:4] == b"RIFF":
        return "WebP" if content[8:12] == b"WEBP" else "video"
    if content[4:8] == b"ftyp":
        return {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIC"}.get(
            content[8:12], "video"
        )
    return next((name for start, name in starts if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(start)), "unknown")


def _mode(grey: bool, *more: tuple[bool, str]) -> str:
    return ", ".join([*(["grey"] if grey else []), *(name for is_so, name in more if is_so)]) or "colour"


def _jpeg(content: bytes) -> Facts:
    """Read the segments up to the scan (ITU-T T.81, annex B); entropy-coded data never holds FF D9 but at its end."""
    at, channels, bits, orientation = 2, 3, 8, 1
    while True:
        while content[at] == 0xFF and content[at + 1] == 0xFF:  # fill bytes
            at += 1
        marker, (length,) = content[at + 1], struct.unpack_from(">H", content, at + 2)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits, channels = content[at + 4], content[at + 9]
        if marker == 0xE1 and content[at + 4 : at + 10] == b"Exif\0\0":
            orientation = _orientation(content[at + 10 : at + 2 + length])
        at += 2 + length
        if marker == 0xDA:
            break
    mode = _mode(channels == 1, (channels == 4, "CMYK"), (bits > 8, f"{bits} bits"))
    return Facts("JPEG", mode, orientation=orientation, whole=content.find(b"\xff\xd9", at) >= 0)


def _png(content: bytes) -> Facts:
    """Read the chunks (W3C PNG, third edition)."""
    bits, colour = content[24], content[25]
    orientation, animated, transparent, whole = 1, False, colour in (4, 6), False
    for kind, body in _chunks(content, 8, ">I", before=True):
        animated |= kind == b"acTL"
        transparent |= kind == b"tRNS"
        whole |= kind == b"IEND"
        if kind == b"eXIf":
            orientation = _orientation(body)
    mode = _mode(colour in (0, 4), (colour == 3, "palette"), (transparent, "alpha"), (bits > 8, f"{bits} bits"))
    return Facts("PNG", mode, animated, orientation, whole)


def _chunks(content: bytes, at: int, form: str, before: bool) -> Iterator[tuple[bytes, bytes]]:
    """Yield (kind, body) of the chunks of a PNG (`before`: length, kind, body, checksum) or a RIFF (kind, length)."""
    while at + 8 <= len(content):
        (length,) = struct.unpack_from(form, content, at if before else at + 4)
        yield content[at + 4 : at + 8] if before else content[at : at + 4], content[at + 8 : at + 8 + length]
        at += 8 + length + (4 if before else length % 2)


def _webp(content: bytes) -> Facts:
    """Read the chunks (RFC 9649)."""
    (size,) = struct.unpack_from("<I", content, 4)
    orientation, flags = 1, 0
    for kind, body in _chunks(content, 12, "<I", before=False):
        if kind == b"VP8X":
            flags = body[0]
        if kind == b"VP8L":
            flags |= body[4] & 0x10  # the header's bit "alpha is used" happens to lie where VP8X has its own
        if kind == b"EXIF":
            orientation = _orientation(body.removeprefix(b"Exif\0\0"))
    return Facts(
        "WebP", _mode(False, (bool(flags & 0x10), "alpha")), bool(flags & 2), orientation, len(content) >= size + 8
    )


def _gif(content: bytes) -> Facts:
    """Walk the blocks (GIF89a specification) and count the pictures."""
    at, pictures = 13 + _table(content[10]), 0
    while at < len(content) and content[at] != 0x3B:
        if content[at] == 0x21:
            at += 2
        else:
            pictures += 1
            at += 11 + _table(content[at + 9])
        while content[at]:  # sub-blocks, each with its length, up to one of no length
            at += content[at] + 1
        at += 1
    return Facts("GIF", "palette", pictures > 1, whole=at < len(content))


def _table(flags: int) -> int:
    """Return the length in bytes of the colour table that a GIF's flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _bmp(content: bytes) -> Facts:
    (size,), (bits,) = struct.unpack_from("<I", content, 2), struct.unpack_from("<H", content, 28)
    return Facts("BMP", _mode(False, (bits <= 8, "palette"), (bits == 32, "alpha")), whole=len(content) >= size)


def _tiff(content: bytes) -> Facts:
    """Read the first directory (TIFF 6.0)."""
    tags, after = _directory(content)
    bits, colour, samples = tags.get(258, 1), tags.get(262, 2), tags.get(277, 1)
    mode = _mode(
        colour in (0, 1),
        (colour == 3, "palette"),
        (colour == 5, "CMYK"),
        (colour == 2 and samples > 3, "alpha"),
        (bits in (12, 16, 32), f"{bits} bits"),
    )
    return Facts("TIFF", mode, after > 0, tags.get(_ORIENTATION, 1))


def _orientation(exif: bytes) -> int:
    """Return EXIF's orientation, 1 (upright) where there is none or the block is damaged."""
    try:
        found = _directory(exif)[0].get(_ORIENTATION, 1)
    except (struct.error, IndexError):
        return 1
    return found if 1 <= found <= 8 else 1


def _directory(content: bytes) -> tuple[dict[int, int], int]:
    """Return {tag: its first number} of a TIFF's first directory, and where the next one lies (0: nowhere)."""
    order = "<" if content[:2] == b"II" else ">"
    (at,) = struct.unpack_from(order + "I", content, 4)
    (count,) = struct.unpack_from(order + "H", content, at)
    tags = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(order + "HHI", content, entry)
        if kind == 3:  # 16-bit numbers; more than two lie elsewhere in the file
            where = entry + 8 if values <= 2 else struct.unpack_from(order + "I", content, entry + 8)[0]
            tags[tag] = struct.unpack_from(order + "H", content, where)[0]
    return tags, struct.unpack_from(order + "I", content, at + 2 + 12 * count)[0]
