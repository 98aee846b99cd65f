"""What deploying does on the workstation: words into boards, faults into remedies, wheels for a board, signatures."""

import hashlib
import socket
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paramiko import AuthenticationException, SSHException
from paramiko.ssh_exception import NoValidConnectionsError

from edge.deploy.hosts import Target, chosen, diagnose, inventory, parse
from edge.deploy.signing import MODEL, RELEASE, Signer, time_of
from edge.deploy.wheels import LOCK, Kind, Pin, fetch, pins
from edge.errors import CatdogError, InputError
from tests.conftest import one_line, shell

PI = Kind((3, 13), "aarch64", (2, 41))
BOOKWORM = Kind((3, 11), "aarch64", (2, 36))


# Boards


@pytest.mark.parametrize(
    ("word", "board"),
    [
        ("raspberrypi", ("raspberrypi", "", 0)),
        ("pi@raspberrypi.local", ("raspberrypi.local", "pi", 0)),
        ("pi@10.0.0.7:2222", ("10.0.0.7", "pi", 2222)),
        ("pi@[fe80::1%eth0]:22", ("fe80::1%eth0", "pi", 22)),
    ],
)
def test_a_word_names_a_board(word: str, board: tuple[str, str, int]) -> None:
    assert parse(word) == Target(word, *board)


@pytest.mark.parametrize("word", ["", "pi@", "@pi", "a b", "pi@a:", "pi:99999", "-oProxyCommand=x", "pi@-x", "a/b"])
def test_a_word_that_names_none_is_refused(word: str) -> None:
    with pytest.raises(InputError, match="names no board"):
        parse(word)


@given(st.text())
def test_no_word_becomes_an_option_of_a_program(word: str) -> None:
    try:
        target = parse(word)
    except InputError:
        return
    assert not target.host.startswith("-")


def test_boards_of_a_file_come_once_each(tmp_path: Path) -> None:
    file = tmp_path / "boards.txt"
    many = [f"pi@board-{number}.local" for number in range(40)]
    lines = ["# the house", "pi@a", "", "pi@b:22 source=rtsp://u:p@c/x # the door", "pi@a"]
    file.write_text("\n".join([*lines, *(f"{word}   source=1" for word in many)]))
    assert [(board.word, board.source) for board in chosen(["pi@b:22"], file)] == [
        *(("pi@b:22", "rtsp://u:p@c/x"), ("pi@a", "")),
        *((word, "1") for word in many),
    ]


@pytest.mark.parametrize(
    ("line", "wrong"), [("pi@a colour=red", "unknown word"), ("a b@c", "unknown word"), ("pi@", "names no")]
)
def test_a_line_that_makes_no_sense_is_told_with_its_number(tmp_path: Path, line: str, wrong: str) -> None:
    file = tmp_path / "boards.txt"
    file.write_text(f"pi@fine\n{line}\n")
    with pytest.raises(InputError, match=f"boards.txt:2: .*{wrong}"):
        inventory(file)


def test_a_closed_output_is_one_line() -> None:
    done = shell("python -m edge.deploy status board >&-", expect=2)
    assert one_line(done).startswith("edge.deploy: standard output: is closed")


REFUSED = NoValidConnectionsError({("10.0.0.7", 22): ConnectionRefusedError(111, "refused")})


@pytest.mark.parametrize(
    ("fault", "words", "remedy"),
    [
        (socket.gaierror(-2, "Name or service not known"), "cannot be found", "spelling"),
        (AuthenticationException("Authentication failed."), "does not let you in", "ssh-copy-id -p 2222 pi@cat"),
        (SSHException("No authentication methods available"), "does not let you in", "ssh-copy-id"),
        (REFUSED, "no ssh server", "raspi-config"),
        (TimeoutError("timed out"), "does not answer", "that it is on"),
        (SSHException("StrictPolicy: No host key for x found in known_hosts"), "not in known_hosts", "ssh pi@cat"),
        (EOFError(), "cannot be reached (EOFError)", "ssh pi@cat"),
    ],
)
def test_a_board_that_is_not_reached_says_why(fault: Exception, words: str, remedy: str) -> None:
    wrong, fix = diagnose(fault, parse("pi@cat:2222"))
    assert words in wrong
    assert remedy in fix


# Wheels


def test_the_lock_is_read_for_the_board_and_not_for_this_python() -> None:
    lock = LOCK.read_text("utf-8")
    here, there = ({pin.requirement for pin in pins(lock, kind)} for kind in (BOOKWORM, PI))
    assert "numpy==2.4.6" in here
    assert [name for name in there if name.startswith("numpy==")] == ["numpy==2.5.5"]
    assert not [name for name in here | there if name.startswith("colorama")]
    assert {name.partition("==")[0] for name in there} >= {"ai-edge-litert", "opencv-python-headless", "pip"}
    assert all(pin.digests for pin in pins(lock, PI))


def test_a_board_takes_what_its_c_library_allows() -> None:
    tags = set(map(str, BOOKWORM.tags))
    assert {"cp311-cp311-manylinux_2_28_aarch64", "cp37-abi3-manylinux2014_aarch64", "py3-none-any"} <= tags
    assert "cp311-cp311-manylinux_2_39_aarch64" not in tags
    assert not [tag for tag in tags if "x86" in tag]


def make(folder: Path, name: str, content: str = "") -> Pin:
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr("content", content or name)
    package, version = name.split("-")[:2]
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    return Pin(f"{package.replace('_', '-')}=={version}", frozenset({digest}))


def lock_of(*pins: Pin) -> str:
    return "".join(f"{p.requirement} \\\n    --hash=sha256:{min(p.digests)}\n" for p in pins)


def test_the_cache_is_enough_where_it_has_all(tmp_path: Path) -> None:
    names = ["some_thing-1.0-cp313-cp313-manylinux_2_28_aarch64.whl", "other-2-py3-none-any.whl"]
    pins = [make(tmp_path, name) for name in names]
    make(tmp_path, "some_thing-1.0-cp313-cp313-manylinux_2_28_x86_64.whl")
    assert [wheel.path.name for wheel in fetch(lock_of(*pins), PI, tmp_path, offline=True)] == names


def test_an_altered_wheel_and_one_for_another_board_are_none(tmp_path: Path) -> None:
    altered = make(tmp_path, "other-2-py3-none-any.whl")
    make(tmp_path, "other-2-py3-none-any.whl", "altered")
    foreign = make(tmp_path, "thing-1-cp312-cp312-manylinux_2_28_aarch64.whl")
    with pytest.raises(CatdogError, match=r"other==2, thing==1: is not in .* for Python 3\.13 on aarch64.*--offline"):
        fetch(lock_of(altered, foreign), PI, tmp_path, offline=True)


# Signatures


@pytest.fixture
def signer(keys: None, tmp_path: Path) -> Signer:  # noqa: ARG001 - or skip
    return Signer(tmp_path / "catdog")


def verify(signer: Signer, folder: Path, namespace: str, manifest: bytes, signature: bytes) -> bool:
    (folder / "signers").write_text(signer.line + "\n")
    (folder / "sig").write_bytes(signature)
    command = ["ssh-keygen", "-Y", "verify", "-f", "signers", "-I", "catdog", "-n", namespace, "-s", "sig"]
    return subprocess.run(command, cwd=folder, input=manifest, capture_output=True, check=False).returncode == 0


def test_a_signature_holds_for_its_manifest_and_its_purpose(signer: Signer, tmp_path: Path) -> None:
    signed = signer.sign(MODEL, "tiny", {"model.tflite": "0" * 64})
    assert verify(signer, tmp_path, MODEL, signed.manifest, signed.signature)
    assert not verify(signer, tmp_path, RELEASE, signed.manifest, signed.signature)
    assert not verify(signer, tmp_path, MODEL, signed.manifest + b"\n", signed.signature)


def test_the_same_files_keep_their_first_signature(signer: Signer, tmp_path: Path) -> None:
    first = signer.sign(MODEL, "tiny", {"model.tflite": "0" * 64})
    again = Signer(tmp_path / "catdog").sign(MODEL, "renamed", {"model.tflite": "0" * 64})
    assert again == first
    assert first.time == time_of(first.manifest.decode()) != ""
    assert signer.sign(MODEL, "tiny", {"model.tflite": "1" * 64}).digest != first.digest


def test_the_key_is_made_once_and_for_its_owner_alone(signer: Signer, tmp_path: Path) -> None:
    assert Signer(tmp_path / "catdog").public == signer.public
    assert (tmp_path / "catdog/key").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in (tmp_path / "catdog").iterdir()) == ["key", "key.pub"]
