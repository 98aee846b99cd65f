"""TFLite Metadata, so that other tools understand our files: what the tensors mean, and where the labels are named.

The standard is metadata_schema.fbs of TensorFlow Lite Support (version 1.5.0). A model holds it as a flatbuffer of its
own, in a buffer that an entry `TFLITE_METADATA` of the model's table `metadata` points to. No maintained writer
exists; this one writes the few tables that an image classifier needs.
"""

import struct
from collections.abc import Mapping

import flatbuffers

from edge import flatbuffer
from edge.contract import Contract

ENTRY = "TFLITE_METADATA"
_IDENTIFIER = b"M001"
_RGB = 1  # ColorSpaceType
_IMAGE_PROPERTIES = 2  # ContentProperties
_NORMALIZATION = 1  # ProcessUnitOptions
_AXIS_LABELS = 2  # AssociatedFileType: line n of the file names output n
_BUFFERS, _METADATA = 4, 6  # fields of the table Model in TensorFlow Lite's schema.fbs
_ALIGNMENT = 16  # of every buffer, as schema.fbs asks (force_align)


def describe(contract: Contract) -> bytes:
    """Return the metadata of a classifier as a flatbuffer: one RGB picture in, one probability per label out."""
    builder = flatbuffers.Builder(1024)
    text = builder.CreateString
    size = _table(builder, {}, Uint32={0: contract.fit.width, 1: contract.fit.height})
    properties = _table(builder, {1: size}, Int8={0: _RGB})
    content = _table(builder, {1: properties}, Uint8={0: _IMAGE_PROPERTIES})
    # Pixels go in as they are, 0..255: the network scales them. Readers of float models insist on being told.
    mean_and_deviation = _table(builder, {0: _vector(builder, 0.0, "Float32"), 1: _vector(builder, 1.0, "Float32")})
    unit = _table(builder, {1: mean_and_deviation}, Uint8={0: _NORMALIZATION})
    most_and_least = _table(builder, {0: _vector(builder, 255.0, "Float32"), 1: _vector(builder, 0.0, "Float32")})
    picture = _table(builder, {0: text("image"), 3: content, 4: _vector(builder, unit), 5: most_and_least})
    labels = _table(builder, {0: text("labels.txt")}, Int8={2: _AXIS_LABELS})
    answer = _table(builder, {0: text("probability"), 6: _vector(builder, labels)})
    graph = _table(builder, {2: _vector(builder, picture), 3: _vector(builder, answer)})
    name, about = text(contract.name), text(f"Says one of {', '.join(contract.labels)}")
    root = _table(builder, {0: name, 1: about, 3: _vector(builder, graph), 7: text("1.5.0")})
    builder.Finish(root, _IDENTIFIER)
    return bytes(builder.Output())


def _table(builder: flatbuffers.Builder, offsets: Mapping[int, int], **numbers: Mapping[int, int]) -> int:
    """Write a table: slot -> what it points to; and, by their kind, slot -> plain numbers."""
    fields = [(kind, slot, value) for kind, row in numbers.items() for slot, value in row.items()]
    fields += [("UOffsetTRelative", slot, value) for slot, value in offsets.items()]
    builder.StartObject(max(slot for _, slot, _ in fields) + 1)
    for kind, slot, value in fields:
        getattr(builder, f"Prepend{kind}Slot")(slot, value, 0)
    return int(builder.EndObject())


def _vector(builder: flatbuffers.Builder, value: float, kind: str = "UOffsetTRelative") -> int:
    """Write a vector of one table, or of one number of a kind of four bytes."""
    builder.StartVector(4, 1, 4)
    getattr(builder, f"Prepend{kind}")(value)
    return int(builder.EndVector())


def attach(model: bytes, metadata: bytes) -> bytes:
    """Return `model` with one more metadata entry.

    A new root table is put in front, which points to everything of the old one and to the new buffer. So the weights
    stay bit for bit where they were relative to each other, and aligned as they were; packing a model anew, as the
    generated Python classes do, aligns nothing.
    """
    root = flatbuffer.root(model)
    fields = root.places()
    buffers, entries = ([table.at for table in root.tables(slot)] for slot in (_BUFFERS, _METADATA))
    count = max(*fields, _METADATA) + 1
    vtable_bytes = _padded(4 + 2 * count, 4)
    name = ENTRY.encode()
    # Where each piece of the new front lies, counted from the start of the file.
    at_vtable = 8
    at_root = at_vtable + vtable_bytes
    at_buffers = at_root + 4 + 4 * count
    at_entries = at_buffers + 4 + 4 * (len(buffers) + 1)
    at_entry = at_entries + 4 + 4 * (len(entries) + 1) + 8  # its vtable of 8 bytes stands before it
    at_name = at_entry + 12
    at_buffer = _padded(at_name + 4 + len(name) + 1, 4) + 8
    at_content = _padded(at_buffer + 8 + 4, _ALIGNMENT)
    shift = _padded(at_content + len(metadata), _ALIGNMENT)

    front = bytearray(shift)
    struct.pack_into("<I4s", front, 0, at_root, model[4:8])
    struct.pack_into(f"<HH{count}H", front, at_vtable, 4 + 2 * count, 4 + 4 * count, *(4 + 4 * i for i in range(count)))
    struct.pack_into("<i", front, at_root, at_root - at_vtable)
    for slot, place in fields.items():
        value = flatbuffer.u32(model, place)
        here = at_root + 4 + 4 * slot
        # Field 0 is the schema's version, a plain number; all others are distances to what they point at.
        struct.pack_into("<I", front, here, value if slot == 0 else shift + place + value - here)
    buffers, entries = [*buffers, at_buffer - shift], [*entries, at_entry - shift]
    for slot, at, targets in ((_BUFFERS, at_buffers, buffers), (_METADATA, at_entries, entries)):
        struct.pack_into("<I", front, at_root + 4 + 4 * slot, at - (at_root + 4 + 4 * slot))
        struct.pack_into("<I", front, at, len(targets))
        for number, target in enumerate(targets):
            here = at + 4 + 4 * number
            struct.pack_into("<I", front, here, shift + target - here)
    # The entry: name and number of its buffer; the buffer: its content.
    struct.pack_into("<HHHHiII", front, at_entry - 8, 8, 12, 4, 8, 8, at_name - (at_entry + 4), len(buffers) - 1)
    struct.pack_into(f"<I{len(name)}s", front, at_name, len(name), name)
    struct.pack_into("<HHHxxiI", front, at_buffer - 8, 6, 8, 4, 8, at_content - 4 - (at_buffer + 4))
    struct.pack_into("<I", front, at_content - 4, len(metadata))
    front[at_content : at_content + len(metadata)] = metadata
    for slot in set(range(count)) - set(fields) - {_BUFFERS, _METADATA}:
        struct.pack_into("<H", front, at_vtable + 4 + 2 * slot, 0)  # absent
    return bytes(front) + model


def _padded(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment
