"""One training run: batches in, weights out, the same weights every time.

All randomness (order, augmentation, mixing, dropout) is a function of (seed, step), and a checkpoint after every epoch
holds every number that the next epoch depends on. So a run that was killed and resumed ends in the very weights of an
unbroken one, and two runs with one seed end alike (on one machine, on CPU).

The loop is our own because Keras' `fit` neither continues to the bit nor runs on several workers with Keras 3;
`tf.distribute` carries it over machines (TF_CONFIG), with each worker feeding its share of every batch.
"""

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from edge.errors import CatdogError, InputError
from train.augment import RandomLight, RandomPaste, RandomView
from train.balance import times_shown
from train.feed import Samples, ahead, predict_logits
from train.head import features_of
from train.int8 import rounded_to_int8
from train.loss import loss_of, loss_of_held, taught
from train.mix import mixed
from train.recipe import Recipe


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
        self.strategy = _strategy()
        resolver = self.strategy.cluster_resolver
        self.worker = int(resolver.task_id or 0) if resolver else 0
        self.workers = max(1, self.strategy.num_replicas_in_sync)
        with self.strategy.scope():
            self.model = build()
            if recipe.freeze_norm:
                for layer in self.model.layers:
                    layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
            self.optimizer = _optimizer(recipe)
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
        self._start: keras.Model | None = None  # gives the features that are held to

    @property
    def shown(self) -> int:
        """How many pictures an epoch shows."""
        return len(self._rows)

    @property
    def steps_per_epoch(self) -> int:
        """How many batches an epoch has; the last, smaller one is left out (other photos each time)."""
        return max(1, len(self._rows) // self.recipe.batch)

    def _step(self, side: int) -> Callable[..., Any]:
        """Return the compiled training step for pictures of this side."""
        if side not in self._steps:
            step = self._step_of_worker(side)
            # Each worker has met other pictures: BatchNormalization's statistics are to be those of all.
            alone = self.workers == 1
            met = [] if alone else [weight for weight in self.model.non_trainable_weights if "float" in weight.dtype]

            def run(*batch: Any) -> Any:
                losses, values = self.strategy.run(
                    lambda *part: (step(*part), [tf.identity(weight.value) for weight in met]), args=batch
                )
                for weight, value in zip(met, values, strict=True):
                    weight.assign(self.strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None))
                for average, weight in zip(self.average, self.model.weights, strict=False):
                    average.assign(weight + (average - weight) * self._decay)
                return self.strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)

            self._steps[side] = tf.function(run)
        return self._steps[side]

    def _step_of_worker(self, side: int) -> Callable[..., Any]:
        """Return a worker's part of a step: (pixels uint8, targets, seed) -> its share of the loss."""
        recipe, variables = self.recipe, self.model.trainable_variables
        # Teachers see the very view that the network sees, at their own size, which may be larger.
        seen = max([side, *(int(teacher.input.shape[1]) for teacher in self.teachers)])
        view, light = RandomView(recipe.views, seen), RandomLight(recipe.views)
        paste = RandomPaste(recipe.views.paste, self.fallback)
        shares, steps = self.samples.targets.mean(0), self.steps_per_epoch * recipe.epochs
        network = keras.Model(self.model.input, [self.model.output, features_of(self.model).output])

        def step(pixels: Any, targets: Any, seed: Any) -> Any:
            images = view(tf.cast(pixels, tf.float32), seed=seed)
            if paste.share:
                images = paste(images, targets, seed=seed)
            images, targets = mixed(light(images, seed=seed), targets, seed, recipe, steps)
            answers = taught(self.teachers, images, recipe)
            if seen != side:
                images = tf.image.resize(images, (side, side), "area")
            with tf.GradientTape() as tape:
                outputs = network(images, training=True)
                logits, features = (tf.cast(output, tf.float32) for output in outputs)  # from half precision on a GPU
                loss = loss_of(logits, targets, answers, recipe, shares)
                if self._start is not None:
                    start = tf.cast(self._start(images, training=False), tf.float32)
                    loss += loss_of_held(features, start, recipe)
            self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
            return loss

        return step

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

    def _judge(self, epoch: int, loss: float, started: float, waited: float) -> Epoch:
        weights, current = self.kept_weights(), self.model.get_weights()
        self.model.set_weights(weights)
        logits = predict_logits(self.model, self.validation)
        self.model.set_weights(current)
        val_loss = float(np.mean(tf.nn.softmax_cross_entropy_with_logits(self.validation.targets, logits)))
        accuracy = float((logits.argmax(1) == self.validation.targets.argmax(1)).mean())
        # Of epochs that the validation photos cannot tell apart, the later one is kept: it learned at a lower rate and
        # averages more. (The rule of one standard error: Breiman et al., Classification and Regression Trees, 1984.)
        error = math.sqrt(self.best_accuracy * (1 - self.best_accuracy) / len(logits))
        if accuracy >= self.best_accuracy - error:
            self.best, self.best_logits, self.best_epoch = weights, logits, epoch + 1
        self.best_accuracy = max(self.best_accuracy, accuracy)
        return Epoch(epoch + 1, loss, val_loss, accuracy, time.perf_counter() - started, waited)

    def kept_weights(self) -> list[npt.NDArray[Any]]:
        """Return the weights to keep: averaged or current ones, on the steps of int8 where that is wanted."""
        weights = [np.asarray(weight) for weight in self.average or self.model.get_weights()]
        return rounded_to_int8(self.model, weights) if self.recipe.int8_weights else weights

    def hold_features(self) -> None:
        """From now on, hold the features to those that the weights of this moment give."""
        features = features_of(self.model)
        with self.strategy.scope():
            self._start = keras.models.clone_model(features)
        self._start.set_weights(features.get_weights())

    def begin(self) -> None:
        """Let the averaged weights begin at the current ones; where no epoch follows, take these for an epoch 0."""
        for average, weight in zip(self.average, self.model.weights, strict=False):
            average.assign(weight)
        if not self.recipe.epochs:
            self.history.append(self._judge(-1, 0.0, time.perf_counter(), 0.0))


def _strategy() -> Any:
    """Return what spreads a run over the machines that TF_CONFIG names, or keeps it on this one."""
    if "TF_CONFIG" not in os.environ:
        return tf.distribute.get_strategy()
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except ValueError as fault:
        raise InputError("TF_CONFIG", f"names no cluster ({fault})", "Write it as docs/training.md does") from None


def _optimizer(recipe: Recipe) -> Any:
    if not recipe.weight_decay:
        return keras.optimizers.Adam(recipe.learning_rate)
    optimizer = keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer
