"""The exclusion list: what is written is read again, what a person edits stays, what is wrong names its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import InputError
from train.exclusions import Exclusion, add_exclusions, parse, read_exclusions

DIGEST = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4

digests = st.text("0123456789abcdef", min_size=8, max_size=64)
words = st.text(max_size=40)


@given(st.lists(st.tuples(digests, words, words), max_size=8))
def test_what_is_written_is_read_again(rows: list[tuple[str, str, str]]) -> None:
    entries = [Exclusion(*row) for row in rows]
    read = parse("\n".join(entry.line() for entry in entries), "list")
    assert [entry.digest for entry in read] == [entry.digest for entry in entries]


@given(
    digests,
    st.from_regex(r"\A[a-z]{1,5}( [a-z#]{1,5}){0,3}\.jpg\Z"),
    st.from_regex(r"\A[a-z]{1,5}( [a-z#:]{1,5}){0,3}\Z"),
)
def test_path_and_reason_are_read_again(digest: str, path: str, reason: str) -> None:
    assert parse(Exclusion(digest, path, reason).line(), "list") == [Exclusion(digest, path, reason)]


@given(st.text())
def test_any_text_is_read_or_refused_with_a_line(text: str) -> None:
    try:
        entries = parse(text, "list")
    except InputError as fault:
        assert fault.thing.startswith("list:")  # noqa: PT017 - both ways are right
    else:
        assert all(8 <= len(entry.digest) <= 64 for entry in entries)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (DIGEST, (DIGEST, "", "")),
        (f"  {DIGEST}\r", (DIGEST, "", "")),
        (f"{DIGEST.upper()} a b/c.jpg", (DIGEST, "a b/c.jpg", "")),
        (f"{DIGEST}  a #1.jpg  # why", (DIGEST, "a #1.jpg", "why")),
        (f"{DIGEST}\ta.jpg # why # not", (DIGEST, "a.jpg", "why # not")),
        (f"{DIGEST} # why", (DIGEST, "", "why")),
        (f"{DIGEST}  # why", (DIGEST, "", "why")),
        (DIGEST[:8], (DIGEST[:8], "", "")),
    ],
)
def test_a_line_as_a_person_writes_it(line: str, expected: tuple[str, str, str]) -> None:
    assert parse(f"# a comment\n\n{line}\n", "list") == [Exclusion(*expected)]


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("cats/cat.1.jpg", "does not begin"),
        (DIGEST[:7], "too short"),
        (DIGEST + "0", "does not begin"),
        ("x" * 64, "does not"),
    ],
)
def test_a_line_that_is_none_is_refused_by_number(tmp_path: Path, line: str, wrong: str) -> None:
    path = tmp_path / "list.txt"
    path.write_text(f"# one\n{DIGEST}\n{line}\n")
    with pytest.raises(InputError, match=rf"list\.txt:3: .*{wrong}"):
        read_exclusions(path)


def test_a_digest_is_found_by_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text(f"{DIGEST[:10]}  a.jpg  # short\n{OTHER}  b.jpg  # long\n")
    read = read_exclusions(path)
    assert DIGEST in read
    assert OTHER in read
    assert DIGEST[:9] + "f" * 55 not in read
    assert len(read) == 2


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_exclusions(tmp_path / "missing.txt")
    (tmp_path / "latin").write_bytes(b"# ok\n# caf\xe9\n")
    with pytest.raises(InputError, match=r"latin:2: is not UTF-8"):
        read_exclusions(tmp_path / "latin")


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"\xef\xbb\xbf" + DIGEST.encode())
    assert DIGEST in read_exclusions(tmp_path / "list")


def test_adding_keeps_what_a_person_wrote(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text(f"# mine\n{DIGEST[:12]}  a.jpg\n# {OTHER}  b.jpg  # a good photo, keep it\n")
    before = path.read_text()
    third = "a" * 64
    entries = [Exclusion(DIGEST, "a.jpg", "r"), Exclusion(OTHER, "b.jpg", "r"), Exclusion(third, "c.jpg", "r")]
    assert add_exclusions(path, entries) == 1
    assert path.read_text() == before + f"{third}  c.jpg  # r\n"
    assert add_exclusions(path, entries) == 0
    assert OTHER not in read_exclusions(path)


def test_suggestions_exclude_nothing_until_a_person_says_so(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    assert add_exclusions(path, [], [Exclusion(DIGEST, "a.jpg", "r")]) == 1
    assert len(read_exclusions(path)) == 0
    path.write_text(path.read_text().replace(f"# {DIGEST}", DIGEST))
    assert DIGEST in read_exclusions(path)


def test_nothing_is_added_to_what_is_no_list(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary\n")
    with pytest.raises(InputError, match=r"notes\.txt:1"):
        add_exclusions(path, [Exclusion(DIGEST, "a", "r")])
    assert path.read_text() == "dear diary\n"
