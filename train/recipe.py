"""How a network is trained: every knob of a run, in one frozen record that is saved beside the model."""

import math
from typing import Any, NamedTuple

from train.augment import Views


class Recipe(NamedTuple):
    """The knobs of a run.

    Attributes:
        epochs: passes over the training photos.
        batch: photos per step.
        learning_rate: the greatest one of the schedule.
        schedule: "constant", "cosine" or "one-cycle" (rises over the first 30 %).
        warmup: share of all steps during which the learning rate rises from nothing, before a cosine.
        weight_decay: decoupled, as in AdamW (Loshchilov and Hutter, 2019); kernels only.
        smoothing: of the labels, 0..1.
        ema: decay per step of the averaged weights that are kept; 0 keeps the last ones.
        mixup: share of batches in which pictures are mixed in pairs (Zhang et al., mixup, 2018); it rises over the run.
        cutmix: share of batches in which a rectangle comes from another picture (Yun et al., CutMix, 2019), likewise.
        class_weights: weigh classes by the inverse of their number of photos.
        repeat: show photos of a rare class up to so many times in an epoch, until it has as many as the largest.
        repeat_origin: show photos of a small DATA folder up to so many times, until it gives a class as many as the
            largest folder does: variety of origin is worth more than number.
        patience: stop after so many epochs without a better validation; 0 never stops.
        views: augmentation.
        margin: the cached picture is so much larger than the input, so that zooming in loses nothing.
        grow: progressive resizing: (share of the epochs, side as a factor of the final one), in order.
        freeze_norm: keep BatchNormalization as the backbone brought it.
        hold: weight of the loss that holds the pooled features to those of the weights that the run starts from, by
            their cosine: they tell apart more than the classes at hand, which is what an unknown scene needs (Jung et
            al., Less-forgetting Learning in Deep Neural Networks, 2016).
        int8_weights: keep weights that int8 holds exactly, so that the quantised model answers alike (train/int8.py).
        lost: share of the photos of other classes that the fallback may take (train/calibrate.py).
        teacher_weight: share of the loss that comes from a teacher's answers, where there is one.
        teacher_temperature: what both logits are divided by in that part (Hinton et al., Distilling, 2015).
    """

    epochs: int = 10
    batch: int = 32
    learning_rate: float = 1e-3
    schedule: str = "constant"
    warmup: float = 0.0
    weight_decay: float = 0.0
    smoothing: float = 0.0
    ema: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    class_weights: bool = False
    repeat: int = 1
    repeat_origin: int = 1
    patience: int = 0
    views: Views = Views()
    margin: float = 1.0
    grow: tuple[tuple[float, float], ...] = ()
    freeze_norm: bool = False
    hold: float = 0.0
    int8_weights: bool = False
    lost: float = 0.008
    teacher_weight: float = 0.7
    teacher_temperature: float = 2.0

    def rate_at(self, step: int, steps: int) -> float:
        """Return the learning rate of step `step` (from 0) of `steps`."""
        done = step / max(1, steps)
        if self.schedule == "constant":
            return self.learning_rate
        rise = 0.3 if self.schedule == "one-cycle" else self.warmup
        if done < rise:
            return self.learning_rate * (step + 1) / (rise * steps + 1)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * (done - rise) / (1 - rise)))

    def side_at(self, epoch: int, side: int) -> int:
        """Return the side in pixels that pictures have in an epoch (from 0): a multiple of 16."""
        done = epoch / max(1, self.epochs)
        for share, factor in self.grow:
            if done < share:
                return max(16, round(side * factor / 16) * 16)
        return side

    def document(self) -> dict[str, Any]:
        """Return this recipe as JSON-ready data."""
        return {**self._asdict(), "views": self.views._asdict()}
