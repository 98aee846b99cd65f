"""A model file, loaded once, that says what a picture shows. Start reading here."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge import runtime
from edge.contract import Contract, member, read_model, unseal
from edge.errors import ModelError
from edge.fit import Image, fit

DEFAULT_MODEL = Path(__file__).with_name("default.tflite")


class Answer(NamedTuple):
    """What a picture shows, and how sure that is.

    Attributes:
        label: the decision: the likeliest label, or the model's fallback where that stays below its threshold.
        probability: of `label`, 0..1.
        probabilities: of every label, in the model's order.
        latency_ms: from the picture to this answer: fit, inference and decision.
    """

    label: str
    probability: float
    probabilities: Mapping[str, float]
    latency_ms: float


def decide(contract: Contract, probabilities: Sequence[float] | npt.NDArray[np.float32]) -> int:
    """Return the index of the label to answer, as `Contract.thresholds` and `Contract.fallback` say."""
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    if contract.fallback is None:
        return best
    fallback, thresholds = contract.labels.index(contract.fallback), contract.thresholds
    if contract.fallback in thresholds:
        if probabilities[fallback] >= thresholds[contract.fallback]:
            return fallback
        best = max((index for index in range(len(probabilities)) if index != fallback), key=probabilities.__getitem__)
    return fallback if probabilities[best] < thresholds.get(contract.labels[best], 0.0) else best


def _steps(output: Mapping[str, Any]) -> list[float]:
    """Return the probability that each byte of the output stands for; nothing where it is float32."""
    if output["dtype"] != np.uint8:
        return []
    scale, zero_point = output["quantization"]
    return [(byte - zero_point) * scale for byte in range(256)]


class Classifier:
    """A sealed .tflite model, ready to classify.

    Args:
        path: the model file; the product's default model where it is not given.
        threads: how many threads one inference may use. More than the free cores makes it slower.

    Raises:
        ModelError: the file cannot be trusted or does not match its contract.

    Not safe to use from two threads at once: make one each.
    """

    def __init__(self, path: Path | str = DEFAULT_MODEL, threads: int = 1) -> None:
        self.path, self.threads = Path(path), threads
        self.content = read_model(self.path)  # stays alive with the interpreter, which reads the weights in place
        self.contract: Contract = unseal(self.content, self.path)
        self._interpreter: Any = runtime.load(self.content, threads, self.path)
        self._input, self._output = self._tensors()
        self._picture = self._interpreter.tensor(self._input["index"])
        self._steps = _steps(self._output)
        rule = self.contract.fit
        self._fitted: Image = np.empty((rule.height, rule.width, 3), np.uint8)
        self._scratch: dict[str, Image] = {}

    def _tensors(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the details of the input and the probabilities, having held them against the contract."""
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        rule, labels = self.contract.fit, self.contract.labels
        expected = {"input": (inputs[0], (1, rule.height, rule.width, 3)), "output": (outputs[0], (1, len(labels)))}
        for name, (tensor, shape) in expected.items():
            found = tuple(int(size) for size in tensor["shape"])
            if found != shape or tensor["dtype"] not in (np.uint8, np.float32):
                raise ModelError(
                    self.path,
                    f"its {name} is {np.dtype(tensor['dtype']).name} {found}, not uint8 or float32 {shape} as stated",
                    "Convert the model again",
                )
        if inputs[0]["dtype"] == np.uint8 and tuple(inputs[0]["quantization"]) != (1.0, 0):
            raise ModelError(self.path, "its input does not take pixels as they are", "Convert the model again")
        return inputs[0], outputs[0]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in output order."""
        return self.contract.labels

    @property
    def digest(self) -> str:
        """SHA-256 of the file up to its last 64 bytes, which hold it, in hex."""
        return self.content[-64:].decode()

    def associated(self, name: str) -> bytes | None:
        """Return a file that the model file carries, e.g. "labels.txt"; None where it has none of that name."""
        return member(self.content, name)

    def predict(self, image: Image) -> npt.NDArray[np.float32]:
        """Return the probabilities float32 (labels,) of a picture uint8 (height, width, 3), BGR."""
        self._take(image)
        return np.array(self._answer(), np.float32)

    def predict_fitted(self, fitted: Image) -> npt.NDArray[np.float32]:
        """Return the probabilities float32 (labels,) of a picture that `fit` has already prepared."""
        np.copyto(self._picture()[0], fitted)
        return np.array(self._answer(), np.float32)

    def run_on(self, interpreter: Any) -> Any:
        """Answer with another interpreter of the same model from the next picture on; return the one so far."""
        before, self._interpreter = self._interpreter, interpreter
        self._picture = interpreter.tensor(self._input["index"])
        return before

    def _take(self, image: Image) -> None:
        """Fit a picture into the input, written there at once where it takes bytes."""
        if self._input["dtype"] == np.uint8:
            fit(image, self.contract.fit, self._picture()[0], self._scratch)
        else:
            np.copyto(self._picture()[0], fit(image, self.contract.fit, self._fitted, self._scratch))

    def _answer(self) -> list[float]:
        """Return the probabilities of what is in the input. A list: of so few numbers numpy would be the slower one."""
        self._interpreter.invoke()
        values: list[Any] = self._interpreter.get_tensor(self._output["index"])[0].tolist()
        return [self._steps[value] for value in values] if self._steps else values

    def classify(self, image: Image) -> Answer:
        """Say what a picture shows.

        Args:
            image: uint8 (height, width, 3), BGR, as OpenCV gives it; any size.

        Raises:
            ValueError: image has another shape or dtype.
        """
        started = time.perf_counter()
        self._take(image)
        values = self._answer()
        chosen = decide(self.contract, values)
        latency_ms = (time.perf_counter() - started) * 1000
        return Answer(self.labels[chosen], values[chosen], dict(zip(self.labels, values, strict=True)), latency_ms)
