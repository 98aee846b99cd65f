"""HLS from a server on this machine: a recording frame by frame, a live stream at its own pace, and the end of both."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from statistics import median

import pytest

from edge.capture import feed_of
from edge.capture.health import ENDED, around
from edge.capture.source import Settings
from tests.conftest import Command
from tests.edge.test_capture_feed import frames_of
from tests.edge.test_capture_network import send, serving
from tests.edge.test_run import rows

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="apt install ffmpeg: not there")

RATE, SECONDS, AHEAD_S = 10, 6, 3  # players begin three segments before the end of what is live
END = "#EXT-X-ENDLIST\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Segments of a second each of a red picture, and the playlist x.m3u8 of them all."""
    made = tmp_path_factory.mktemp("hls")
    red = f"color=c=red:size=64x64:rate={RATE}:duration={SECONDS}"
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-g", str(RATE), "-pix_fmt", "yuv420p"]
    words = ["-f", "lavfi", "-i", red, *coded, "-f", "hls", "-hls_time", "1", "-hls_list_size", "0", made / "x.m3u8"]
    subprocess.run(["ffmpeg", "-loglevel", "error", *words], stdin=subprocess.DEVNULL, check=True)
    assert (made / "x.m3u8").read_text().endswith(END)
    return made


def hls(folder: Path, playlist: Callable[[str], str]) -> Callable[[BaseHTTPRequestHandler], None]:
    """Serve a folder, and what is made of its playlist each time that it is asked for."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        path = folder / Path(request.path).name
        if path.suffix == ".m3u8":
            send(request, playlist(path.read_text()).encode(), "application/vnd.apple.mpegurl")
        else:
            send(request, path.read_bytes(), "video/mp2t")

    return answer


@pytest.fixture
def live(folder: Path) -> Iterator[str]:
    """The address of a stream that is live when it is first asked for, and over by the next time."""
    asked: list[str] = []

    def playlist(text: str) -> str:
        asked.append(text)
        return text.removesuffix(END) if len(asked) == 1 else text

    with serving(hls(folder, playlist)) as host:
        yield f"http://{host}/x.m3u8"


def test_a_playlist_with_an_end_is_a_recording(command: Command, model: Path, folder: Path) -> None:
    with serving(hls(folder, str)) as host:
        done = command("edge", "run", f"http://{host}/x.m3u8", "--json", "--model", model)
    *seen, last = rows(done.stdout)
    assert [row["frame"] for row in seen] == list(range(1, RATE * SECONDS + 1))
    assert [row["position_s"] for row in seen] == pytest.approx([n / RATE for n in range(RATE * SECONDS)], abs=0.01)
    assert {row["state"] for row in seen} == {"live"}
    assert (last["state"], last["events"][0]["event"]) == (ENDED, "visit")


def test_a_live_playlist_keeps_its_own_pace_and_ends_when_it_says_so(command: Command, model: Path, live: str) -> None:
    done = command("edge", "run", live, "--json", "--model", model)
    seen = [row for row in rows(done.stdout) if row["state"] == "live"]
    at_s = [datetime.fromisoformat(row["time"]).timestamp() for row in seen]
    numbers = [row["frame"] for row in seen]
    assert numbers == sorted(set(numbers)), "none twice, though the whole of it could be had again"
    assert RATE < numbers[-1] <= RATE * AHEAD_S
    # They could be had all at once; a machine that is held up for a moment catches up, so not each need be in time.
    steps = zip(at_s, at_s[1:], numbers, numbers[1:], strict=False)
    assert median((then - now) / (after - before) for now, then, before, after in steps) > 0.5 / RATE
    last = rows(done.stdout)[-1]
    assert (last["state"], last["events"][0]["event"]) == (ENDED, "visit")


def test_who_is_too_slow_for_a_live_playlist_sees_its_newest_frames(live: str) -> None:
    feed = feed_of(live, Settings(), around(5.0)._replace(stale_s=30.0))
    numbers = [number for number, _, _ in frames_of(feed, pause_s=5 / RATE)]
    assert numbers == sorted(set(numbers))
    assert RATE < numbers[-1] <= RATE * AHEAD_S
    assert len(numbers) < numbers[-1] / 2
    assert feed.dropped == numbers[-1] - len(numbers)
    assert (feed.state, feed.fault) == (ENDED, None)
