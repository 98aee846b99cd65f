"""How often models are right on labelled photos, and how often they answer what their float32 sister answers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edge import judged
from edge.classifier import Classifier, decide
from edge.errors import CatdogError, InputError
from edge.metrics import Classes, Share
from edge.photo import read_photo


class Judged(NamedTuple):
    """What the models did: name -> {"accuracy", "agreement"}, how many photos were read, and the others."""

    figures: dict[str, dict[str, Any]]
    photos: int
    skipped: list[CatdogError]


def choose(folders: Sequence[Path], renames: Mapping[str, str], models: Mapping[str, Classifier]) -> list[judged.Row]:
    """Return the photos that judge the models.

    Raises:
        InputError: a folder cannot be used, has labels that the models do not know, or the models' labels differ.
    """
    name, first = next(iter(models.items()))
    for other, classifier in models.items():
        if classifier.labels != first.labels:
            raise InputError(
                other,
                f"knows {', '.join(classifier.labels)}, but {name} knows {', '.join(first.labels)}",
                "Photos judge models of the same labels: bench them apart, or without --data",
            )
    rows = [row for part in judged.choose(folders, {}, renames, None) for row in part.rows]
    judged.check_labels(rows, first.labels)
    return rows


def judge(rows: Sequence[judged.Row], models: Mapping[str, Classifier]) -> Judged:
    """Show every photo to every model; without photos nothing is known of them.

    Raises:
        InputError: not one photo can be read.
    """
    if not rows:
        return Judged({name: {"accuracy": None, "agreement": None} for name in models}, 0, [])
    labels = next(iter(models.values())).labels
    truth, skipped = [], []
    answers: dict[str, list[int]] = {name: [] for name in models}
    for row in rows:
        try:
            image = read_photo(row.path)
        except CatdogError as fault:
            skipped.append(fault)
            continue
        truth.append(labels.index(row.label))
        for name, model in models.items():
            answers[name].append(decide(model.contract, model.predict(image)))
    if not truth:
        raise InputError("--data", "has not one photo that can be read", "Give readable labelled photos")
    chosen = {name: np.array(values, np.int64) for name, values in answers.items()}
    figures = {
        name: {"accuracy": _share(values, np.array(truth)).document(), "agreement": _agreement(name, models, chosen)}
        for name, values in chosen.items()
    }
    return Judged(figures, len(truth), skipped)


def _share(values: Classes, others: Classes) -> Share:
    return Share(int((values == others).sum()), len(values))


def _agreement(name: str, models: Mapping[str, Classifier], chosen: Mapping[str, Classes]) -> dict[str, Any] | None:
    """Return the share of answers that the float32 variant of the same model gives too; None where there is none."""
    mine = models[name].contract
    sisters = (
        other
        for other, model in models.items()
        if other != name and (model.contract.name, model.contract.variant) == (mine.name, "float32")
    )
    sister = next(sisters, None)
    return None if sister is None else {**_share(chosen[name], chosen[sister]).document(), "with": sister}
