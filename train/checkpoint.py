"""Everything that the next epoch of a run depends on, in one file."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import InputError
from edge.files import replacing
from train.fit import Epoch, Trainer


def save(trainer: Trainer, path: Path, identity: dict[str, Any]) -> None:
    """Write it, between two epochs; `identity` is what makes the run this one, JSON-ready."""
    arrays = {
        **{f"model{i}": np.asarray(value) for i, value in enumerate(trainer.model.get_weights())},
        **{f"optimizer{i}": np.asarray(variable) for i, variable in enumerate(trainer.optimizer.variables)},
        **{f"average{i}": variable.numpy() for i, variable in enumerate(trainer.average)},
        **{f"best{i}": value for i, value in enumerate(trainer.best)},
        "logits": trainer.best_logits,
    }
    best = [trainer.best_epoch, trainer.best_accuracy]
    text = json.dumps({"identity": identity, "history": trainer.history, "best": best})
    with replacing(path, durable=True) as temporary, temporary.open("wb") as file:
        np.savez(file, text=np.frombuffer(text.encode(), np.uint8), **arrays)


def restore(trainer: Trainer, path: Path, identity: dict[str, Any]) -> None:
    """Let a trainer continue where a checkpoint stopped.

    Raises:
        InputError: it is damaged, or another run's; the message names what differs.
    """
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            state = {name: arrays[name] for name in arrays.files}
        text = json.loads(state.pop("text").tobytes())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as fault:
        raise InputError(path, f"is damaged ({type(fault).__name__})", "Delete it to start anew") from None
    theirs, ours = text["identity"], json.loads(json.dumps(identity))
    if theirs != ours:
        names = [name for name in {**theirs, **ours} if theirs.get(name) != ours.get(name)]
        shown = "; ".join(f"{name}: {theirs.get(name)} then, {ours.get(name)} now" for name in sorted(names))
        raise InputError(path, f"belongs to another run ({shown})", "Repeat its options, or leave out --resume")
    trainer.model.set_weights(_numbered(state, "model"))
    for variable, value in zip(trainer.optimizer.variables, _numbered(state, "optimizer"), strict=True):
        variable.assign(value)
    for average, value in zip(trainer.average, _numbered(state, "average"), strict=True):
        average.assign(value)
    trainer.best, trainer.best_logits = _numbered(state, "best"), state["logits"]
    trainer.best_epoch, trainer.best_accuracy = text["best"]
    trainer.history = [Epoch(*values) for values in text["history"]]


def _numbered(state: dict[str, Any], prefix: str) -> list[Any]:
    count = sum(name.startswith(prefix) for name in state)
    return [state[f"{prefix}{i}"] for i in range(count)]
