"""What is kept on a disk: the event log, cut at every byte and on full disks, and the snapshots of visits."""

import json
import os
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import CatdogError
from edge.outputs.events import EventLog, whole_lines
from edge.outputs.snapshots import Snapshots
from edge.shelf import plain
from edge.testing import Clock, event, moment


def labels(path: Path) -> list[str]:
    """Return the labels of a log's events; every line is whole."""
    return [json.loads(line)["label"] for line in path.read_text().splitlines()]


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes: a disk that takes half a line and no more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# The event log


def test_events_are_appended_and_stay(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for label in ("red", "green"):
        log = EventLog(path)
        log.write(event(label=label))
        log.write(event("left", label))
        log.close()
        log.close()
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    told = [(row["event"], row["label"]) for row in rows]
    assert told == [("visit", "red"), ("left", "red"), ("visit", "green"), ("left", "green")]
    assert set(rows[0]) == {"event", "label", "source", "time", "began", "duration_s", "probability"}


def test_a_log_cut_anywhere_by_a_power_cut_keeps_its_whole_lines_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = EventLog(path)
    for number in range(2):
        log.write(event(label=f"é{number}"))
    whole = path.read_bytes()
    for at in range(len(whole) + 1):
        for junk in (b"", b"\0" * 700, b'\0\xff{"e'):
            path.write_bytes(whole[:at] + junk)
            EventLog(path).write(event(label="new"))
            kept = whole[:at].count(b"\n") if at else 0
            assert labels(path) == [f"é{number}" for number in range(kept)] + ["new"]


def test_a_long_tear_is_cut_off_back_to_the_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = EventLog(path)
    for _ in range(300):
        log.write(event())
    with path.open("ab") as file:
        file.write(b"\0" * 1_000_000)
    EventLog(path).write(event(label="new"))
    assert labels(path) == ["red"] * 300 + ["new"]


@given(st.lists(st.sampled_from([b'{"a": 1}\n', b"\0\0", b"{", b"\n", b"[1]\n", b"\xff\n"])), st.booleans())
@settings(suppress_health_check=list(HealthCheck))
def test_what_is_kept_ends_with_a_whole_line(parts: list[bytes], from_start: bool) -> None:
    tail = b"".join(parts)
    end = whole_lines(tail, from_start)
    assert end is not None or not from_start
    if end is not None:
        assert tail[:end] == b"" or tail[:end].endswith(b'{"a": 1}\n')
        assert b'{"a": 1}' not in tail[end:].split(b"\n")[:-1]


@pytest.mark.parametrize("room", [0, 1, 100])
def test_a_full_disk_takes_no_half_line_and_the_log_goes_on_when_there_is_room(tmp_path: Path, room: int) -> None:
    path = tmp_path / "log"
    log = EventLog(path)
    log.write(event())
    with at_most(path.stat().st_size + room), pytest.raises(CatdogError, match=r"cannot be written \(File too large\)"):
        log.write(event())
    assert labels(path) == ["red"]
    log.write(event(label="green"))
    assert labels(path) == ["red", "green"]


def test_a_log_keeps_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = EventLog(path, bound_bytes=1000)
    for number in range(50):
        log.write(event(label=f"{number:03}"))
        assert path.stat().st_size <= 1000
    assert sorted(found.name for found in tmp_path.iterdir()) == ["log", "log.1"]
    newest = labels(tmp_path / "log.1") + labels(path)
    assert newest == [f"{number:03}" for number in range(50 - len(newest), 50)]


def test_a_card_is_flushed_once_a_minute_at_most(tmp_path: Path) -> None:
    clock, synced_s = Clock(1000.0), []
    log = EventLog(tmp_path / "log", now=clock, sync=lambda _: synced_s.append(clock()))
    for second in range(600):
        clock.now_s = 1000.0 + second
        if second < 300:
            log.write(event())
        log.flush()
    assert synced_s[0] == 1000.0, "the first at once"
    assert min(np.diff(synced_s)) >= 60
    assert synced_s[-1] <= 1360, "nothing new, nothing to flush"
    log.write(event())
    log.close()
    assert len(synced_s) == 7, "the last at the end"


def test_a_log_that_was_taken_away_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = EventLog(path)
    log.write(event())
    path.rename(tmp_path / "old")
    log.write(event(label="green"))
    assert labels(path) == ["green"]


@pytest.mark.parametrize("content", [b"\xff\xd8 half a photo", b'{\n  "name": "x"\n}', b'{"name": "x"}', b"\n"])
def test_another_file_is_no_log_and_is_left_alone(tmp_path: Path, content: bytes) -> None:
    other = tmp_path / "other"
    other.write_bytes(content)
    with pytest.raises(CatdogError, match="is no event log"):
        EventLog(other)
    assert other.read_bytes() == content


@pytest.mark.parametrize("name", ["folder", "pipe", "missing/log", "file/log"])
def test_a_place_where_no_log_can_be_is_refused_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CatdogError, match=r"is no file|cannot be written"):
        EventLog(tmp_path / name)


# Snapshots


def best(number: int = 1, side: int = 64) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 255, (side, side, 3), np.uint8)


def keep(snapshots: Snapshots, number: int = 1, label: str = "red", time_s: float = 0.0) -> Path:
    """Keep one visit; return the path of its picture."""
    frame = moment(image=best(number), number=number).frame
    what = event("visit", label, frame)
    snapshots.write(what._replace(time_s=time_s) if time_s else what)
    return snapshots.keep(what, what.events[0]) or Path()


def test_the_best_picture_of_a_visit_is_kept(tmp_path: Path) -> None:
    path = keep(Snapshots(tmp_path / "new" / "snaps", 1), label="red")
    assert [found.name for found in path.parent.iterdir()] == [path.name]
    assert re.fullmatch(r"0000001-\d{8}T\d{6}Z-red\.jpg", path.name)
    assert np.abs(cv2.imread(str(path)).mean() - best().mean()) < 3


def test_a_visit_without_a_picture_is_no_fault(tmp_path: Path) -> None:
    Snapshots(tmp_path, 1).write(event("visit", frame=None))
    assert list(tmp_path.iterdir()) == []


def test_snapshots_keep_to_their_bound_and_the_oldest_go_first(tmp_path: Path) -> None:
    for name in ("holiday.jpg", "0000001.jpg", "zzz-20260101T000000Z-red.jpg"):
        (tmp_path / name).write_bytes(b"x" * 90_000)
    snapshots = Snapshots(tmp_path, 0.1)
    names = [keep(snapshots, number).name for number in range(1, 41)]
    assert names == sorted(names)
    ours = sorted(path.name for path in tmp_path.iterdir() if path.name in names)
    assert ours == names[-len(ours) :]
    assert 5 < len(ours) < 40
    assert sum((tmp_path / name).stat().st_size for name in ours) <= 100_000
    assert (tmp_path / "holiday.jpg").exists()
    assert len(list(tmp_path.iterdir())) == len(ours) + 3


def test_a_clock_that_jumps_does_not_turn_old_and_new_around(tmp_path: Path) -> None:
    names, decade_s = [], 10 * 365 * 86_400
    for number, time_s in enumerate((2e9, 2e9 + decade_s, 2e9 - decade_s, 2e9), 1):
        keep(Snapshots(tmp_path, 1), number, time_s=time_s)  # each time a new run
        names.append(max(path.name for path in tmp_path.iterdir()))
    assert names == sorted(names)
    assert [name[8:12] for name in names] == ["2033", "2043", "2023", "2033"]


def test_one_visit_is_kept_once(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, 1)
    what = event(frame=moment(image=best()).frame)
    paths = {snapshots.keep(what, what.events[0]) for _ in range(3)}
    assert len(paths) == len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_leaves_no_half_picture_and_no_picture_is_deleted_in_vain(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, 1)
    first = keep(snapshots, 1)
    with at_most(1000), pytest.raises(CatdogError, match="cannot be written"):
        keep(snapshots, 2)
    assert list(tmp_path.iterdir()) == [first]


def test_what_a_power_cut_left_half_written_is_tidied_up(tmp_path: Path) -> None:
    (tmp_path / ".0000007-20260501T123000Z-red.0a1b2c3d.jpg").write_bytes(b"half")
    (tmp_path / ".mine.jpg").write_bytes(b"mine")
    Snapshots(tmp_path, 1)
    assert [path.name for path in tmp_path.iterdir()] == [".mine.jpg"]


def test_a_bound_that_holds_no_picture_is_said(tmp_path: Path) -> None:
    with pytest.raises(CatdogError, match="--snapshots-mb: is too little for one picture"):
        keep(Snapshots(tmp_path, 0.001))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("label", "name"), [("red", "red"), ("a/../b", "a-b"), ("über katze", "-ber-katze"), ("", ""), ("x" * 99, "x" * 40)]
)
def test_a_label_names_no_other_place(label: str, name: str) -> None:
    assert plain(label) == name
