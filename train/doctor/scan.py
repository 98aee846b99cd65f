"""Every photo decoded once: facts, looks, fingerprint and features by digest, kept in a cache between runs.

The cache is one SQLite file: a run that is killed keeps what it had, two runs may share it, a damaged one is made
anew. Memory holds one chunk of pictures at a time, however many photos there are.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from edge.commands import show_progress
from edge.errors import CatdogError, InputError
from edge.fit import Image
from edge.labelled import Labelled
from edge.photo import decode_photo
from edge.record import file_digest
from train import similar
from train.doctor.features import Features
from train.doctor.formats import Facts, inspect
from train.doctor.looks import Looks, look

VERSION = 1  # raise it when a scan finds something else in the same bytes
CHUNK = 256  # pictures in memory at once: 20 MB at 160 pixels


class Scan(NamedTuple):
    """What a photo's bytes gave; looks, fingerprint and vector are None where it cannot be decoded."""

    facts: Facts  # what the file says of itself
    fault: str  # why it cannot be decoded, without a full stop; empty where it can
    height: int = 0  # pixels, upright; 0 where it cannot be decoded
    width: int = 0
    looks: Looks | None = None  # what the pixels say
    fingerprint: npt.NDArray[np.uint8] | None = None  # uint8 (32, 32, 3), see train.similar
    vector: npt.NDArray[np.float32] | None = None  # float32 (d,), its features; None where none were asked for, too


class Photo(NamedTuple):
    """One file of the data set: where it lies, what its folders say (split: "train" where they say none), its bytes.

    `digest` is empty and `scan.fault` says why where the file cannot be read at all.
    """

    path: Path
    label: str
    split: str
    digest: str
    scan: Scan


def scan_photos(
    rows: Sequence[Labelled], features: Features | None, cache: Path, workers: int | None = os.cpu_count()
) -> list[Photo]:
    """Read and decode every file, and show on a terminal how far it is.

    Without `features` no vectors are made. The folder `cache` keeps what was found.

    Raises:
        CatdogError: the cache cannot be written.
    """
    reading, decoding = show_progress("reading"), show_progress("decoding")
    with ThreadPoolExecutor(workers) as pool, _open(cache / "doctor.sqlite") as store:
        digests: list[str] = []
        for digest in pool.map(_digest, (row.path for row in rows)):
            digests.append(digest)
            reading(len(digests), len(rows))
        key = f"{VERSION}-{similar.VERSION}-{features.key if features else 'none'}"
        first = {digest: row.path for row, digest in zip(reversed(rows), reversed(digests), strict=True) if digest}
        missing = [(path, digest) for digest, path in first.items() if not _known(store, key, digest)]
        for start in range(0, len(missing), CHUNK):
            chunk = missing[start : start + CHUNK]
            _store(store, key, [digest for _, digest in chunk], _scan_chunk(pool, [p for p, _ in chunk], features))
            decoding(start + len(chunk), len(missing))
        scans = {digest: _fetch(store, key, digest) for digest in first}
    unreadable = Scan(Facts("unknown", whole=False), "cannot be read")
    return [
        Photo(row.path, row.label, row.split or "train", digest, scans[digest] if digest else unreadable)
        for row, digest in zip(rows, digests, strict=True)
    ]


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file in hex; nothing where it cannot be read."""
    try:
        return file_digest(path)
    except InputError:
        return ""


def _scan_chunk(pool: ThreadPoolExecutor, paths: Sequence[Path], features: Features | None) -> list[Scan]:
    """Scan a chunk in threads, then give its pictures to the network together."""
    side = features.side if features else 0
    done = list(pool.map(lambda path: _scan_file(path, side), paths))
    fitted = [picture for _, picture in done if picture is not None]
    vectors = iter(features.compute(np.stack(fitted)) if features and fitted else ())
    return [found if picture is None else found._replace(vector=next(vectors)) for found, picture in done]


def _scan_file(path: Path, side: int) -> tuple[Scan, Image | None]:
    """Return what a file gives, without its vector, and its picture uint8 (side, side, 3) for the network."""
    try:
        content = path.read_bytes()
    except OSError as fault:  # it vanished since its digest was taken
        return Scan(Facts("unknown", whole=False), f"cannot be read ({fault.strerror})"), None
    facts = inspect(content)
    try:
        image = decode_photo(content, path)
    except InputError as fault:
        return Scan(facts, fault.wrong), None
    found = Scan(facts, "", image.shape[0], image.shape[1], look(image), similar.fingerprint(image))
    if not side:
        return found, None
    return found, np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the cache, made anew where it is damaged."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            store = _connect(path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # damaged: nothing in it is worth more than the time to make it again
            path.unlink()
            store = _connect(path)
        with closing(store):
            yield store
    except (sqlite3.OperationalError, OSError) as fault:
        wrong = f"cannot be written ({fault})"
        raise CatdogError(path, wrong, "Free some space, or choose another folder with --cache") from None


def _connect(path: Path) -> sqlite3.Connection:
    store = sqlite3.connect(path, timeout=60)
    try:
        store.execute(
            "CREATE TABLE IF NOT EXISTS scans (key TEXT, digest TEXT, found TEXT, fingerprint BLOB, vector BLOB, "
            "PRIMARY KEY (key, digest)) WITHOUT ROWID"
        )
        if store.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("damaged")
    except sqlite3.Error:
        store.close()
        raise
    return store


def _known(store: sqlite3.Connection, key: str, digest: str) -> bool:
    return store.execute("SELECT 1 FROM scans WHERE key = ? AND digest = ?", (key, digest)).fetchone() is not None


def _store(store: sqlite3.Connection, key: str, digests: Sequence[str], scans: Sequence[Scan]) -> None:
    """Keep a chunk of scans, all or none of it."""
    with store:
        for digest, found in zip(digests, scans, strict=True):
            small = json.dumps([found.facts, found.fault, found.height, found.width, found.looks])
            print_ = found.fingerprint.tobytes() if found.fingerprint is not None else None
            vector = found.vector.astype("<f2").tobytes() if found.vector is not None else None
            store.execute("INSERT OR REPLACE INTO scans VALUES (?, ?, ?, ?, ?)", (key, digest, small, print_, vector))


def _fetch(store: sqlite3.Connection, key: str, digest: str) -> Scan:
    query = "SELECT found, fingerprint, vector FROM scans WHERE key = ? AND digest = ?"
    small, print_, vector = store.execute(query, (key, digest)).fetchone()
    facts, fault, height, width, seen = json.loads(small)
    return Scan(
        Facts(*facts),
        fault,
        height,
        width,
        Looks(*seen) if seen else None,
        np.frombuffer(print_, np.uint8).reshape(similar.SIDE, similar.SIDE, 3) if print_ else None,
        np.frombuffer(vector, "<f2").astype(np.float32) if vector else None,
    )
