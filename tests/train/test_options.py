"""Arguments that make no sense are refused, by name, before anything is decoded."""

import argparse

import pytest

from edge.errors import InputError
from tests.conftest import Command
from train import limits
from train.networks import NETWORKS
from train.options import add_arguments, recipe_of
from train.recipe import Recipe


def recipe(*words: str, network: str = "compact") -> Recipe:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return recipe_of(NETWORKS[network], parser.parse_args(["photos", *words, "--network", network]))


def test_every_network_has_a_recipe_that_makes_sense() -> None:
    for network in NETWORKS.values():
        limits.check(network.recipe)
        assert network.any_size or not network.recipe.grow


def test_knobs_are_set() -> None:
    chosen = recipe("--epochs", "3", "--set", "ema=0", "--set", "views.zoom=[0.5,1]", "--set", "grow=[[0.5,0.5]]")
    assert (chosen.epochs, chosen.ema, chosen.views.zoom, chosen.grow) == (3, 0.0, (0.5, 1), ((0.5, 0.5),))
    assert recipe("--set", "schedule=one-cycle").schedule == "one-cycle"


@pytest.mark.parametrize(
    "knob",
    ["epochs=-1", "batch=0", "learning_rate=0", "learning_rate=NaN", "schedule=weekly", "ema=1", "smoothing=5",
     "repeat=0", "margin=0", "margin=100", "teacher_temperature=0", "grow=[[0.5]]", "grow=[1,2]", "grow=[[0.5,9]]",
     "views.zoom=[0.5]", "views.zoom=[0,1]", "views.zoom=[2,1]", 'views.zoom=["a",1]', "views.light=-1",
     "views.paste=3"],
)  # fmt: skip
def test_a_knob_out_of_its_limits_is_named(knob: str) -> None:
    with pytest.raises(InputError, match=rf"^recipe: {knob.partition('=')[0]} is .*, not "):
        recipe("--set", knob)


@pytest.mark.parametrize("knob", ["class_weights=1", "class_weights=False", "views.zoom=wide", "patience=0.5"])
def test_the_example_of_a_refused_knob_can_be_followed(knob: str) -> None:
    with pytest.raises(InputError, match=r"Write .*--set ") as refused:
        recipe("--set", knob)
    recipe("--set", str(refused.value).rpartition("--set ")[2])


def test_what_a_network_cannot_do_is_refused() -> None:
    with pytest.raises(InputError, match="origin takes pictures of one size"):
        recipe("--set", "grow=[[0.5,0.5]]", network="origin")
    with pytest.raises(InputError, match="--epochs 0: leaves compact knowing nothing"):
        recipe("--epochs", "0")
    assert recipe("--epochs", "0", network="mobilenet").ema == 0


@pytest.mark.parametrize(
    "words",
    [("--seed", "-1"), ("--seed", "5000000000"), ("--side", "8"), ("--side", "100000"), ("--validation", "1.5")],
)
def test_numbers_out_of_their_range_are_refused(words: tuple[str, str], here: Command) -> None:
    assert f"{words[0]}: {words[1]} is not a" in here("train", "photos", *words, expect=2).stderr
