"""scripts/shares.py: the answers to a video's frames are counted, part by part."""

from pathlib import Path

from scripts import shares
from tests.clips import GREEN, RED, cut, solid, write_clip


def test_every_frame_counts_in_the_part_that_it_lies_in(model: Path, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "two.avi", cut(solid(RED, 10), solid(GREEN, 20)), rate=10)
    (whole,) = shares.ask(model, [clip])
    assert (whole["label"], whole["answers"]) == ("all", {"green": 20, "red": 10})
    clip.with_suffix(".csv").write_text("start_s,end_s,label\n0,1,red\n1,3,green\n")
    parts = shares.ask(model, [clip])
    assert [(part["label"], part["answers"]) for part in parts] == [("red", {"red": 10}), ("green", {"green": 20})]
