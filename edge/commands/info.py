"""`catdog info MODEL`: what a model file says of itself."""

import argparse
import json
from pathlib import Path

from edge.classifier import DEFAULT_MODEL
from edge.commands import add_examples
from edge.contract import read_model, unseal
from edge.errors import EXIT_OK


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_examples(parser, "catdog info", "catdog info models/mine.int8.tflite --json")
    parser.add_argument("model", nargs="?", type=Path, default=DEFAULT_MODEL, metavar="MODEL", help="a .tflite file")
    parser.add_argument("--json", action="store_true", help="the whole contract as one JSON object")


def main(options: argparse.Namespace) -> int:
    """Print the contract of a model file."""
    content = read_model(options.model)
    contract = unseal(content, options.model)
    if options.json:
        print(json.dumps({**contract._asdict(), "fit": contract.fit._asdict(), "bytes": len(content)}))
        return EXIT_OK
    rule = contract.fit
    whole = "the whole picture, squashed" if rule.crop == "none" else "the largest middle part"
    rows = {
        "model": f"{contract.name} ({contract.variant}), {len(content) / 1e6:.2f} MB",
        "labels": ", ".join(contract.labels),
        "input": f"{rule.width} x {rule.height} {rule.colour}: {whole}, resized ({rule.interpolation})",
        "decision": _decision(contract.thresholds, contract.fallback),
        **{f"origin: {key}": str(value) for key, value in contract.origins.items() if isinstance(value, str | int)},
    }
    for name, text in rows.items():
        print(f"{name:<20} {text}")
    return EXIT_OK


def _decision(thresholds: dict[str, float], fallback: str | None) -> str:
    if fallback is None or not thresholds:
        return "the likeliest label"
    limits = ", ".join(f"{label} from {least:.0%}" for label, least in thresholds.items())
    return f"the likeliest label ({limits}), else {fallback}"
