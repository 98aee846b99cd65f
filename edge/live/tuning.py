"""What may be changed while a run goes on: thresholds and smoothing, within bounds, until the run ends."""

from collections.abc import Sequence
from typing import NamedTuple

from edge.classifier import Classifier
from edge.contract import Contract
from edge.errors import InputError
from edge.live.steady import PATIENCE, Patience

HALF_LIFE = "half-life"
_BOUNDS_S = (0.05, 5.0)
_STEP = 0.01


class Knob(NamedTuple):
    """One thing that can be changed: its name, what it does, its value now and where the run began, its bounds."""

    name: str
    text: str
    value: float
    default: float
    least: float
    most: float

    @property
    def flag(self) -> str:
        """Words of a command line that make the value permanent."""
        import shlex

        kind, _, label = self.name.partition(" ")
        return f"--{kind} {shlex.quote(f'{label}={self.value:g}') if label else f'{self.value:g}'}"


class Tuning:
    """The knobs of a run; whole values are put in place of others, so any thread may turn them.

    Attributes:
        classifier: whose thresholds count from the next frame on.
        patience: how slowly verdicts change.
    """

    def __init__(self, classifier: Classifier, patience: Patience = PATIENCE) -> None:
        self.classifier, self.patience = classifier, patience
        self._began: dict[str, float] = {}
        self._began = {knob.name: knob.value for knob in self.knobs()}

    @property
    def contract(self) -> Contract:
        """The model's contract with the thresholds of now."""
        return self.classifier.contract

    def knobs(self) -> list[Knob]:
        """Return what can be changed. Without a fallback thresholds mean nothing, so there are none."""
        contract = self.contract
        rows = [] if contract.fallback is None else [self._threshold(label) for label in contract.labels]
        rows.append(
            self._knob(HALF_LIFE, "seconds after which the past weighs half", self.patience.half_life_s, *_BOUNDS_S)
        )
        return [row for row in rows if row is not None]

    def _threshold(self, label: str) -> Knob | None:
        """Return the knob of a label; of the fallback only where it has a threshold, from which on it is the answer."""
        thresholds, is_fallback = self.contract.thresholds, label == self.contract.fallback
        if is_fallback and label not in thresholds:
            return None
        least = _STEP if is_fallback else 0.0  # at 0 it would be the answer for ever
        return self._knob(f"threshold {label}", f"least share for {label}", thresholds.get(label, 0.0), least, 1.0)

    def _knob(self, name: str, text: str, value: float, least: float, most: float) -> Knob:
        return Knob(name, text, value, self._began.get(name, value), least, most)

    def turn(self, name: str, value: float) -> Knob:
        """Change one; it acts at once.

        Raises:
            InputError: there is no such knob, or the value is out of its bounds.
        """
        known = {knob.name: knob for knob in self.knobs()}
        if name not in known:
            raise InputError(name[:100], "is nothing that can be changed", f"Choose {', '.join(known)}")
        knob = known[name]
        if not knob.least <= value <= knob.most:
            raise InputError(name, f"is {value:g}", f"Give a number from {knob.least:g} to {knob.most:g}")
        if name == HALF_LIFE:
            self.patience = self.patience._replace(half_life_s=value)
        else:
            thresholds = {**self.contract.thresholds, name.partition(" ")[2]: value}
            self.classifier.contract = self.contract._replace(thresholds=thresholds)
        return next(turned for turned in self.knobs() if turned.name == name)


def tuned(classifier: Classifier, thresholds: Sequence[tuple[str, float]], half_life_s: float | None) -> Tuning:
    """Return the knobs of a run as its command line sets them: --threshold LABEL=SHARE, --half-life S.

    Raises:
        InputError: a label is not the model's, or a value is out of bounds.
    """
    tuning = Tuning(classifier)
    for label, share in thresholds:
        tuning.turn(f"threshold {label}", share)
    if half_life_s is not None:
        tuning.turn(HALF_LIFE, half_life_s)
    return Tuning(classifier, tuning.patience)
