"""The trainer's arguments, and the recipe that they ask for."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.commands import add_examples, positive, seed
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
    parser.add_argument("data", nargs="*", type=Path, metavar="DATA", help="folder of class folders, or of splits")
    parser.add_argument("--network", default="origin", metavar="NAME", help="origin; see --list")
    parser.add_argument("--list", action="store_true", help="list the networks and end")
    parser.add_argument("--name", metavar="NAME", help="of the model (default: the network's)")
    parser.add_argument("--out", type=Path, default=Path("models"), metavar="DIR", help="where it goes (models)")
    parser.add_argument(
        "--label", action="append", default=[], metavar="FOLDER=LABEL", help="name a class, e.g. --label cats=cat"
    )
    parser.add_argument("--classes", default="", metavar="A,B,...", help="learn these alone (all)")
    parser.add_argument(
        "--test", action="append", default=[], type=Path, metavar="DATA", help="photos that judge: learn nothing alike"
    )
    parser.add_argument("--exclusions", type=Path, metavar="FILE", help="photos to leave out, as the doctor lists them")
    parser.add_argument("--validation", type=_share, default=0.1, metavar="SHARE", help="of the training photos (0.1)")
    parser.add_argument("--fallback", metavar="LABEL", help="the class that means none of the others, e.g. neither")
    parser.add_argument("--seed", type=seed, default=1, metavar="N", help="of everything random (1)")
    parser.add_argument("--side", type=_side, metavar="PIXELS", help="of the input (default: the network's)")
    parser.add_argument("--crop", choices=CROPS, default="none", help="how a photo becomes square: none squashes it")
    parser.add_argument("--interpolation", choices=INTERPOLATIONS, default="mipmap", help="of the resize (mipmap)")
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="ImageNet weights, where they cannot be downloaded"
    )
    parser.add_argument("--cache", type=Path, default=Path(".cache/photos"), metavar="DIR", help="of decoded photos")
    parser.add_argument(
        "--epochs", type=int, metavar="N", help="passes over the photos; 0 trains the last layer alone, in seconds"
    )
    parser.add_argument("--batch", type=positive, metavar="N", help="photos per step; halve it when memory is short")
    parser.add_argument("--learning-rate", type=float, metavar="RATE", help="lower it when the loss jumps")
    parser.add_argument("--set", action="append", default=[], metavar="KNOB=VALUE", help="any other knob of the recipe")
    parser.add_argument("--start", action="append", default=[], type=Path, metavar="FILE.keras", help=START_HELP)
    parser.add_argument("--teacher", action="append", default=[], type=Path, metavar="FILE.keras", help=TEACHER_HELP)
    parser.add_argument("--tensorboard", type=Path, metavar="DIR", help="write curves for TensorBoard")
    parser.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto", help=PRECISION_HELP)
    parser.add_argument("--resume", action="store_true", help="go on where a run with the same options was stopped")


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share from 0 to less than 1, such as 0.1")
    return number


def _side(text: str) -> int:
    number = int(text)
    if not 16 <= number <= 1024:  # below, the networks shrink a picture to nothing
        raise argparse.ArgumentTypeError(f"{text} is not a number of pixels from 16 to 1024")
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
    if recipe.grow and not network.any_size:
        raise InputError("grow", f"cannot be: {options.network} takes pictures of one size", "Choose another --network")
    if not recipe.epochs:  # the last layer alone: no weight moves, no picture is cut
        return recipe._replace(ema=0.0, grow=(), margin=1.0)
    return recipe


def change_recipe(recipe: "Recipe", options: argparse.Namespace) -> "Recipe":
    """Return the recipe with the knobs that the command line names.

    Raises:
        InputError: a knob is unknown, or its value has another type or makes no sense.
    """
    given = {key: getattr(options, key) for key in ("epochs", "batch", "learning_rate")}
    named = {key: value for key, value in given.items() if value is not None}
    recipe = recipe._replace(**named)
    for option in options.set:
        knob, _, text = option.partition("=")
        place, _, inner = knob.partition(".")
        known = recipe.views._asdict() if place == "views" and inner else recipe._asdict()
        key = inner or place
        if key not in known or key == "views":
            raise InputError(f"--set {option}", "is no knob of the recipe", f"Choose one of {', '.join(known)}")
        example = (
            f"{knob}={known[key] if isinstance(known[key], str) else json.dumps(known[key], separators=(',', ':'))}"
        )
        try:
            value = _tuples(json.loads(text)) if known[key] is not None and not isinstance(known[key], str) else text
        except json.JSONDecodeError:
            raise InputError(f"--set {option}", f"{text!r} is no number", f"Write --set {example}") from None
        if isinstance(known[key], float) and isinstance(value, int):
            value = float(value)
        if type(value) is not type(known[key]):
            raise InputError(f"--set {option}", f"{text!r} does not fit", f"Write for instance --set {example}")
        recipe = (
            recipe._replace(views=recipe.views._replace(**{key: value})) if inner else recipe._replace(**{key: value})
        )
    try:
        limits.check(recipe)
    except ValueError as fault:
        raise InputError("recipe", str(fault), "Change that knob") from None
    return recipe


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
