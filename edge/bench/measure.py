"""The whole benchmark: models in, one dict out (its keys: `edge.bench`)."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from edge import __version__
from edge.bench import energy, figures, graphs, parts
from edge.bench.accuracy import choose, judge
from edge.bench.machine import Watch, complaints, cores, facts, governor_note, state
from edge.bench.rounds import Floats, Plan, Samples, measure
from edge.board import Machine
from edge.classifier import Classifier
from edge.errors import CatdogError, InputError
from edge.fit import Image
from edge.judged import Row
from edge.photo import read_photo
from edge.record import refuse_stale

FRAME = (640, 480)  # what most webcams give, width x height
FORMAT = 1
_SEED = 1  # of orders and bootstrap; the times themselves no seed can repeat


class Length(NamedTuple):
    """How much to measure: the rounds, those of sweep and stages, fresh starts of a model, seconds of energy each."""

    main: Plan
    side: Plan
    starts: int
    energy_s: float


FULL = Length(Plan(), Plan(128, 10.0, 4), 7, 5.0)
QUICK = Length(Plan(128, 5.0, 8), Plan(32, 2.0, 4, 3), 3, 1.0)


class Wishes(NamedTuple):
    """What to bench, as the command line says it."""

    models: Sequence[Path]  # .tflite files
    data: Sequence[Path] = ()  # folders of labelled photos; none for speed alone
    renames: Mapping[str, str] = {}  # class folder -> label
    threads: Sequence[int] | None = None  # for the sweep, the first for all else; None: 1, 2, 4, as cores allow
    seconds: float | None = None  # time limit of the rounds; by `quick` where it is None
    quick: bool = False  # measure little
    budget_ms: float | None = None  # what `figures.ship` goes by, as well as
    max_drop: float | None = None  # ... this
    energy: Path | None = None  # a meter's file
    command: str = ""  # the words that asked for this, for the record

    @property
    def length(self) -> Length:
        length = QUICK if self.quick else FULL
        return length if self.seconds is None else length._replace(main=length.main._replace(seconds=self.seconds))


def bench(wishes: Wishes, say: Callable[[str], object]) -> dict[str, Any]:
    """Measure; return the document. `say` is told what is being done.

    Raises:
        CatdogError: a model, a folder or a file cannot be used; found out before anything is measured.
    """
    begun, started, machine = time.monotonic(), datetime.now(UTC), Machine()
    models = {name: Classifier(path) for name, path in names(wishes.models).items()}
    for model in models.values():
        refuse_stale(model.path, model.contract.name, model.contract.origins)
    rows = choose(wishes.data, wishes.renames, models) if wishes.data else []
    if wishes.energy is not None:
        energy.read_samples(wishes.energy)
    threads, notes = sweep_of(wishes.threads, cores())
    run, found, skipped, doubts = _measured(wishes, models, rows, threads, machine, say)
    missing = [] if run["peak"] else [f"peak of this machine: {graphs.MISSING}"]
    return {
        "format": FORMAT,
        "version": __version__,
        "command": wishes.command,
        "started": started.isoformat("T", "seconds"),
        "seconds": round(time.monotonic() - begun, 1),
        "quick": wishes.quick,
        "threads": threads,
        "notes": [*governor_note(run["before"]), *notes, *doubts, *missing],
        **run,
        "machine": facts(machine),
        "models": found,
        "front": figures.front(found),
        "ship": figures.ship(found, wishes.budget_ms, wishes.max_drop),
        "skipped": [{"file": fault.thing, "wrong": fault.wrong} for fault in skipped],
    }


def _measured(
    wishes: Wishes,
    models: Mapping[str, Classifier],
    rows: Sequence[Row],
    threads: Sequence[int],
    machine: Machine,
    say: Callable[[str], object],
) -> tuple[dict[str, Any], list[dict[str, Any]], list[CatdogError], list[str]]:
    length, random = wishes.length, np.random.default_rng(_SEED)
    frame = cv2.resize(read_photo(parts.PHOTO), FRAME).astype(np.uint8, copy=False)
    say("starting each model in fresh processes")
    starts = parts.starts(models, length.starts, random)
    say(f"measuring, up to {length.main.seconds:.0f} s")
    run, latencies = _rounds(models, frame, threads[0], length.main, machine, random)
    say("measuring threads and stages")
    sweep = parts.sweep(models, threads, length.side, random)
    stages = parts.stages(models, frame, length.side, random)
    if rows:
        say(f"judging {len(rows)} photos")
    judged = judge(rows, models)
    say("measuring energy")
    works = {name: partial(model.classify, frame) for name, model in models.items()}
    joules, doubts = energy.measure(works, length.energy_s, wishes.energy, machine.root)
    found = [
        {
            **_identity(name, model),
            **latencies[name],
            **starts[name],
            "sweep": sweep[name],
            "stages": stages[name],
            **judged.figures[name],
            "energy": joules.get(name),
        }
        for name, model in models.items()
    ]
    return run, found, judged.skipped, doubts


def _rounds(
    models: Mapping[str, Classifier],
    frame: Image,
    threads: int,
    plan: Plan,
    machine: Machine,
    random: np.random.Generator,
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    before, watch = state(machine), Watch(machine)
    yardsticks = parts.yardsticks(random, threads)
    samples = measure(
        [*parts.visits(models, frame, threads), *parts.yardstick_visits(yardsticks, threads)], plan, random, watch
    )
    after = {**state(machine), "hottest_c": max(watch.temperatures_c, default=None)}
    first, peak = next(iter(models)), _peak(yardsticks, samples)
    reference = samples.times[first, "classify"]
    control = figures.ratio(samples.times[parts.CONTROL + first, "classify"], reference, random)
    run = {
        "rounds": samples.blocks * samples.rounds,
        "blocks": samples.blocks,
        "warm_ups": plan.warm_ups,
        "disturbed": complaints(before, after, watch.mhz, control, _drift(reference), cores()),
        "control": control,
        "before": before,
        "after": after,
        "peak": peak,
    }
    return run, {name: _latencies(name, model, samples, reference, peak, random) for name, model in models.items()}


def _latencies(
    name: str,
    classifier: Classifier,
    samples: Samples,
    reference: Floats,
    peak: Mapping[str, Any] | None,
    random: np.random.Generator,
) -> dict[str, Any]:
    whole, network = samples.times[name, "classify"], samples.times[name, "invoke"]
    return {
        "classify": figures.latency(whole, random),
        "invoke": figures.latency(network, random),
        "per_second": 1000 / float(whole.mean()),
        "ratio": figures.ratio(whole, reference, random),
        **_effort(classifier, network, peak),
    }


def names(paths: Sequence[Path]) -> dict[str, Path]:
    """Return a short name for each file, the same file once: its stem, with its folder where stems are the same.

    Raises:
        InputError: there is no file.
    """
    if not paths:
        raise InputError("MODEL", "was not given", "Name .tflite files, e.g. catdog bench models/*.tflite")
    unique = list({path.resolve(): path for path in reversed(paths)}.values())[::-1]
    stems = [path.name.removesuffix(".tflite") for path in unique]
    short = [s if stems.count(s) == 1 else f"{p.resolve().parent.name}/{s}" for s, p in zip(stems, unique, strict=True)]
    return {name if short.count(name) == 1 else str(path): path for name, path in zip(short, unique, strict=True)}


def sweep_of(asked: Sequence[int] | None, available: int) -> tuple[list[int], list[str]]:
    """Return the thread counts to measure, none above the cores that there are, and what to say of those left out."""
    kept = [count for count in dict.fromkeys(asked or (1, 2, 4)) if count <= available] or [1]
    left = [str(count) for count in asked or () if count > available]
    if left:
        there = "is one core" if available == 1 else f"are {available} cores"
        return kept, [f"threads {', '.join(left)}: left out, there {there}"]
    return kept, ["one core: more than one thread is not measured"] if available == 1 else []


def _peak(yardsticks: Sequence[graphs.Yardstick], samples: Samples) -> dict[str, dict[str, Any]] | None:
    return {
        y.kind: {"gmacs": _rate(y.macs, samples.times[str(y), "invoke"]), "shape": y.shape} for y in yardsticks
    } or None


def _rate(macs: int, times: Floats) -> float:
    """Return 10^9 multiply-adds a second, by the median of times in ms."""
    return macs / float(np.median(times)) / 1e6


def _drift(times: Floats) -> float:
    """Return the median of the last quarter of all rounds over that of the first."""
    flat = times.ravel()
    quarter = max(1, len(flat) // 4)
    return float(np.median(flat[-quarter:]) / np.median(flat[:quarter]))


def _effort(classifier: Classifier, times: Floats, peak: Mapping[str, Any] | None) -> dict[str, float | None]:
    """Return multiply-adds, their rate, and its share of the peak in the arithmetic of the variant."""
    count = graphs.macs(classifier.content)
    if not count or not peak:
        return {"macs": count, "gmacs": None, "share": None}
    # Dynamic range turns its inputs into bytes as it goes: int8 arithmetic, too.
    kind = "int8" if classifier.contract.variant in ("int8", "dynamic") else "float32"
    rate = _rate(count, times)
    return {"macs": count, "gmacs": rate, "share": rate / peak[kind]["gmacs"]}


def _identity(name: str, classifier: Classifier) -> dict[str, Any]:
    content, contract = classifier.content, classifier.contract
    return {
        "name": name,
        "file": str(classifier.path),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "variant": contract.variant,
        "labels": list(contract.labels),
        "input": f"{contract.fit.width} x {contract.fit.height}",
    }
