"""`catdog classify PATH...`: one line, or one JSON object, per photo."""

import argparse
import json
from pathlib import Path

from edge.classifier import Answer
from edge.commands import add_examples, add_model_arguments, load_classifier
from edge.errors import EXIT_FAILED, EXIT_OK, EXIT_USAGE, CatdogError, printable, tell
from edge.photo import find_photos, read_photo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_examples(
        parser,
        "catdog classify photo.jpg photos/",
        "catdog classify photos/ --json --model models/mine.int8.tflite",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="photos, or folders of photos")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_model_arguments(parser)


def main(options: argparse.Namespace) -> int:
    """Classify every photo; report and skip what cannot be read. Status 1 when some were skipped, 2 when all were."""
    classifier = load_classifier(options)
    done = skipped = 0
    for path in options.paths:
        try:
            for photo in find_photos(path):
                try:
                    answer = classifier.classify(read_photo(photo))
                except CatdogError as fault:
                    tell(f"catdog: skipped {fault}")
                    skipped += 1
                else:
                    print(as_json(photo, answer) if options.json else as_text(photo, answer))
                    done += 1
        except CatdogError as fault:  # the folder itself
            tell(f"catdog: skipped {fault}")
            skipped += 1
    if skipped and done + skipped > 1:
        tell(f"catdog: {done} classified, {skipped} skipped")
    if not skipped:
        return EXIT_OK
    return EXIT_FAILED if done else EXIT_USAGE


def as_json(source: object, answer: Answer) -> str:
    """Return an answer as a line for programs."""
    from edge.outputs.jsonl import as_json  # it brings all that a live output needs

    return json.dumps(as_json(source, answer))


def as_text(source: object, answer: Answer) -> str:
    """Return an answer as a line for people."""
    return f"{answer.label:<10} {answer.probability:6.1%}  {printable(source)}"
