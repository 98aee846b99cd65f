"""What a record says of the command that made a model."""

from pathlib import Path

import pytest

from edge.record import written_command


def test_a_command_is_written_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cases = (
        ((tmp_path / "photos", "--out", tmp_path / "my models"), "photos --out 'my models'"),
        ((f"--out={tmp_path}/models", tmp_path), "--out=models ."),
        (("photos", "--label", "cats=cat", "/elsewhere"), "photos --label cats=cat /elsewhere"),
        ((f"{tmp_path}-more/photos", "--set=ema=0.9"), f"{tmp_path}-more/photos --set=ema=0.9"),
    )
    for words, expected in cases:
        assert written_command("train", *map(str, words)) == f"train {expected}"
