"""Read tables of a flatbuffer, which a .tflite file is, without the classes that are generated for each schema.

https://flatbuffers.dev/internals: a table begins with the distance back to its vtable, which says where its fields are.
Importing TensorFlow Lite's generated classes takes longer than the whole runner.
"""

import struct
from typing import NamedTuple


def u32(content: bytes, at: int) -> int:
    """Return an unsigned number of 32 bits."""
    return int(struct.unpack_from("<I", content, at)[0])


def root(content: bytes) -> "Table":
    """Return the table that all others hang on."""
    return Table(content, u32(content, 0))


class Table(NamedTuple):
    """A table: the whole buffer, and where in it this begins."""

    content: bytes
    at: int

    def places(self) -> dict[int, int]:
        """Return slot -> position of every field that this table has."""
        vtable = self.at - struct.unpack_from("<i", self.content, self.at)[0]
        size = struct.unpack_from("<H", self.content, vtable)[0]
        places = struct.unpack_from(f"<{size // 2 - 2}H", self.content, vtable + 4)
        return {slot: self.at + place for slot, place in enumerate(places) if place}

    def _target(self, slot: int) -> int | None:
        place = self.places().get(slot)
        return None if place is None else place + u32(self.content, place)

    def number(self, slot: int, form: str) -> int:
        """Return a field that is a plain number in struct's `form`; 0 where it is left out."""
        place = self.places().get(slot)
        return 0 if place is None else int(struct.unpack_from(f"<{form}", self.content, place)[0])

    def numbers(self, slot: int) -> list[int]:
        """Return a field that is a vector of int32."""
        at = self._target(slot)
        return [] if at is None else list(struct.unpack_from(f"<{u32(self.content, at)}i", self.content, at + 4))

    def table(self, slot: int) -> "Table | None":
        """Return a field that is a table."""
        at = self._target(slot)
        return None if at is None else Table(self.content, at)

    def raw(self, slot: int) -> bytes:
        """Return a field that is a vector of bytes."""
        at = self._target(slot)
        return b"" if at is None else self.content[at + 4 : at + 4 + u32(self.content, at)]

    def tables(self, slot: int) -> list["Table"]:
        """Return a field that is a vector of tables."""
        at = self._target(slot)
        if at is None:
            return []
        starts = range(at + 4, at + 4 + 4 * u32(self.content, at), 4)
        return [Table(self.content, start + u32(self.content, start)) for start in starts]
