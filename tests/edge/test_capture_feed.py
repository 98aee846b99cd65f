"""Sources as a run sees them: the newest frame wins, what hangs is killed, what is lost is opened again."""

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from edge.capture import feed_of
from edge.capture.feed import Feed
from edge.capture.health import ENDED, LIVE, LOST, STALE, Limits
from edge.capture.several import Several
from edge.capture.source import Settings, Source
from edge.capture.thread import InThread
from edge.errors import SourceError
from edge.testing import ScriptedCamera
from tests.clips import RED, solid, write_clip
from tests.conftest import linux
from tests.edge.scripted import QUICK, follow, level, scripted


def threaded(source: Source, limits: Limits = QUICK) -> Feed:
    return Feed(InThread(source), source.live, source.again, limits)


def frames_of(feed: Feed, pause_s: float = 0.0) -> list[tuple[int, int, float]]:
    """Return number, grey level and age of each frame, for a reader that takes its time."""
    seen = []
    for _, frame, _ in follow([feed]):
        if frame is not None:
            seen.append((frame.number, int(frame.image[0, 0, 0]), time.monotonic() - frame.captured_at))
            time.sleep(pause_s)
    return seen


# The newest frame wins; every frame of a recording counts


@pytest.mark.parametrize("where", ["thread", pytest.param("process", marks=linux)])
def test_a_slow_reader_of_a_live_source_gets_the_newest_frame_and_counts_others(tmp_path: Path, where: str) -> None:
    script = {"live": True, "pace_s": 0.005}
    feed = threaded(ScriptedCamera(60, **script)) if where == "thread" else scripted(tmp_path, 60, **script)
    seen = frames_of(feed, pause_s=0.05)  # ten times slower than the source
    numbers = [number for number, _, _ in seen]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 60
    assert len(numbers) < 40
    assert feed.dropped == 60 - len(numbers)
    assert [value for _, value, _ in seen] == numbers, "each picture is that of its number"


@pytest.mark.parametrize("where", ["thread", pytest.param("process", marks=linux)])
def test_a_slow_reader_of_a_recording_gets_every_frame(tmp_path: Path, where: str) -> None:
    feed = threaded(ScriptedCamera(30)) if where == "thread" else scripted(tmp_path, 30, live=False, pace_s=0.0)
    seen = frames_of(feed, pause_s=0.002)
    assert [number for number, _, _ in seen] == [value for _, value, _ in seen] == list(range(1, 31))
    assert (feed.dropped, feed.fault, feed.state) == (0, None, ENDED)


@linux
def test_pictures_may_change_their_size_at_any_time(tmp_path: Path) -> None:
    feed = scripted(tmp_path, 3, (640, 480), 3, (32, 32), 3, (800, 600), 3, live=False, pace_s=0.0)
    shapes = [(level(frame), frame.image.shape[1]) for _, frame, _ in follow([feed]) if frame is not None]
    assert shapes == [(n, [64, 640, 32, 800][(n - 1) // 3]) for n in range(1, 13)]


@linux
def test_no_picture_is_torn_by_the_next(tmp_path: Path) -> None:
    feed = scripted(tmp_path, (640, 480), 150, pace_s=0.0)
    for _, frame, _ in follow([feed]):
        if frame is not None:
            before = level(frame)
            time.sleep(0.005)  # while it is looked at, others are written
            assert level(frame) == before == frame.number % 251


# What fails


def test_what_a_source_raises_ends_it_after_the_frames_before_it() -> None:
    feed = threaded(ScriptedCamera(1, SourceError("cam", "is gone", "Plug it in")))
    assert [number for number, _, _ in frames_of(feed)] == [1]
    assert "is gone" in str(feed.fault)


def test_a_bug_in_a_source_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        frames_of(threaded(ScriptedCamera(1, ZeroDivisionError())))


@linux
@pytest.mark.parametrize("act", ["hang", "die", "stop", "fault", "crash"])
def test_a_live_source_comes_back_whatever_happened_and_says_so_meanwhile(tmp_path: Path, act: str) -> None:
    feed = scripted(tmp_path, 5, act, 5, act, 5)
    states, numbers = [], []
    for _, frame, state in follow([feed]):
        if frame is None:
            states.append(state)
        else:
            assert state == LIVE
            assert time.monotonic() - frame.captured_at < QUICK.stale_s + 0.1
            numbers.append(frame.number)
    assert states.count(LOST) >= 2
    assert set(states) <= {LOST, STALE, ENDED, "connecting"}
    assert STALE in states or act not in ("hang", "stop")
    assert feed.reconnects == 2
    assert numbers == sorted(set(numbers)), "numbers go on"
    assert feed.fault is None


def test_a_live_stream_that_is_a_recording_when_it_is_opened_again_is_over() -> None:
    class Broadcast(ScriptedCamera):
        def open(self) -> None:
            super().open()
            self.live = self.opened == 1

    feed = threaded(Broadcast(5, SourceError("cam", "ended", "Check it"), 5, live=True, pace_s=0.01))
    numbers = [number for number, _, _ in frames_of(feed)]
    assert numbers[-1] == 5, "what is over is not shown once more"
    assert (feed.state, feed.fault, feed.reconnects) == (ENDED, None, 1)


@linux
def test_what_hangs_while_opening_is_killed_and_given_up(tmp_path: Path) -> None:
    limits = QUICK._replace(open_s=1.5, give_up_s=2.0)
    feed = scripted(tmp_path, "hang", limits=limits)
    assert frames_of(feed) == []
    assert "sent nothing for 1.5 s" in str(feed.fault)


@linux
def test_the_reader_killed_from_outside_is_started_again(tmp_path: Path) -> None:
    feed = scripted(tmp_path, 10**6)
    killed = 0
    for _, frame, _ in follow([feed]):
        if frame is not None and killed < 2 and frame.number > 3 * (killed + 1):
            os.kill(feed._reader.pid, signal.SIGKILL)
            killed += 1
        if feed.reconnects == 2 and frame is not None:
            break
    assert "signal 9" in feed.reason or feed.state == LIVE


@linux
def test_a_frame_that_waited_while_this_program_was_stopped_is_none_of_now(tmp_path: Path) -> None:
    feed = scripted(tmp_path, 3, "hang", 3)
    turns = follow([feed])
    assert next(frame for _, frame, _ in turns if frame is not None)
    time.sleep(0.5)  # its last frame waits, and grows older than what counts as fresh
    feed.advance()
    assert feed.take() is None
    turns.close()


# Several at once


@linux
def test_one_sources_failure_does_not_slow_the_others(tmp_path: Path) -> None:
    hung = scripted(tmp_path, 1, "hang")
    refused = scripted(tmp_path, "refuse", limits=QUICK._replace(insist=True))
    good = threaded(ScriptedCamera(200, live=True, pace_s=0.01))
    gaps, latest_s, count = [], None, 0
    for stream, frame, _ in follow([hung, refused, good]):
        if stream == 2 and frame is not None:
            if latest_s is not None:
                gaps.append(frame.captured_at - latest_s)
            latest_s, count = frame.captured_at, count + 1
        if stream == 2 and frame is None and good.state == ENDED:
            break
    assert count >= 10
    assert np.median(gaps) < 0.3, "a hung source would hold it up for 0.6 s, a pause of back-off for longer"


def test_a_fast_source_does_not_starve_a_slow_one() -> None:
    fast, slow = threaded(ScriptedCamera(300)), threaded(ScriptedCamera(20, pace_s=0.005))
    order = [stream for stream, frame, _ in follow([fast, slow]) if frame is not None]
    assert (order.count(0), order.count(1)) == (300, 20)
    last_of_slow = max(index for index, stream in enumerate(order) if stream == 1)
    assert last_of_slow < 320


# Closing


def test_a_feed_that_is_closed_lets_go_of_thread_and_source() -> None:
    before = threading.active_count()
    script = ScriptedCamera(1000)
    feed = threaded(script)
    several = Several([feed])
    assert several.next(lambda wait: wait()).frame is not None
    several.close()
    several.close()
    assert script.closed == 1
    assert threading.active_count() == before


def test_a_read_in_a_thread_that_never_returns_does_not_hold_up_the_end() -> None:
    feed = threaded(ScriptedCamera("hang", live=True))
    feed.advance()
    started = time.monotonic()
    feed.close()
    assert time.monotonic() - started < 5


def test_a_live_loop_uses_the_same_memory_again(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", solid(RED, 40))
    turns = follow([feed_of(str(path), Settings(), Limits())])
    assert len({frame.image.ctypes.data for _, frame, _ in turns if frame is not None}) <= 4
