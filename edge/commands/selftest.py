"""`catdog selftest MODEL`: is the file whole, and does it answer here as it did where it was made?"""

import argparse
from pathlib import Path

from edge import golden, runtime
from edge.classifier import DEFAULT_MODEL, Classifier
from edge.commands import add_examples, positive
from edge.errors import EXIT_OK, ModelError, printable
from edge.record import file_digest, refuse_stale


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_examples(parser, "catdog selftest", "catdog selftest models/mine.int8.tflite --threads 4")
    parser.add_argument("model", nargs="?", type=Path, default=DEFAULT_MODEL, metavar="MODEL", help="a .tflite file")
    parser.add_argument("--threads", type=positive, default=1, metavar="N", help="threads of one inference (1)")


def main(options: argparse.Namespace) -> int:
    """Check digest, contract and golden answers. Status 2, with a line that says what is wrong, when one fails."""
    classifier = Classifier(options.model, options.threads)
    refuse_stale(options.model, classifier.contract.name, classifier.contract.origins)
    outcome = golden.check(classifier)
    if outcome is None:
        raise ModelError(options.model, "carries no golden answers: an earlier version made it", "Convert it again")
    contract, rule = classifier.contract, classifier.contract.fit
    print(
        f"ok: {printable(options.model.name)}: whole (SHA-256 {file_digest(options.model)[:12]}), {contract.name} "
        f"{contract.variant}, {len(contract.labels)} labels at {rule.width} x {rule.height}, {outcome.pictures} golden "
        f"answers within {outcome.largest:.4f} of {outcome.tolerance:g} ({runtime.NAME})"
    )
    return EXIT_OK
