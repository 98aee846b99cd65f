"""What a run leaves on the disk: NAME.keras, and the record NAME.json of how it was made."""

import argparse
import hashlib
import json
import os
import platform
from collections import Counter
from pathlib import Path
from typing import Any

import keras
import numpy
import numpy.typing as npt
import tensorflow

from edge import __version__
from edge.files import replacing, write_atomically
from edge.fit import FitRule
from edge.labelled import parse_renames
from edge.record import file_digest
from train.calibrate import best_temperature, best_threshold, softmax
from train.dataset import Dataset
from train.fit import Trainer
from train.networks import Network, build, with_softmax


def record_of(
    trainer: Trainer, data: Dataset, identity: dict[str, Any], options: argparse.Namespace, complete: bool
) -> dict[str, Any]:
    """Return how a model was made, as JSON-ready data; `complete` is False where Ctrl-C ended the run."""
    counts = Counter(f"{photo.split}/{photo.label}" for photo in data.photos)
    return {
        "command": options.command_line,
        "complete": complete,
        "run": identity,
        "photos": dict(sorted(counts.items())),
        "left_out": data.left_out,
        "renames": parse_renames(options.label),
        "classes": options.classes,
        "best_epoch": trainer.best_epoch,
        "history": [epoch._asdict() for epoch in trainer.history],
        "weights_sha256": weights_digest(trainer.best),
        "versions": {
            "catdog-edge": __version__,
            "python": platform.python_version(),
            "tensorflow": tensorflow.__version__,
            "keras": keras.__version__,
            "numpy": numpy.__version__,
        },
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


def save(
    trainer: Trainer,
    network: Network,
    data: Dataset,
    rule: FitRule,
    record: dict[str, Any],
    fallback: str | None,
    path: Path,
) -> None:
    """Write NAME.keras, then the record NAME.json that states its digest."""
    keras.config.set_dtype_policy("float32")  # whatever it was trained in
    model = trainer.model
    if trainer.model.input.shape[1] is None or trainer.model.dtype_policy.name != "float32":
        model = build(network, len(data.labels), rule.width)
    model.set_weights(trainer.best)
    answers = _answers(trainer, data.labels, fallback)
    with replacing(path) as temporary:
        with_softmax(model, answers["temperature"]).save(temporary)
    record = {
        **record,
        "labels": list(data.labels),
        "fit": rule._asdict(),
        **answers,
        "keras_sha256": file_digest(path),
    }
    write_atomically(path.with_suffix(".json"), json.dumps(record, indent=1).encode() + b"\n")
    best = next(epoch for epoch in record["history"] if epoch["epoch"] == record["best_epoch"])
    judged = f"{best['val_accuracy']:.2%} of {len(trainer.validation):,} validation photos"
    print(f"{path}: best epoch {record['best_epoch']}, {judged}")


def _answers(trainer: Trainer, labels: tuple[str, ...], fallback: str | None) -> dict[str, Any]:
    """Return what turns scores into answers, chosen on the validation photos."""
    logits, truth = trainer.best_logits, trainer.validation.targets.argmax(1)
    temperature = best_temperature(logits, truth)
    thresholds = {}
    if fallback is not None:
        thresholds[fallback] = best_threshold(
            softmax(logits, temperature), truth, labels.index(fallback), trainer.recipe.lost
        )
    return {"temperature": round(temperature, 4), "thresholds": thresholds, "fallback": fallback}


def weights_digest(weights: list[npt.NDArray[Any]]) -> str:
    """Return one SHA-256 over the bytes of all weights, in order."""
    digest = hashlib.sha256()
    for value in weights:
        digest.update(numpy.ascontiguousarray(value).tobytes())
    return digest.hexdigest()
