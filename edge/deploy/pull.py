"""The verb `pull`: photos that a board has kept for the next training, brought home; none of them twice.

What has been brought is remembered beside the photos: at home they are renamed and put into other classes, and must not
come again for that. They stay on the board, too, which deletes its oldest by itself.
"""

import base64
import binascii
import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from edge import settings
from edge.deploy.items import Step
from edge.deploy.job import Job, installed
from edge.errors import CatdogError
from edge.files import write_atomically
from edge.keep import Keep, is_kept
from edge.shelf import plain

_BATCH, _BATCH_BYTES = 40, 4_000_000  # photos that travel in one step
_LARGEST_BYTES = 50_000_000  # of one: no camera's
_JPEG = b"\xff\xd8\xff"


class There(NamedTuple):
    """A photo on a board: where, below the folder of kept photos, and its size."""

    path: str
    size_bytes: int


def pull(job: Job, to: Path) -> str:
    """Bring home what a board has kept since the last time."""
    installed(job)
    folder = settings.read(job.settings()).get("keep", "")
    if not folder:
        remedy = f"python -m edge.deploy set {job.host} keep=photos keep-unsure=yes"
        raise CatdogError(job.host, "keeps no photos", remedy)
    there = listed(job.quietly(_list(f"{job.layout.data}/state", folder)))
    home = Home(to, job.host)
    new = [photo for photo in there if photo.path not in home.brought]
    home.remember([photo.path for photo in there if photo.path in home.brought])
    for number, batch in enumerate(_batches(new), 1):
        photos = shlex.join(f"./{photo.path}" for photo in batch)
        fetch = f"cd {job.layout.data}/state && cd {shlex.quote(folder)} && for photo in {photos}; do "
        words = f"photos, part {number}: {sum(photo.size_bytes for photo in batch) / 1e6:.1f} MB"
        lines = job.carry_out(Step(words, (f'{fetch}base64 -w 0 "$photo" 2>/dev/null; echo; done',)))
        home.take([photo.path for photo in batch], lines)
    return f"{home.taken} new of {len(there)} photos, in {to}"


def _list(where: str, folder: str) -> str:
    name = shlex.quote(folder)
    look = "find . -mindepth 2 -maxdepth 2 -type f -name '*.jpg' -printf '%s %P\\n'"
    return f"cd {where} && if [ -d {name} ]; then cd {name} && {look} | sort -k 2; fi"


def listed(lines: Sequence[str]) -> list[There]:
    """Return the kept photos in a board's listing. Whatever else stands there has no business at home."""
    found = []
    for line in lines:
        size, _, path = line.partition(" ")
        if size.isdecimal() and 0 < int(size) <= _LARGEST_BYTES and is_kept(path):
            found.append(There(path, int(size)))
    return found


def _batches(photos: Sequence[There]) -> Iterator[list[There]]:
    batch: list[There] = []
    for photo in photos:
        if batch and (len(batch) >= _BATCH or sum(one.size_bytes for one in batch) + photo.size_bytes > _BATCH_BYTES):
            yield batch
            batch = []
        batch.append(photo)
    if batch:
        yield batch


class Home:
    """Where photos go, and which of a board's have been brought already.

    Args:
        folder: made where it does not exist, for this user alone.
        host: the board.

    Raises:
        CatdogError: nothing can be written there.
    """

    def __init__(self, folder: Path, host: str) -> None:
        self._folder, self._host = folder, plain(host).strip("-")
        Keep(folder)  # says whether anything can be kept there
        self._ledger = folder / f".pulled-{self._host}"
        self.brought: list[str] = []
        self.taken = 0
        with suppress(FileNotFoundError):
            self.brought = self._ledger.read_text("utf-8").splitlines()

    def remember(self, paths: list[str]) -> None:
        """Remember what has been brought; of photos that are gone from the board nothing need be known."""
        self.brought = paths
        write_atomically(self._ledger, "".join(f"{path}\n" for path in paths).encode(), mode=0o600)

    def take(self, paths: Sequence[str], lines: Sequence[str]) -> None:
        """Write photos that have come, each a line of base64; an empty one is of a photo that was deleted meanwhile."""
        for path, line in zip(paths, lines, strict=False):
            content = _decoded(line)
            if content.startswith(_JPEG):
                folder, _, name = path.partition("/")
                place = self._folder / folder
                place.mkdir(mode=0o700, exist_ok=True)
                # Boards number alike: the name says whose it is.
                write_atomically(place / f"{name.removesuffix('.jpg')}-{self._host}.jpg", content, mode=0o600)
                self.taken += 1
                self.brought.append(path)
        self.remember(self.brought)


def _decoded(line: str) -> bytes:
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error:
        return b""
