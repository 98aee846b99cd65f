"""What is measured, one function for each part of the report: starts, rounds, yardsticks, threads, stages."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge import runtime
from edge.bench import figures, fresh, graphs
from edge.bench.rounds import Plan, Visit, measure
from edge.classifier import Classifier, decide
from edge.fit import Image, fit
from edge.outputs.overlay import annotate
from edge.photo import decode_photo

PHOTO = Path(__file__).parents[1] / "demo" / "01-cat-two.jpg"
CONTROL = "control: "  # prefix of the first model's second copy


def starts(
    models: Mapping[str, Classifier], count: int, random: np.random.Generator
) -> dict[str, dict[str, dict[str, float] | None]]:
    """Start every model `count` times, in random order; return median, least and most of each figure."""
    found: dict[str, list[dict[str, float | None]]] = {name: [] for name in models}
    keys = list(models)
    fresh.start(models[keys[0]].path, PHOTO)  # the first one reads Python's files from the disk
    for _ in range(count):
        for i in random.permutation(len(keys)):
            found[keys[i]].append(fresh.start(models[keys[i]].path, PHOTO))
    return {
        name: {key: figures.spread([row[key] for row in rows]) for key in ("load", "first", "start", "memory")}
        for name, rows in found.items()
    }


def bare_invoke(classifier: Classifier) -> Callable[[], object]:
    """Return the network alone, on what the last picture left in its input."""
    invoke: Callable[[], object] = classifier._interpreter.invoke
    return invoke


def visits(models: Mapping[str, Classifier], frame: Image, threads: int) -> list[Callable[[], Visit]]:
    """Return the makers of a visit to each model, and of the first one's second copy."""
    first = next(iter(models))
    copies = [(CONTROL + first, models[first]), *models.items()]

    def make(name: str, model: Classifier) -> Visit:
        classifier = Classifier(model.path, threads)
        look = partial(classifier.classify, frame)
        return Visit(name, look, {"classify": look, "invoke": bare_invoke(classifier)})

    return [partial(make, name, model) for name, model in copies]


def yardsticks(random: np.random.Generator, threads: int) -> list[graphs.Yardstick]:
    """Return the yardstick of each kind that this machine is fastest with; none where they cannot be built."""
    if not graphs.can_build():
        return []
    found = measure(yardstick_visits(graphs.YARDSTICKS, threads), Plan(20, 2.0, 4, 2), random)
    rates = {y: y.macs / float(np.median(found.times[str(y), "invoke"])) for y in graphs.YARDSTICKS}
    return [max((y for y in rates if y.kind == kind), key=rates.__getitem__) for kind in ("float32", "int8")]


def yardstick_visits(yardsticks: Sequence[graphs.Yardstick], threads: int) -> list[Callable[[], Visit]]:
    """Return the makers of a visit to each yardstick."""
    return [partial(_yardstick_visit, yardstick, threads) for yardstick in yardsticks]


def _yardstick_visit(yardstick: graphs.Yardstick, threads: int) -> Visit:
    content = graphs.build(yardstick)
    interpreter = runtime.load(content, threads, yardstick.shape)

    def invoke(_alive: bytes = content) -> None:
        interpreter.invoke()

    return Visit(str(yardstick), invoke, {"invoke": invoke})


def sweep(
    models: Mapping[str, Classifier], threads: Sequence[int], plan: Plan, random: np.random.Generator
) -> dict[str, dict[str, Any]]:
    """Return name -> threads -> figures of the network alone; nothing where there is but one count."""
    if len(threads) == 1:
        return {name: {} for name in models}

    def make(name: str, model: Classifier, count: int) -> Visit:
        invoke = bare_invoke(Classifier(model.path, count))
        return Visit(f"{count} {name}", invoke, {"invoke": invoke})

    makers = [partial(make, name, model, count) for name, model in models.items() for count in threads]
    times = measure(makers, plan, random).times
    return {
        name: {str(count): figures.latency(times[f"{count} {name}", "invoke"], random) for count in threads}
        for name in models
    }


def stages(
    models: Mapping[str, Classifier], frame: Image, plan: Plan, random: np.random.Generator
) -> dict[str, dict[str, float]]:
    """Return name -> stage -> median ms of a JPEG's way to the picture with its answer."""
    jpeg = cv2.imencode(".jpg", frame)[1].tobytes()

    def make(name: str, classifier: Classifier) -> Visit:
        rule, scratch, out = classifier.contract.fit, dict[str, Image](), fit(frame, classifier.contract.fit)
        answer, probabilities = classifier.classify(frame), classifier.predict(frame)
        steps: dict[str, Callable[[], object]] = {
            "decode": partial(decode_photo, jpeg, name),
            "fit": partial(fit, frame, rule, out, scratch),
            "invoke": bare_invoke(classifier),
            "decide": partial(decide, classifier.contract, probabilities),
            "draw": partial(annotate, frame, answer),
        }
        return Visit(name, steps["fit"], steps)

    times = measure([partial(make, name, model) for name, model in models.items()], plan, random).times
    return {
        name: {stage: float(np.median(times[key, stage])) for key, stage in times if key == name} for name in models
    }
