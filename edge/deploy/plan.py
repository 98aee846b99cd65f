"""Facts of a board, and what is wanted of it -> the steps that are still missing. Nothing is read or changed here.

A release and a model are folders on two shelves. New ones are made complete beside the old, then a link is renamed: so
whatever is cut off on the way leaves the board with what it had, and the next push goes on from there.
"""

import shlex
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from edge.deploy.demands import check_room, check_trust, trusts
from edge.deploy.facts import Facts, Shelf
from edge.deploy.items import (
    RESTART,
    Item,
    Step,
    Wish,
    answer_step,
    model_steps,
    release_steps,
    replacing,
    selftest_step,
    settings_back,
    settings_step,
)
from edge.deploy.layout import Layout
from edge.deploy.signing import Signer


class Plan(NamedTuple):
    """Steps before anything changes for the service, those that change it, and those after; and what to undo."""

    prepare: tuple[Step, ...] = ()  # make new things beside the old ones
    clear: tuple[str, ...] = ()  # commands that take away what `prepare` has made, where it fails
    change: tuple[Step, ...] = ()  # the switch and the restart; the last waits for a fresh answer
    back: tuple[str, ...] = ()  # commands that lead back, where that fails; empty where there was nothing before
    after: tuple[Step, ...] = ()  # take away what nobody needs any more

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.prepare + self.change + self.after


class _Place(NamedTuple):
    """A shelf, and which of its items is wanted: one that is there (`new` is False), or a new one."""

    path: str
    shelf: Shelf
    name: str
    new: bool

    @property
    def moves(self) -> bool:
        return self.name != self.shelf.current

    def paths(self, whole: bool, *kept: str) -> list[str]:
        """Return the folders of the whole items, or of the torn ones, but for those to keep."""
        names = [name for name, state in self.shelf.items.items() if state == whole and name not in kept]
        return [f"{self.path}/{name}" for name in names]


def plan(facts: Facts, wish: Wish, signer: Signer, layout: Layout, host: str) -> Plan:
    """Return what is to be done so that a board is as wanted, and trusts what `signer` signs; empty where it is so.

    Raises:
        CatdogError: the board, or somebody else's decision, stands against it.
    """
    check_trust(facts, wish, signer, host)
    release = _place(layout.releases, facts.releases, wish.release)
    model = _place(layout.models, facts.models, wish.model)
    places = (release, model)
    wheels = wish.release.wheels if release.new else {}
    # What an index serves never changes under its name; our own wheel does, as long as the version stays.
    travelling = {
        name: path
        for name, path in wheels.items()
        if name.startswith("catdog_edge-") or facts.wheels.get(name) != path.stat().st_size
    }
    check_room(facts, wheels, travelling, sum(map(len, wish.model.files.values())) if model.new else 0, host)
    prepare = _ground(facts, signer, layout) + _torn(places)
    prepare += release_steps(wish.release, release.name, travelling, layout) if release.new else []
    prepare += model_steps(wish.model, model.name, layout) if model.new else []
    prepare += [selftest_step(release.name, model.name, layout)] if any(place.moves for place in places) else []
    return Plan(
        tuple(prepare),
        _clear(places),
        _change(facts, wish, places, layout),
        _back(facts, wish, places, layout),
        _prune(places, layout),
    )


def _place(path: str, shelf: Shelf, item: Item) -> _Place:
    there = shelf.find(item.signed.digest)
    return _Place(path, shelf, there or shelf.new(item.signed.digest), not there)


def _ground(facts: Facts, signer: Signer, layout: Layout) -> list[Step]:
    steps = []
    if not facts.user:
        home = f"--no-create-home --home-dir {layout.data}/state --shell /usr/sbin/nologin"
        steps.append(
            Step(f"user {layout.user}", (f"useradd --system --user-group {home} --groups video {layout.user}",))
        )
    if not trusts(facts, signer):
        wants = PurePosixPath(layout.wanted).parent
        folders = f"{layout.releases} {layout.models} {layout.settings_folder} {wants}"
        lines = "".join(f"{line}\n" for line in (*facts.signers, signer.line)).encode()
        trust = replacing(lines, layout.signers, "644")
        steps.append(Step("folders, this workstation's key", (f"install -d -m 755 {folders}", *trust)))
    return steps


def _torn(places: Sequence[_Place]) -> list[Step]:
    torn = [path for place in places for path in place.paths(False, place.shelf.current, place.shelf.previous)]
    return [Step("what an interrupted push had left", (f"rm -rf {shlex.join(torn)}",))] if torn else []


def _clear(places: Sequence[_Place]) -> tuple[str, ...]:
    """Return what takes away new things, and lets a model that is there but fails its selftest travel anew."""
    made = shlex.join(f"{place.path}/{place.name}" for place in places if place.new)
    model = places[1]
    doubted = (f"rm -f {model.path}/{model.name}/complete",) if model.moves and not model.new else ()
    return ((f"rm -rf {made}",) if made else ()) + doubted


def _change(facts: Facts, wish: Wish, places: Sequence[_Place], layout: Layout) -> tuple[Step, ...]:
    steps = []
    if wish.settings:
        steps.append(settings_step(wish.settings, layout))
    if any(place.moves for place in places):
        # The new release's guard: the old one, if any, may be of another mind about what a shelf is.
        guard = [layout.guard("switch", p.path, p.name, release=places[0].name) for p in places if p.moves]
        steps.append(Step("the switch", tuple(guard)))
    if not facts.unit:
        steps.append(Step("unit, for every boot", _link_unit(layout)))
    if steps or not facts.active:
        steps.append(answer_step(layout))
    return tuple(steps)


def _link_unit(layout: Layout) -> tuple[str, ...]:
    """Return what makes the unit of the current release, whichever that is, the one that systemd sees."""
    links = ((f"{layout.releases}/current/catdog.service", layout.unit), (layout.unit, layout.wanted))
    return (*tuple(f"ln -sfn {target} {link}.new && mv -T {link}.new {link}" for target, link in links), "sync")


def _back(facts: Facts, wish: Wish, places: Sequence[_Place], layout: Layout) -> tuple[str, ...]:
    if not facts.releases.current:
        return ()
    back = [layout.guard("back", place.path) for place in places if place.moves and place.shelf.current]
    if wish.settings and facts.settings:
        back.append(settings_back(layout))
    return (*back, RESTART) if back else ()


def _prune(places: Sequence[_Place], layout: Layout) -> tuple[Step, ...]:
    before = [place.shelf.current if place.moves else place.shelf.previous for place in places]
    old = [path for place, kept in zip(places, before, strict=True) for path in place.paths(True, place.name, kept)]
    if not old:
        return ()
    used = 'grep -qF "wheels/$wheel" ../releases/*/MANIFEST'
    wheels = f'cd {layout.wheels} && for wheel in *.whl; do {used} || rm -f "$wheel"; done'
    return (Step(f"{len(old)} old folders taken away", (f"rm -rf {shlex.join(old)}", wheels)),)
