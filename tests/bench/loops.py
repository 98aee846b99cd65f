"""A frame in memory to its answer: our classifier, the least that does the same, and the loop that tutorials show.

All run on one thread, on a frame of 640 x 480, interleaved; `measure_loops` says how long each takes.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge import runtime
from edge.bench.figures import ratio
from edge.bench.rounds import Plan, Visit, measure
from edge.classifier import Classifier
from edge.contract import Contract, seal, unseal
from edge.fit import FitRule
from tests.conftest import ROOT
from tests.tiny import FLOAT32, Graph

PHOTO = ROOT / "edge/demo/01-cat-two.jpg"


def conv_stack(path: Path, side: int, input_dtype: str = "uint8") -> Path:
    """Write a sealed model that takes about as long as a MobileNetV2 of its side: a 3 x 3 convolution, four 1 x 1."""
    graph, random = Graph(), np.random.default_rng(1)
    same, relu = schema.Padding.SAME, schema.ActivationFunctionType.RELU

    def conv(source: int, kernel: int, channels: int, stride: int) -> int:
        shape = (32, kernel, kernel, channels)
        weights = graph.tensor("w", shape, FLOAT32, random.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape))
        bias = graph.tensor("b", (32,), FLOAT32, np.zeros(32))
        target = graph.tensor("t", (1, side // 2, side // 2, 32), FLOAT32)
        options = {"strideH": stride, "strideW": stride, "padding": same, "fusedActivationFunction": relu}
        return graph.operator("CONV_2D", [source, weights, bias], target, "Conv2DOptions", **options)

    first, last = graph.picture(side, input_dtype)
    last = conv(last, 3, 3, 2)
    for _ in range(4):
        last = conv(last, 1, 32, 1)
    weights = graph.tensor("weights", (3, 32), FLOAT32, random.normal(0, 0.01, (3, 32)))
    content = graph.pack(first, graph.probabilities(graph.mean(last, side // 2, 32), weights, 3))
    path.write_bytes(seal(content, Contract("stack", "float32", ("cat", "dog", "neither"), FitRule(side, side))))
    return path


class Ends:
    """An interpreter of its own for each loop, with the numbers of its tensors."""

    def __init__(self, model: Path) -> None:
        self.content = model.read_bytes()
        self.interpreter = runtime.load(self.content, 1, model)
        given = self.interpreter.get_input_details()[0]
        self.given, self.is_float = given["index"], given["dtype"] == np.float32
        self.answer = self.interpreter.get_output_details()[0]["index"]
        self.height, self.width = (int(n) for n in given["shape"][1:3])


def floor_loop(model: Path, frame: Any) -> Callable[[], object]:
    """Resize, swap the colours straight into the input, invoke, look: the same as floor.py, by the model's own rule."""
    ends, is_mipmap = Ends(model), unseal(model.read_bytes(), model).fit.interpolation == "mipmap"
    small = np.empty((ends.height, ends.width, 3), np.uint8)
    halves, size = [], frame.shape[:2]
    while is_mipmap and size[0] >= 2 * ends.height and size[1] >= 2 * ends.width:
        size = (size[0] // 2, size[1] // 2)
        halves.append(np.empty((*size, 3), np.uint8))

    def classify() -> int:
        picture = frame
        for half in halves:
            picture = cv2.resize(picture, half.shape[1::-1], half, interpolation=cv2.INTER_AREA)
        cv2.resize(picture, (ends.width, ends.height), small)
        target = ends.interpreter.tensor(ends.given)()[0]
        if ends.is_float:
            np.copyto(target, cv2.cvtColor(small, cv2.COLOR_BGR2RGB, small))
        else:
            cv2.cvtColor(small, cv2.COLOR_BGR2RGB, target)
        del target  # the interpreter insists that nobody looks on while it works
        ends.interpreter.invoke()
        return int(ends.interpreter.get_tensor(ends.answer)[0].argmax())

    return classify


def tutorial_loop(model: Path, frame: Any) -> Callable[[], object]:
    """The loop of peers/tutorial.py."""
    ends = Ends(model)

    def classify() -> int:
        picture = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        picture = cv2.resize(picture, (ends.width, ends.height))
        batch = np.expand_dims(picture, axis=0)
        if ends.is_float:
            batch = (np.float32(batch) - 0.0) / 1.0  # mean and deviation, as label_image.py takes them
        ends.interpreter.set_tensor(ends.given, batch)
        ends.interpreter.invoke()
        return int(np.argmax(np.squeeze(ends.interpreter.get_tensor(ends.answer))))

    return classify


def our_loop(model: Path, frame: Any) -> Callable[[], object]:
    return partial(Classifier(model).classify, frame)


def bare(model: Path, frame: Any) -> Callable[[], object]:
    ends = Ends(model)
    np.copyto(ends.interpreter.tensor(ends.given)()[0], cv2.resize(frame, (ends.width, ends.height)))
    return lambda: ends.interpreter.invoke()


LOOPS = {"ours": our_loop, "floor": floor_loop, "tutorial": tutorial_loop, "network": bare}


def models(folder: Path) -> dict[str, Path]:
    """Return what to time: stacks of three sizes, of bytes and of floats, and the shipped models."""
    stacks = {
        f"{side} px, {dtype}": conv_stack(folder / f"{side}.{dtype}.tflite", side, dtype)
        for dtype in ("uint8", "float32")
        for side in (96, 160, 224)
    }
    return stacks | {path.stem: path for path in sorted((ROOT / "models").glob("*.int8.tflite"))}


def measure_loops(chosen: Mapping[str, Path], plan: Plan) -> list[dict[str, Any]]:
    """Return for each model ms of every loop (medians), ours / floor, and what is spent around the network."""
    frame = cv2.resize(cv2.imread(str(PHOTO)), (640, 480)).astype(np.uint8)
    random, rows = np.random.default_rng(1), []
    for name, model in chosen.items():

        def make(loop: str, model: Path = model) -> Visit:
            step = LOOPS[loop](model, frame)
            return Visit(loop, step, {"step": step})

        taken = measure([partial(make, loop) for loop in LOOPS], plan, random).times
        times = {loop: taken[loop, "step"] for loop in LOOPS}
        medians = {loop: float(np.median(times[loop])) for loop in LOOPS}
        around = {loop: float(np.median(times[loop] - times["network"])) for loop in LOOPS if loop != "network"}
        against = ratio(times["ours"], times["floor"], random)
        rows.append({"model": name, "ms": medians, "ours_to_floor": against, "around_ms": around})
    return rows
