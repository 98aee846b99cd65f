"""Settings in a file: read as a command line, and changed a line at a time."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cli import parser_of
from edge.deploy.layout import SETTINGS
from edge.errors import InputError
from edge.settings import changed, read, words
from tests.conftest import Command

names = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)
values = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("max-fps = 5", ["--max-fps=5"]),
        ("  max-fps=5 ", ["--max-fps=5"]),
        ("source = rtsp://u:p=w@host/a b", ["rtsp://u:p=w@host/a b"]),
        ("on-event = /bin/bell {event} --loud", ["--on-event=/bin/bell {event} --loud"]),
        ("when-moving = yes", ["--when-moving"]),
        ("when-moving = no", []),
        ("# max-fps = 5", []),
        ("", []),
        ("   ", []),
        ("nonsense", ["--nonsense="]),  # which argparse refuses, naming it
    ],
)
def test_a_line_is_a_word_of_a_command_line(line: str, expected: list[str]) -> None:
    assert words(line) == expected


FILE = "# What to watch.\nsource = 0\n\n# Less heat.\n#max-fps = 5\n# when-moving = yes\n"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("source", "demo", FILE.replace("= 0", "= demo")),
        ("max-fps", "7", FILE.replace("#max-fps = 5", "max-fps = 7")),
        ("when-moving", "yes", FILE.replace("# when-moving", "when-moving")),
        ("threads", "2", FILE + "threads = 2\n"),
        ("source", "", FILE.replace("source", "#source")),
        ("max-fps", "", FILE),
        ("threads", "", FILE),
    ],
)
def test_a_setting_is_changed_where_it_stands(name: str, value: str, expected: str) -> None:
    assert changed(FILE, name, value) == expected


@given(st.dictionaries(names, values.map(str.strip).filter(bool)), names, values.map(str.strip).filter(bool))
def test_only_what_was_asked_for_changes(before: dict[str, str], name: str, value: str) -> None:
    text = "# settings\n"
    for key, old in before.items():
        text = changed(text, key, old)
    assert read(text) == before
    assert read(changed(text, name, value)) == {**before, name: value}
    assert name not in read(changed(text, name, ""))


def test_of_two_lines_with_one_name_the_last_counts_and_the_first_goes() -> None:
    text = changed("threads = 1\nthreads = 2\n", "threads", "3")
    assert text == "#threads = 1\nthreads = 3\n"


@pytest.mark.parametrize(("name", "value"), [("Max", "1"), ("", "1"), ("a b", "1"), ("--x", "1"), ("a", "1\nb = 2")])
def test_what_is_no_setting_is_refused(name: str, value: str) -> None:
    with pytest.raises(InputError):
        changed(FILE, name, value)


def test_the_file_of_a_new_board_is_understood_with_each_of_its_comments(tmp_path: Path, command: Command) -> None:
    text = SETTINGS.read_text("utf-8")
    assert read(text) == {"source": "demo", "quiet": "yes"}
    for line in text.splitlines():
        name, equals, value = line.removeprefix("#").partition(" = ")
        if not (line.startswith("#") and equals) or " " in name:
            continue
        if name in ("webhook", "on-event", "web", "mqtt", "mqtt-login"):  # take more than this machine
            parser_of("run").parse_args(["demo", *words(line.removeprefix("#"))])
        else:
            text = changed(text, name, value.replace("/var/lib/catdog/state", str(tmp_path)))
    assert len(read(text)) >= 7
    (tmp_path / "catdog.conf").write_text(text)
    command("edge", "run", f"@{tmp_path / 'catdog.conf'}", "--frames", 2)


def test_what_follows_on_the_command_line_goes_first(tmp_path: Path, command: Command) -> None:
    (tmp_path / "catdog.conf").write_text("source = demo\nmax-fps = none\n")
    assert "max-fps" in command("edge", "run", f"@{tmp_path / 'catdog.conf'}", expect=2).stderr
    (tmp_path / "catdog.conf").write_text("source = demo\nframes = 1000\n")
    assert "catdog: 1 frame" in command("edge", "run", f"@{tmp_path / 'catdog.conf'}", "--frames=1").stderr
