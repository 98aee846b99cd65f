"""What was seen, drawn: the panels, and the page that they make."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from edge.fit import FitRule, Image, crop_box
from train.explain import blocks
from train.explain.blocks import TEXT, TITLE, above, beside, blank, framed, line, paragraph
from train.explain.look import Floats, Sight, Stage

WIDTH = 1480  # of the page without its margin, in pixels
MARGIN = 60
_PANEL = 340  # height of the pictures
_SHOWN_FILTERS = 64
_SHOWN_MAPS = 8
_SHOWN_CLASSES = 5


class Scene(NamedTuple):
    """All that a page tells of."""

    photo: Image  # uint8 (height, width, 3), BGR, as it was taken
    rule: FitRule  # how it became the network's input
    picture: Image  # uint8 (rule.height, rule.width, 3), in rule.colour: that input
    labels: tuple[str, ...]  # the classes' names
    chosen: int  # index of the class that the map is of
    sight: Sight  # what the network made of it
    model: str  # the network's name, for the heading
    file: str  # ... and the photo's

    @property
    def answer(self) -> int:
        """Index of the likeliest class."""
        return int(self.sight.probabilities.argmax())


def panels(scene: Scene) -> dict[str, Image]:
    """Return each part of the page by its name: input, filters, stage-1, stage-2, ..., map, answer."""
    stages = {f"stage-{i}": _stage_panel(scene, stage) for i, stage in enumerate(scene.sight.stages, 1)}
    return {
        "input": _input_panel(scene),
        "filters": _filter_panel(scene),
        **stages,
        "map": _map_panel(scene),
        "answer": _answer_panel(scene),
    }


def page(scene: Scene) -> Image:
    """Return the whole page: uint8 (height, WIDTH + 2 * MARGIN, 3), BGR."""
    parts = panels(scene)
    says = f"{scene.labels[scene.answer]}, {scene.sight.probabilities[scene.answer]:.1%}"
    title = line(f"What “{scene.model}” sees", blocks.HEADING, WIDTH)
    subtitle = line(f"{scene.file}: it says {says}", blocks.Type(26, 400, blocks.QUIET), WIDTH)
    rows = [
        above([title, subtitle], 4),
        _two_columns(parts["input"], parts["filters"]),
        above([parts[name] for name in parts if name.startswith("stage-")], 26),
        _two_columns(parts["map"], parts["answer"]),
    ]
    ruled = [above([blank(2, WIDTH, (225, 219, 214)), row], 26) if i else row for i, row in enumerate(rows)]
    return framed(above(ruled, 34), MARGIN)


def _two_columns(left: Image, right: Image) -> Image:
    return beside([left, blank(1, WIDTH - left.shape[1] - right.shape[1]), right])


_LEFT = 870  # of the two columns
_RIGHT = WIDTH - _LEFT - 50


def _panel(title: str, caption: str, picture: Image, width: int) -> Image:
    return above([line(title, TITLE, width), paragraph(caption, TEXT, width), blank(6, width), picture], 5)


def _input_panel(scene: Scene) -> Image:
    seen = scene.picture if scene.rule.colour == "BGR" else cv2.cvtColor(scene.picture, cv2.COLOR_RGB2BGR)
    rule = scene.rule
    numbers = f"{rule.width} × {rule.height} pixels, {rule.width * rule.height * 3:,} numbers"
    caption = f"Left: the camera’s. Right: all that the network gets: {numbers}."
    shown = beside([_kept_part(scene), blocks.enlarge(seen.astype(np.uint8), _PANEL, _wide(rule))], 20)
    return _panel("The photo", caption, shown, _LEFT)


def _kept_part(scene: Scene) -> Image:
    """Return the part of the photo that the network gets, in its own shape, at the panels' height."""
    top, left, height, width = crop_box(scene.photo.shape[0], scene.photo.shape[1], scene.rule)
    part = scene.photo[top : top + height, left : left + width]
    room = _LEFT - 20 - _wide(scene.rule)
    wide = min(max(1, round(_PANEL * width / height)), room)
    size = (wide, _PANEL if wide < room else max(1, min(_PANEL, round(room * height / width))))
    return cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _wide(rule: FitRule) -> int:
    return min(max(1, round(_PANEL * rule.width / rule.height)), _LEFT // 2)


def _filter_panel(scene: Scene) -> Image:
    filters = scene.sight.filters
    count, height, width, channels = filters.shape
    if channels == 3 and scene.rule.colour == "RGB":
        filters = filters[..., ::-1]
    tiles = [_centred(kernel) for kernel in filters[:_SHOWN_FILTERS]]
    caption = f"Patterns of {width} × {height} pixels; middle grey is zero."
    shown = blocks.grid(tiles, [str(i) for i in range(1, len(tiles) + 1)], _RIGHT, _PANEL)
    return _panel(f"The first layer’s {count} filters", caption, shown, _RIGHT)


def _centred(kernel: Floats) -> Image:
    """Return a filter as a picture in which 0 is middle grey and its greatest weight is full."""
    scaled = 127.5 + 127.5 * kernel / max(float(np.abs(kernel).max()), 1e-12)
    return np.broadcast_to(scaled, (*kernel.shape[:2], 3)).astype(np.uint8)


def _stage_panel(scene: Scene, stage: Stage) -> Image:
    height, width, channels = stage.maps.shape
    of = f" of {scene.sight.convolutions}" if stage.kind == "convolution" else ""
    strongest = np.argsort(-stage.maps.std(axis=(0, 1)), kind="stable")[:_SHOWN_MAPS]
    caption = f"{channels:,} maps of {width} × {height}. The {len(strongest)} with most contrast:"
    title = line(f"{stage.kind.capitalize()} {stage.number}{of}", blocks.Type(24, 650), 270)
    text = above([title, paragraph(caption, blocks.Type(19, 400, blocks.QUIET), 270)], 4)
    tiles = [cv2.applyColorMap(_bytes(stage.maps[..., i]), cv2.COLORMAP_VIRIDIS).astype(np.uint8) for i in strongest]
    names = [f"map {i + 1}" for i in strongest]
    return beside([text, blocks.grid(tiles, names, WIDTH - 300, 180)], 30)


def _bytes(values: Floats) -> Image:
    low, high = float(values.min()), float(values.max())
    return (255 * (values - low) / max(high - low, 1e-12)).astype(np.uint8)


def _map_panel(scene: Scene) -> Image:
    heat, label = _heat(scene), scene.labels[scene.chosen]
    coloured = cv2.applyColorMap((255 * heat).astype(np.uint8), cv2.COLORMAP_INFERNO).astype(np.uint8)
    over, under = _kept_part(scene), blocks.enlarge(coloured, _PANEL, _wide(scene.rule))
    smooth = np.clip(cv2.resize(heat, over.shape[1::-1], interpolation=cv2.INTER_CUBIC), 0, 1).astype(np.float32)
    method = "Class activation map" if scene.sight.exact else "Grad-CAM"
    height, width = heat.shape
    says = f"the brighter, the more it speaks for {label}" if heat.any() else f"nothing here speaks for {label}"
    caption = f"{method}, {width} × {height} places: {says}."
    shown = beside([_glow(over, smooth), under], 20)
    return _panel(f"Where the evidence for {label} lies", caption, shown, _LEFT)


def _heat(scene: Scene) -> Floats:
    """Return the evidence for the chosen class, float32 (height, width) in 0..1.

    The scale is that of the answer's map too: beside an answer that is sure, weak evidence for another class is pale.
    """
    maps = scene.sight.maps
    most = max(float(maps[scene.chosen].max()), float(maps[scene.answer].max()), 1e-12)
    return np.clip(maps[scene.chosen] / most, 0, 1).astype(np.float32)


def _glow(photo: Image, heat: Floats) -> Image:
    """Lay heat over a photo: where there is none, it is grey and dark."""
    grey = cv2.cvtColor(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR).astype(np.float32) * 0.55
    colour = cv2.applyColorMap((80 + 175 * heat).astype(np.uint8), cv2.COLORMAP_INFERNO).astype(np.float32)
    share = 0.6 * np.sqrt(heat)[..., np.newaxis]
    return np.clip((grey + 0.45 * photo * share) * (1 - share) + colour * share, 0, 255).astype(np.uint8)


def _answer_panel(scene: Scene) -> Image:
    shares = scene.sight.probabilities
    order: Sequence[int] = range(len(shares))
    if len(shares) > _SHOWN_CLASSES:
        order = np.argsort(-shares, kind="stable")[:_SHOWN_CLASSES].tolist()
    caption = "The network’s probabilities; they add up to 100%."
    if len(order) < len(shares):
        caption = f"The network’s {len(order)} likeliest of {len(shares)} classes."
    shown = blocks.bars([scene.labels[i] for i in order], shares[list(order)], _RIGHT)
    return _panel("The answer", caption, above([shown, _path(scene)], 24), _RIGHT)


def _path(scene: Scene) -> Image:
    """Return how the photo's numbers became the answer's, as lines of text."""
    sight, start = scene.sight, scene.picture.shape
    steps = [start, *(stage.maps.shape for stage in sight.stages), *((size,) for size in sight.vectors)]
    shapes = " → ".join("×".join(f"{side:,}" for side in step) for step in steps)
    return paragraph(f"The way there: {shapes}", TEXT, _RIGHT)
