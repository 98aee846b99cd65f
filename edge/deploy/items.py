"""What travels to a board, and the steps that put it there: values only, which `board.py` carries out."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from edge.deploy.layout import SERVICE, Layout
from edge.deploy.signing import IDENTITY, MODEL, RELEASE, Signed

RESTART = f"systemctl daemon-reload; systemctl reset-failed {SERVICE} 2>/dev/null; systemctl restart {SERVICE}"
_START_S = 240  # the unit's TimeoutStartSec, and some more


class Upload(NamedTuple):
    """A file that travels: its content or where it lies, and where it goes."""

    source: bytes | Path
    target: str


class Step(NamedTuple):
    """Something to do on a board: uploads and shell commands in their order, each within `limit_s`."""

    words: str
    work: tuple[Upload | str, ...]
    limit_s: int = 900


class Item(NamedTuple):
    """What is to lie on a shelf: signed files of its own, and wheels that it shares with other items, by name."""

    name: str
    signed: Signed
    files: Mapping[str, bytes]
    wheels: Mapping[str, Path]


class Wish(NamedTuple):
    """What is wanted of a board."""

    release: Item  # to be the current one
    model: Item  # ... likewise
    settings: str = ""  # their new text; "" to leave them as they are
    older: bool = False  # an older model is welcome
    adopt: bool = False  # a board that another workstation has set up takes this one's key, too


def replacing(content: bytes, target: str, mode: str, group: str = "root") -> tuple[Upload | str, ...]:
    """Return what puts a file in the place of another so that a power cut leaves one of them."""
    new = f"{target}.new"
    return Upload(
        content, new
    ), f"chgrp {group} {new} && chmod {mode} {new} && mv -T {new} {target} && sync -f {target}"


def settings_step(text: str, layout: Layout) -> Step:
    """Return what writes the settings anew; `settings_back` leads back to those from before, if any."""
    keep = f"[ ! -e {layout.settings} ] || cp -p {layout.settings} {layout.settings}.before"
    return Step("settings", (keep, *replacing(text.encode(), layout.settings, "640", layout.user)))


def settings_back(layout: Layout) -> str:
    """Return the command that puts back the settings from before the last change."""
    return f"mv -T {layout.settings}.before {layout.settings}"


def release_steps(item: Item, name: str, travelling: Mapping[str, Path], layout: Layout) -> list[Step]:
    """Return what makes a release on the board, complete and unused; those of its wheels travel that are not there."""
    folder = f"{layout.releases}/{name}"
    size_mb = sum(path.stat().st_size for path in travelling.values()) / 1e6
    uploads = (Upload(path, f"{layout.wheels}/{wheel}") for wheel, path in travelling.items())
    wheels: tuple[Upload | str, ...] = (f"install -d -m 755 {layout.wheels}", *uploads)
    steps = [Step(f"{len(travelling)} of {len(item.wheels)} wheels, {size_mb:.1f} MB", wheels)] if travelling else []
    lay = f"install -d -m 755 {folder} && ln -sfn ../../wheels {folder}/wheels"
    steps.append(Step(f"release {name}, signature verified", (lay, *_signed_files(item, folder, RELEASE, layout))))
    return [*steps, _environment(item, folder)]


def _environment(item: Item, folder: str) -> Step:
    # Debian keeps ensurepip in a package of its own, which a bare board lacks: pip installs itself from its wheel.
    pip = next(wheel for wheel in item.wheels if wheel.startswith("pip-"))
    options = "--quiet --no-index --require-hashes --no-deps --no-cache-dir --disable-pip-version-check"
    install = f"venv/bin/python wheels/{pip}/pip install {options} --find-links wheels -r requirements.txt"
    make = f"cd {folder} && python3 -m venv --without-pip {folder}/venv && {install}"
    return Step("its environment", (make, f"sync -f {folder} && touch {folder}/complete"), limit_s=3600)


def model_steps(item: Item, name: str, layout: Layout) -> list[Step]:
    """Return what puts a model on the board, complete and unused."""
    folder = f"{layout.models}/{name}"
    size_mb = sum(map(len, item.files.values())) / 1e6
    words = f"model {item.name} as {name}, {size_mb:.1f} MB, signature verified"
    end = f"chmod 644 {folder}/* && sync -f {folder} && touch {folder}/complete"
    return [Step(words, (f"install -d -m 755 {folder}", *_signed_files(item, folder, MODEL, layout), end))]


def _signed_files(item: Item, folder: str, namespace: str, layout: Layout) -> tuple[Upload | str, ...]:
    """Return what uploads files and verifies them there; one that fails is taken away, so that it travels again."""
    verify = (
        f"ssh-keygen -Y verify -f {layout.signers} -I {IDENTITY} -n {namespace} -s MANIFEST.sig <MANIFEST >/dev/null"
    )
    spoilt = "cat .spoilt >&2; sed -n 's/: FAILED.*//p' .spoilt | xargs -r rm -f --; exit 1"
    check = f"sha256sum --check --strict --quiet MANIFEST >.spoilt 2>/dev/null || {{ {spoilt}; }}"
    own = {**item.files, "MANIFEST": item.signed.manifest, "MANIFEST.sig": item.signed.signature}
    uploads = tuple(Upload(content, f"{folder}/{name}") for name, content in own.items())
    return (*uploads, f"cd {folder} && {verify} && {{ {check}; }}")


def selftest_step(release: str, model: str, layout: Layout) -> Step:
    """Return what asks a model its golden pictures on the board, as the service's user."""
    program, file = f"{layout.releases}/{release}/venv/bin/catdog", f"{layout.models}/{model}/model.tflite"
    return Step("selftest, golden answers", (f"cd / && runuser -u {layout.user} -- {program} selftest {file}",))


def answer_step(layout: Layout) -> Step:
    """Return what starts the service anew, and waits for its first answer; it fails where none has come in a minute."""
    return Step("service, a fresh answer", (RESTART, layout.guard("answered")), limit_s=_START_S)
