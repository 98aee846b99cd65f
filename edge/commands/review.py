"""`catdog review FOLDER`: sort kept photos by keys, see each in the terminal, before a training takes them."""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from edge import keyboard
from edge.classifier import Answer, Classifier
from edge.commands import add_examples, add_model_arguments, load_classifier
from edge.errors import EXIT_FAILED, EXIT_OK, CatdogError, InputError, printable, tell
from edge.fit import Image
from edge.keep import Keep
from edge.photo import read_photo
from edge.review.desk import Desk, Photo
from edge.review.screen import colours, preview

_KEYS = "123456789"
_LOOK_S = 3600.0  # between two looks whether the terminal is still there
_BELOW = 6  # lines below a picture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_examples(
        parser,
        "catdog review photos           by keys, in the terminal",
        "catdog review photos --sheet photos.html",
    )
    add = parser.add_argument
    add("folder", type=Path, metavar="FOLDER", help="where catdog run --keep FOLDER keeps photos")
    add("--all", action="store_true", help="look at those in class folders again, too")
    add("--json", action="store_true", help="sort nothing: one JSON object a photo, with the model's guess")
    add("--sheet", type=Path, metavar="FILE", help="sort nothing: draw all of them into one HTML page")
    add_model_arguments(parser)


def main(options: argparse.Namespace) -> int:
    """Sort photos at a terminal; elsewhere list them with the model's guess."""
    if not options.folder.is_dir():
        raise InputError(options.folder, "there is no such folder", "Give the one of catdog run --keep FOLDER")
    keep = Keep(options.folder)
    desk = Desk(keep, keep.unsure(), keep.named() if options.all else ())
    if not len(desk):
        beside = "" if options.all else "; those in class folders: --all"
        tell(f"catdog: {printable(options.folder)}: there is no photo that nobody has named{beside}")
        return EXIT_OK
    classifier = load_classifier(options)
    if options.sheet or options.json or not keyboard.is_there():
        return _show_all(options, desk, classifier)
    classes = list(dict.fromkeys([*classifier.contract.labels, *(path.parent.name for path in keep.named())]))
    try:
        with keyboard.Keyboard() as keys:
            _Review(desk, classifier, classes, keys).run()
    finally:
        named, gone = desk.count(), desk.close()
        print(f"{named} named, {gone} deleted, {len(keep.unsure())} left to name")
    return EXIT_OK


def _see(photo: Photo, classifier: Classifier) -> tuple[Image, Answer]:
    image = read_photo(photo.path)
    return image, classifier.classify(image)


# Without a terminal


def _show_all(options: argparse.Namespace, desk: Desk, classifier: Classifier) -> int:
    from edge.files import write_atomically
    from edge.outputs.jsonl import as_json
    from edge.report import Gallery, Heading, Picture, as_html, thumbnail

    groups: dict[str, list[Picture]] = {}
    skipped = 0
    while (photo := desk.top) is not None:
        desk.skip()
        try:
            image, answer = _see(photo, classifier)
        except CatdogError as fault:
            tell(f"catdog: skipped {fault}")
            skipped += 1
            continue
        if options.sheet:
            picture = Picture(thumbnail(image, 240), _guess(answer), [photo.path.name])
            groups.setdefault(photo.label or "nobody has named these", []).append(picture)
        elif options.json:
            print(json.dumps({**as_json(photo.path, answer), "class": photo.label}))
        else:
            print(f"{printable(photo.label or '-'):<10} {_guess(answer)}  {printable(photo.path)}")
    if options.sheet:
        sections = [section for name in sorted(groups) for section in (Heading(name), Gallery(groups[name]))]
        page = as_html("Kept photos", sections, f"{options.folder}: the model's guess below each")
        write_atomically(options.sheet, page, mode=0o600)  # as private as the photos in it
    return EXIT_FAILED if skipped else EXIT_OK


def _guess(answer: Answer) -> str:
    likeliest = sorted(answer.probabilities.items(), key=lambda pair: -pair[1])[:3]
    return ", ".join(f"{printable(label)} {share:.0%}" for label, share in likeliest)


# At a terminal


class _Review:
    """One photo after the other, a key for each."""

    def __init__(self, desk: Desk, classifier: Classifier, classes: list[str], keys: keyboard.Keyboard) -> None:
        self._desk, self._classifier, self._classes, self._keys = desk, classifier, classes, keys
        self._depth = colours(os.environ, sys.stdout.encoding)

    def run(self) -> None:
        """Go on until there is no more, or the person has had enough."""
        while (photo := self._desk.top) is not None:
            self._show(photo)
            while self._desk.top is photo:
                try:
                    if not self._act(self._key()):
                        return
                except EOFError:  # the terminal is gone
                    return
                except CatdogError as fault:
                    print(fault)

    def _show(self, photo: Photo) -> None:
        columns, rows = shutil.get_terminal_size()
        where = "" if photo.label is None else f"  now in {printable(photo.label)}"
        print(f"\n{self._desk.place + 1} of {len(self._desk)}  {printable(photo.path)}{where}")
        try:
            image, answer = _see(photo, self._classifier)
        except CatdogError as fault:
            print(fault)
        else:
            print("\n".join(preview(image, columns - 1, rows - _BELOW, self._depth)))
            print(f"the model says: {_guess(answer)}")
        names = [f"{key} {printable(label)}" for key, label in zip(_KEYS, self._classes, strict=False)]
        print("  ".join([*names, "n another class", "s skip", "d delete", "u take back", "q quit"]), flush=True)

    def _key(self) -> str:
        while not (typed := self._keys.read(_LOOK_S)):
            pass
        return typed[0]  # further ones were pressed before the next photo was seen, so they mean none

    def _act(self, key: str) -> bool:
        """Do what a key means; return False to end."""
        place = _KEYS.find(key)
        if 0 <= place < len(self._classes):
            self._name(self._classes[place])
        elif key == "n":
            with self._keys.lines():
                label = input("another class: ")
            if label.strip():
                self._name(label)
        elif key == "s":
            self._desk.skip()
            print("skipped")
        elif key == "d":
            self._desk.drop()
            print("deleted, at the end")
        elif key == "u":
            print("taken back" if self._desk.undo() else "there is nothing to take back")
        return key != "q"

    def _name(self, label: str) -> None:
        path = self._desk.name(label)
        if path.parent.name not in self._classes:
            self._classes.append(path.parent.name)
        print(f"named {printable(path.parent.name)}")
