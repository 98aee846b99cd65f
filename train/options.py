"""The trainer's arguments, and the recipe that they ask for."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.commands import LABEL, add_examples, names, number, positive, seed
from edge.errors import InputError
from edge.fit import CROPS, INTERPOLATIONS
from train import limits

if TYPE_CHECKING:
    from train.networks import Network
    from train.recipe import Recipe

START_HELP = "train this model of the same network and classes further; several are averaged"
TEACHER_HELP = "learn from this network's answers, too; several are averaged"
PRECISION_HELP = "of the arithmetic; auto takes bfloat16 where there is a GPU"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the trainer's arguments."""
    add_examples(
        parser,
        "python -m train photos/",
        "python -m train cats-dogs/ more/ --label cats=cat --label dogs=dog",
        "python -m train photos/ --network mobilenet --epochs 0 --name quick",
    )
    add = parser.add_argument
    add("data", nargs="*", type=Path, metavar="DATA", help="folder of class folders, or of splits")
    add("--network", default="origin", metavar="NAME", help="origin; see --list")
    add("--list", action="store_true", help="list the networks and end")
    add("--name", metavar="NAME", help="of the model (default: the network's)")
    add("--out", type=Path, default=Path("models"), metavar="DIR", help="where it goes (models)")
    add("--label", **LABEL)
    add("--classes", type=names, default=(), metavar="A,B,...", help="learn these alone (all)")
    add("--test", action="append", default=[], type=Path, metavar="DATA", help="photos that judge: learn nothing alike")
    add("--exclusions", type=Path, metavar="FILE", help="photos to leave out, as the doctor lists them")
    add("--validation", type=_share, default=0.1, metavar="SHARE", help="of the training photos (0.1)")
    add("--fallback", metavar="LABEL", help="the class that means none of the others, e.g. neither")
    add("--seed", type=seed, default=1, metavar="N", help="of everything random (1)")
    add("--side", type=_side, metavar="PIXELS", help="of the input (default: the network's)")
    add("--crop", choices=CROPS, default="none", help="how a photo becomes square: none squashes it")
    add("--interpolation", choices=INTERPOLATIONS, default="mipmap", help="of the resize (mipmap)")
    add("--weights", type=Path, metavar="FILE", help="ImageNet weights, where they cannot be downloaded")
    add("--cache", type=Path, default=Path(".cache/photos"), metavar="DIR", help="of decoded photos")
    add("--epochs", type=int, metavar="N", help="passes over the photos; 0 trains the last layer alone, in seconds")
    add("--batch", type=positive, metavar="N", help="photos per step; halve it when memory is short")
    add("--learning-rate", type=float, metavar="RATE", help="lower it when the loss jumps")
    add("--set", action="append", default=[], metavar="KNOB=VALUE", help="any other knob of the recipe")
    add("--start", action="append", default=[], type=Path, metavar="FILE.keras", help=START_HELP)
    add("--teacher", action="append", default=[], type=Path, metavar="FILE.keras", help=TEACHER_HELP)
    add("--tensorboard", type=Path, metavar="DIR", help="write curves for TensorBoard")
    add("--precision", choices=("auto", "float32", "bfloat16"), default="auto", help=PRECISION_HELP)
    add("--resume", action="store_true", help="go on where a run with the same options was stopped")


# Below, the networks shrink a picture to nothing.
_side = number(int, 16, 1024, "a number of pixels from 16 to 1024")


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share from 0 to less than 1, such as 0.1")
    return number


def file_name(options: argparse.Namespace) -> str:
    """Return the name that the model's files will have."""
    name = str(options.name or options.network)
    if Path(name).name != name:
        raise InputError(f"--name {name}", "is not a plain name", "Name the folder with --out")
    if options.out.exists() and not options.out.is_dir():
        raise InputError(options.out, "is a file, not a folder", "Choose another --out")
    return name


def recipe_of(network: "Network", options: argparse.Namespace) -> "Recipe":
    """Return the network's recipe as the arguments change it.

    Raises:
        InputError: they make no sense, or not with this network.
    """
    recipe = change_recipe(network.recipe, options)
    if not (recipe.epochs or options.start) and network.backbone is None:
        raise InputError("--epochs 0", f"leaves {options.network} knowing nothing", "Give 1 or more")
    if recipe.hold and network.backbone is None and not options.start:
        raise InputError("hold", f"cannot be: {options.network} starts from nothing", "Give --start, or leave it out")
    if recipe.grow and not network.any_size:
        raise InputError("grow", f"cannot be: {options.network} takes pictures of one size", "Choose another --network")
    if not recipe.epochs:  # the last layer alone: no weight moves, no picture is cut
        return recipe._replace(ema=0.0, grow=(), margin=1.0, hold=0.0)
    return recipe


def change_recipe(recipe: "Recipe", options: argparse.Namespace) -> "Recipe":
    """Return the recipe with the knobs that the command line names.

    Raises:
        InputError: a knob is unknown, or its value has another type or makes no sense.
    """
    given = {key: getattr(options, key) for key in ("epochs", "batch", "learning_rate")}
    recipe = recipe._replace(**{key: value for key, value in given.items() if value is not None})
    for option in options.set:
        recipe = _set(recipe, option)
    try:
        limits.check(recipe)
    except ValueError as fault:
        raise InputError("recipe", str(fault), "Change that knob") from None
    return recipe


def _set(recipe: "Recipe", option: str) -> "Recipe":
    """Return the recipe with the knob that a KNOB=VALUE changes."""
    inside, _, key = option.partition("=")[0].rpartition(".")
    known = recipe.views._asdict() if inside == "views" else recipe._asdict()
    if inside not in ("", "views") or key not in known or key == "views":
        raise InputError(f"--set {option}", "is no knob of the recipe", f"Choose one of {', '.join(known)}")
    changed = {key: _value(option, known[key])}
    return recipe._replace(views=recipe.views._replace(**changed)) if inside else recipe._replace(**changed)


def _value(option: str, former: Any) -> Any:
    """Return the value of a KNOB=VALUE, which must be of the former value's type."""
    knob, _, text = option.partition("=")
    is_text = isinstance(former, str)
    example = f"{knob}={former if is_text else json.dumps(former, separators=(',', ':'))}"
    try:
        value = text if is_text else _tuples(json.loads(text))
    except json.JSONDecodeError:
        raise InputError(f"--set {option}", f"{text!r} is no number", f"Write --set {example}") from None
    if isinstance(former, float) and isinstance(value, int):
        value = float(value)
    if type(value) is not type(former):
        raise InputError(f"--set {option}", f"{text!r} does not fit", f"Write for instance --set {example}")
    return value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
