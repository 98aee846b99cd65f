"""One training run: batches in, weights out, the same weights every time.

All randomness (order, augmentation, mixing, dropout) is a function of (seed, step), and a checkpoint after every epoch
holds every number that the next epoch depends on. So a run that was killed and resumed ends in the very weights of an
unbroken one, and two runs with one seed end alike (on one machine, on CPU).

The loop is our own because Keras' `fit` neither continues to the bit nor runs on several workers with Keras 3;
`tf.distribute` carries it over machines (TF_CONFIG), with each worker feeding its share of every batch.
"""

import hashlib
import json
import math
import os
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from edge.errors import CatdogError, InputError
from edge.files import replacing
from train.augment import RandomLight, RandomPaste, RandomView
from train.balance import times_shown
from train.calibrate import best_temperature
from train.recipe import Recipe


@dataclass(frozen=True)
class Samples:
    """Pictures and what they show.

    Attributes:
        take: positions int64 (n,) -> uint8 (n, height, width, 3), RGB.
        targets: float32 (photos, classes), rows that sum to 1.
        origins: number of the DATA folder that each came from, int64 (photos,).
    """

    take: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.uint8]]
    targets: npt.NDArray[np.float32]
    origins: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.targets)


class Epoch(NamedTuple):
    """What one epoch came to; the history is a list of these."""

    epoch: int
    loss: float
    val_loss: float
    val_accuracy: float
    seconds: float
    waited: float


class Trainer:
    """A network under training.

    Args:
        build: makes the network: pictures float32 (batch, height, width, 3) -> logits.
        recipe: how to train it.
        samples: what to learn from.
        validation: pictures uint8 at the network's own size, fitted as the device fits them.
        side: of the network's input in pixels.
        seed: of everything random.
        teachers: networks of the same classes, pictures float32 (batch, theirs, theirs, 3) -> probabilities. The mean
            of their answers on the very pictures that the network sees is a part of its targets (Hinton et al.,
            Distilling, 2015; Beyer et al., A good teacher is patient and consistent, 2022).
        fallback: the number of the class that means none of the others, if there is one.
    """

    def __init__(
        self,
        build: Callable[[], keras.Model],
        recipe: Recipe,
        samples: Samples,
        validation: Samples,
        side: int,
        seed: int,
        teachers: Sequence[keras.Model] = (),
        fallback: int | None = None,
    ) -> None:
        self.side, self.teachers, self.fallback = side, teachers, fallback
        self.recipe, self.samples, self.validation, self.seed = recipe, samples, validation, seed
        self.strategy = tf.distribute.get_strategy()
        if "TF_CONFIG" in os.environ:
            try:
                self.strategy = tf.distribute.MultiWorkerMirroredStrategy()
            except ValueError as fault:
                raise InputError(
                    "TF_CONFIG", f"names no cluster ({fault})", "Write it as docs/training.md does"
                ) from None
        resolver = self.strategy.cluster_resolver
        self.worker = int(resolver.task_id or 0) if resolver else 0
        self.workers = max(1, self.strategy.num_replicas_in_sync)
        with self.strategy.scope():
            self.model = build()
            if recipe.freeze_norm:
                for layer in self.model.layers:
                    layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
            self.optimizer = self._make_optimizer()
            self.optimizer.build(self.model.trainable_variables)
            self.average = [tf.Variable(weight) for weight in self.model.weights] if recipe.ema else []
            self._decay = tf.Variable(recipe.ema, trainable=False)
        times = times_shown(samples.targets.argmax(1), samples.origins, recipe.repeat, recipe.repeat_origin)
        self._rows = np.repeat(np.arange(len(samples)), times)
        self.history: list[Epoch] = []
        self.best: list[npt.NDArray[Any]] = []
        self.best_epoch, self.best_accuracy = 0, 0.0
        self.best_logits = np.empty((0, 0), np.float32)  # of the validation photos, by the best weights
        self._steps: dict[int, Callable[..., Any]] = {}

    @property
    def shown(self) -> int:
        """How many pictures an epoch shows."""
        return len(self._rows)

    @property
    def steps_per_epoch(self) -> int:
        """How many batches an epoch has; the last, smaller one is left out (other photos each time)."""
        return max(1, len(self._rows) // self.recipe.batch)

    def _make_optimizer(self) -> Any:
        recipe = self.recipe
        if not recipe.weight_decay:
            return keras.optimizers.Adam(recipe.learning_rate)
        optimizer = keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        return optimizer

    def _step(self, side: int) -> Callable[..., Any]:
        """Return the compiled training step for pictures of this side."""
        if side not in self._steps:
            # Teachers see the very view that the network sees, at their own size, which may be larger.
            seen = max([side, *(int(teacher.input.shape[1]) for teacher in self.teachers)])
            view, light = RandomView(self.recipe.views, seen), RandomLight(self.recipe.views)
            paste = RandomPaste(self.recipe.views.paste, self.fallback)

            def step(pixels: Any, targets: Any, seed: Any) -> Any:
                images = view(tf.cast(pixels, tf.float32), seed=seed)
                if paste.share:
                    images = paste(images, targets, seed=seed)
                images = light(images, seed=seed)
                images, targets = _mixed(images, targets, seed, self.recipe)
                taught = self._taught(images)
                if seen != side:
                    images = tf.image.resize(images, (side, side), "area")
                with tf.GradientTape() as tape:
                    logits = tf.cast(self.model(images, training=True), tf.float32)  # from half precision on a GPU
                    loss = self._loss(targets, logits, taught)
                self.optimizer.apply_gradients(
                    zip(
                        tape.gradient(loss, self.model.trainable_variables), self.model.trainable_variables, strict=True
                    )
                )
                return loss

            def run(*batch: Any) -> Any:
                losses = self.strategy.run(step, args=batch)
                for average, weight in zip(self.average, self.model.weights, strict=False):
                    average.assign(weight + (average - weight) * self._decay)
                return self.strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)

            self._steps[side] = tf.function(run)
        return self._steps[side]

    def _taught(self, images: Any) -> Any:
        """Return the teachers' softened answers (batch, classes) on these pictures; None where there is no teacher."""
        if not self.teachers:
            return None
        heat, answers = self.recipe.teacher_temperature, []
        for teacher in self.teachers:
            side = int(teacher.input.shape[1])
            probabilities = teacher(tf.image.resize(images, (side, side)), training=False)
            answers.append(tf.nn.softmax(tf.math.log(tf.maximum(probabilities, 1e-6)) / heat))
        return tf.stop_gradient(tf.add_n(answers) / len(answers))

    def _loss(self, targets: Any, logits: Any, taught: Any) -> Any:
        """Return this worker's share of the batch's mean loss."""
        recipe = self.recipe
        classes = tf.cast(tf.shape(targets)[1], tf.float32)
        smooth = targets * (1 - recipe.smoothing) + recipe.smoothing / classes
        losses = tf.nn.softmax_cross_entropy_with_logits(smooth, logits)
        if taught is not None:
            heat = recipe.teacher_temperature
            soft = tf.nn.softmax_cross_entropy_with_logits(taught, logits / heat) * heat**2
            losses = recipe.teacher_weight * soft + (1 - recipe.teacher_weight) * losses
        if recipe.class_weights:
            share = tf.constant(self.samples.targets.mean(0))
            losses *= tf.reduce_sum(targets / (share * classes), 1)
        return tf.reduce_sum(losses) / self.recipe.batch

    def _batches(self, epoch: int) -> Iterator[tuple[Any, ...]]:
        """Yield this worker's share of every batch of an epoch."""
        order = np.random.default_rng((self.seed, epoch)).permutation(self._rows)
        for number in range(self.steps_per_epoch):
            start = number * self.recipe.batch
            rows = order[start : start + self.recipe.batch][self.worker :: self.workers]
            seed = np.array([self.seed + 1009 * self.worker, epoch * self.steps_per_epoch + number], np.int32)
            yield self.samples.take(rows), self.samples.targets[rows], seed

    def train_epoch(self, progress: Callable[[int, int, float], None]) -> Epoch:
        """Train one epoch, judge it, remember the best weights; return what it came to."""
        epoch, started, waited = len(self.history), time.perf_counter(), 0.0
        step = self._step(self.recipe.side_at(epoch, self.side))
        total = self.steps_per_epoch * self.recipe.epochs
        keras.utils.set_random_seed(self.seed + epoch)  # dropout's generator
        for layer in self.model.layers:  # ... which lives in the layers
            if hasattr(layer, "seed_generator"):
                layer.seed_generator.state.assign([self.seed, epoch])
        losses = []
        batches = ahead(self._batches(epoch))
        for number in range(self.steps_per_epoch):
            asked = time.perf_counter()
            batch = next(batches)
            waited += time.perf_counter() - asked
            done = epoch * self.steps_per_epoch + number
            self.optimizer.learning_rate.assign(self.recipe.rate_at(done, total))
            if self.average:
                self._decay.assign(min(self.recipe.ema, (1 + done) / (10 + done)))
            losses.append(step(*(tf.constant(part) for part in batch)))
            if number % 10 == 9:
                progress(number + 1, self.steps_per_epoch, float(losses[-1]))
        loss = float(np.mean([float(value) for value in losses]))
        if not np.isfinite(loss):
            raise CatdogError("training", f"came apart in epoch {epoch + 1}", "Lower --learning-rate")
        result = self._judge(epoch, loss, started, waited)
        self.history.append(result)
        return result

    def _validated(self, weights: list[npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
        """Return the logits of the validation photos by these weights."""
        current = self.model.get_weights()
        self.model.set_weights(weights)
        logits = predict_logits(self.model, self.validation)
        self.model.set_weights(current)
        return logits

    def _judge(
        self, epoch: int, loss: float, started: float, waited: float, logits: npt.NDArray[np.float32] | None = None
    ) -> Epoch:
        weights = self.kept_weights()
        logits = self._validated(weights) if logits is None else logits
        top = logits.max(1, keepdims=True)
        logs = logits - top - np.log(np.exp(logits - top).sum(1, keepdims=True))
        val_loss = float(-(logs * self.validation.targets).sum(1).mean())
        accuracy = float((logits.argmax(1) == self.validation.targets.argmax(1)).mean())
        # Of epochs that the validation photos cannot tell apart, the later one is kept: it learned at a lower rate and
        # averages more. (The rule of one standard error: Breiman et al., Classification and Regression Trees, 1984.)
        error = math.sqrt(self.best_accuracy * (1 - self.best_accuracy) / len(logits))
        if accuracy >= self.best_accuracy - error:
            self.best, self.best_logits, self.best_epoch = weights, logits, epoch + 1
        self.best_accuracy = max(self.best_accuracy, accuracy)
        return Epoch(epoch + 1, loss, val_loss, accuracy, time.perf_counter() - started, waited)

    def kept_weights(self) -> list[npt.NDArray[Any]]:
        """Return the weights to keep: the averaged ones, or the current ones."""
        if self.average:
            return [average.numpy() for average in self.average]
        return [np.asarray(weight) for weight in self.model.get_weights()]

    def fit_head(self) -> None:
        """Fit the last layer to features that the frozen backbone gives of every photo once, in closed form.

        Ridge regression on the labels, its answers scaled to be as sure as they are right. A random last layer would
        send its noise through the whole backbone in the first hundred steps.
        """
        head = self.model.get_layer("logits")
        self._features = keras.Model(self.model.input, self.model.layers[-3].output)

        def small(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
            pixels = self.samples.take(rows)
            if pixels.shape[1] == self.side:
                return pixels
            return np.asarray(tf.round(tf.image.resize(pixels, (self.side, self.side))), np.uint8)

        features = predict_logits(self._features, replace(self.samples, take=small))
        mean, shares = features.mean(0), self.samples.targets.mean(0)
        features -= mean
        gram = (features.T @ features).astype(np.float64)
        penalty = 0.1 * np.trace(gram) / len(gram)  # relative, so that it fits any backbone and number of photos
        kernel = np.linalg.solve(gram + penalty * np.eye(len(gram)), features.T @ (self.samples.targets - shares))
        answers = (features @ kernel + shares).astype(np.float32)
        sureness = 6 / best_temperature(answers * 6, self.samples.targets.argmax(1))
        head.set_weights([kernel * sureness, (shares - mean @ kernel) * sureness])

    def judge_head(self) -> None:
        """Take the fitted last layer on the untrained backbone for an epoch 0."""
        kernel, bias = self.model.get_layer("logits").get_weights()
        logits = predict_logits(self._features, self.validation) @ kernel + bias
        self.history.append(self._judge(-1, 0.0, time.perf_counter(), 0.0, logits))

    def judge_start(self) -> None:
        """Take the weights that it starts from for an epoch 0."""
        self.history.append(self._judge(-1, 0.0, time.perf_counter(), 0.0))

    def start_average(self) -> None:
        """Let the averaged weights begin at the current ones."""
        for average, weight in zip(self.average, self.model.weights, strict=False):
            average.assign(weight)

    # -- checkpoints -------------------------------------------------------------------------------------------------

    def save(self, path: Path, identity: dict[str, Any]) -> None:
        """Write everything that the next epoch depends on, aside and renamed, so that a kill leaves the former one."""
        arrays = {
            **{f"model{i}": np.asarray(value) for i, value in enumerate(self.model.get_weights())},
            **{f"optimizer{i}": np.asarray(variable) for i, variable in enumerate(self.optimizer.variables)},
            **{f"average{i}": variable.numpy() for i, variable in enumerate(self.average)},
            **{f"best{i}": value for i, value in enumerate(self.best)},
            "logits": self.best_logits,
        }
        text = json.dumps(
            {"identity": identity, "history": self.history, "best": [self.best_epoch, self.best_accuracy]}
        )
        with replacing(path, durable=True) as temporary, temporary.open("wb") as file:
            np.savez(file, text=np.frombuffer(text.encode(), np.uint8), **arrays)

    def restore(self, path: Path, identity: dict[str, Any]) -> None:
        """Continue where a checkpoint stopped.

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
        self.model.set_weights(_numbered(state, "model"))
        for variable, value in zip(self.optimizer.variables, _numbered(state, "optimizer"), strict=True):
            variable.assign(value)
        for average, value in zip(self.average, _numbered(state, "average"), strict=True):
            average.assign(value)
        self.best, self.best_logits = _numbered(state, "best"), state["logits"]
        self.best_epoch, self.best_accuracy = text["best"]
        self.history = [Epoch(*values) for values in text["history"]]


def _numbered(state: dict[str, Any], prefix: str) -> list[Any]:
    count = sum(name.startswith(prefix) for name in state)
    return [state[f"{prefix}{i}"] for i in range(count)]


def _mixed(images: Any, targets: Any, seed: Any, recipe: Recipe) -> Any:
    """Mix each picture with its neighbour in the batch, whole (mixup) or by a rectangle (cutmix), or not at all."""
    if not (recipe.mixup or recipe.cutmix):
        return images, targets
    draw = [tf.random.stateless_uniform((), tf.stack([seed[0], seed[1] * 64 + 40 + i])) for i in range(4)]
    share = tf.where(draw[0] < recipe.mixup, 0.5 * draw[1], 0.0)  # of the neighbour
    side = tf.cast(tf.shape(images)[1], tf.float32)
    line = (tf.range(side) + 0.5) / side
    length = tf.sqrt(0.5 * draw[1])
    top, left = draw[2] * (1 - length), draw[3] * (1 - length)
    rows, columns = (line >= top) & (line < top + length), (line >= left) & (line < left + length)
    box = tf.cast(rows[:, None] & columns[None, :], tf.float32)[None, :, :, None]
    cut = tf.logical_and(draw[0] >= recipe.mixup, draw[0] < recipe.mixup + recipe.cutmix)
    mask = tf.where(cut, box, tf.fill(tf.shape(box), share))
    share = tf.reduce_mean(mask)
    other = tf.roll(images, 1, 0)
    images = images + (other - images) * mask
    return images, targets + (tf.roll(targets, 1, 0) - targets) * share


def ahead(items: Iterator[Any]) -> Iterator[Any]:
    """Yield `items`, always preparing the next two in another thread."""
    with ThreadPoolExecutor(1) as pool:
        waiting = [pool.submit(next, items, None) for _ in range(2)]
        while (item := waiting.pop(0).result()) is not None:
            waiting.append(pool.submit(next, items, None))
            yield item


def predict_logits(model: keras.Model, samples: Samples, batch: int = 256) -> npt.NDArray[np.float32]:
    """Return the network's outputs float32 (photos, classes) for pictures of its own size."""
    forward = _forward(model)
    parts = [
        forward(tf.constant(samples.take(np.arange(start, min(start + batch, len(samples))))))
        for start in range(0, len(samples), batch)
    ]
    return np.concatenate([np.asarray(part, np.float32) for part in parts])


def _forward(model: keras.Model) -> Any:
    """Return the compiled forward pass of a model, kept with the model so that it is compiled once."""
    if not hasattr(model, "_catdog_forward"):
        model._catdog_forward = tf.function(
            lambda pixels: model(tf.cast(pixels, tf.float32), training=False),
            input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)],
        )
    return model._catdog_forward


def weights_digest(weights: list[npt.NDArray[Any]]) -> str:
    """Return one SHA-256 over the bytes of all weights, in order."""
    digest = hashlib.sha256()
    for value in weights:
        digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()
