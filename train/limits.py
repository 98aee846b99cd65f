"""What each knob of a recipe may be: a slip of the keyboard is said before an hour of training, not after it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from train.recipe import Recipe

SCHEDULES = ("constant", "cosine", "one-cycle")

_SHARE = (0.0, 1.0)
_RECIPE = {
    "epochs": (0, 100_000),
    "batch": (1, 65_536),
    "learning_rate": (1e-8, 10.0),
    "warmup": (0.0, 0.9),
    "weight_decay": _SHARE,
    "smoothing": _SHARE,
    "ema": (0.0, 0.99999),
    "mixup": _SHARE,
    "cutmix": _SHARE,
    "repeat": (1, 1000),
    "repeat_origin": (1, 1000),
    "patience": (0, 100_000),
    "margin": (1.0, 4.0),
    "hold": (0.0, 1000.0),
    "lost": _SHARE,
    "teacher_weight": _SHARE,
    "teacher_temperature": (0.1, 100.0),
}
_VIEWS = {
    "aspect": (1.0, 10.0),
    "rotation": (0.0, 180.0),
    "shear": (0.0, 60.0),
    "light": (1.0, 10.0),
    "colour": _SHARE,
    "grey": _SHARE,
    "blur": _SHARE,
    "noise": (0.0, 255.0),
    "erase": _SHARE,
    "paste": _SHARE,
}
_ZOOM = (0.05, 20.0)
_LEAST_SIDE = 0.1  # as a factor of the final one


def check(recipe: "Recipe") -> None:
    """Raise ValueError, naming the knob and what it may be, where a recipe makes no sense."""
    _check_numbers(recipe._asdict(), _RECIPE, "")
    _check_numbers(recipe.views._asdict(), _VIEWS, "views.")
    if recipe.schedule not in SCHEDULES:
        raise ValueError(f"schedule is {recipe.schedule!r}, not one of {', '.join(SCHEDULES)}")
    zoom = recipe.views.zoom
    if not (_is_pair(zoom, *_ZOOM) and zoom[0] <= zoom[1]):
        raise ValueError(f"views.zoom is {_json(zoom)}, not [least, greatest] from {_ZOOM[0]} to {_ZOOM[1]}")
    if not all(_is_pair(pair, 0, 1) and pair[1] >= _LEAST_SIDE for pair in recipe.grow):
        raise ValueError(f"grow is {_json(recipe.grow)}, not pairs [[share of the epochs, factor of the side], ...]")


def _check_numbers(values: Mapping[str, Any], limits: Mapping[str, tuple[float, float]], prefix: str) -> None:
    for name, (low, high) in limits.items():
        if not low <= values[name] <= high:  # so that nan is refused, too
            raise ValueError(f"{prefix}{name} is {values[name]}, not a number from {low} to {high}")


def _is_pair(values: Any, low: float, high: float) -> bool:
    is_pair = isinstance(values, tuple) and len(values) == 2
    return is_pair and all(isinstance(value, int | float) and low <= value <= high for value in values)


def _json(values: Any) -> str:
    return str(values).replace("(", "[").replace(")", "]")
