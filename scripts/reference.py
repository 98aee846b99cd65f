"""Write docs/reference.md from the program itself: commands, exit statuses, JSON, settings, metrics and the API.

    python scripts/reference.py

A test (tests/docs) finds where page and program differ.
"""

import argparse
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast
from unittest.mock import MagicMock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import convert.__main__
import train.__main__
from convert.card import table
from edge import cli
from edge.capture import KINDS
from edge.deploy import parser as deploy
from edge.errors import EXITS
from edge.files import write_atomically
from edge.outputs import nothing_yet
from edge.outputs.jsonl import as_json, event_json, moment_json
from edge.web.metrics import Told
from edge.web.news import Counts
from edge.web.openapi import DOCUMENT

PAGE = Path("docs/reference.md")
_HEAD = """# Reference

<!-- Written by scripts/reference.py: change the program, and run that again. -->
Commands, exit statuses, JSON, settings, metrics and the API, as the program itself tells them; a test holds this page
against it. What they are good for: [start here](README.md).
"""


def programs() -> dict[str, argparse.ArgumentParser]:
    """Return the parser of every command, by what one types before its arguments."""
    found = {f"catdog {name}": cli.parser_of(name) for name in cli.COMMANDS}
    found["python -m train"] = train.__main__.parser_of("run")
    found |= {f"python -m train {name}": train.__main__.parser_of(name) for name in train.__main__.COMMANDS}
    found["python -m convert"] = convert.__main__.make_parser()
    return found | {f"python -m edge.deploy {verb}": row for verb, row in verbs().items()}


def verbs() -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each verb of python -m edge.deploy."""
    actions = deploy.make()._actions  # argparse has no public way to walk over them
    return next(dict(action.choices) for action in actions if isinstance(action, argparse._SubParsersAction))


def page() -> str:
    """Return the whole page."""
    parts = (_commands, _sources, _statuses, _json, _settings, _metrics, _api)
    return "\n".join([_HEAD, *(line for part in parts for line in part())])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield table(head, [[cell.replace("|", "\\|") for cell in row] for row in rows])


def _commands() -> Iterator[str]:
    """Yield what each command takes; what all verbs of edge.deploy take, once."""
    every = [{_row(action) for action in row._actions} for row in verbs().values()]
    common = set.intersection(*every)
    yield "## Commands\n"
    for name, parser in programs().items():
        rows = [_row(action) for action in parser._actions if action.dest != "help"]
        words = [row[0].strip("`") for row in rows if not row[0].startswith("`-")]
        yield f"### {' '.join([name, *words])}\n"
        yield f"{(parser.description or '').split(chr(10) * 2)[0]}{_status(name)}\n"
        if "edge.deploy" in name:
            rows = [row for row in rows if row not in common]
        if rows:
            yield from _table(("argument", "what it is"), rows)
    yield "### Every verb of python -m edge.deploy\n"
    yield from _table(("argument", "what it is"), sorted(row for row in common if not row[0].startswith("`-h")))


def _sources() -> Iterator[str]:
    yield "## Sources\n\nSOURCE of `catdog run` is one of\n"
    yield from _table(("source", "what it is"), ((f"`{kind.form}`", kind.purpose) for kind in KINDS))


def _row(action: argparse.Action) -> tuple[str, str]:
    """Return an argument as it is typed, and its line of help."""
    choices = f"{{{','.join(map(str, action.choices or ()))}}}"
    value = action.metavar or (choices if action.choices else action.dest)
    value = " ".join(value) if isinstance(value, tuple) else str(value)
    if action.nargs in ("*", "?"):
        value = f"[{value}{' ...' if action.nargs == '*' else ''}]"
    elif action.nargs == "+":
        value += " ..."
    typed = ", ".join(action.option_strings)
    shown = typed if action.option_strings and action.nargs == 0 else f"{typed} {value}".strip()
    return f"`{shown}`", (action.help or "") % vars(action)


def _status(name: str) -> str:
    """Return what the docstring of a command's `main` says of its exit status."""
    module = sys.modules.get(name.replace("catdog ", "edge.commands.").replace("python -m ", "").replace(" ", "."))
    found = re.search(r"Status .*?\.(?=\s|$)", inspect.getdoc(getattr(module, "main", None)) or "", re.DOTALL)
    return f" {found[0]}" if found else ""


def _statuses() -> Iterator[str]:
    yield "## Exit statuses\n"
    yield from _table(("status", "meaning"), ((str(status), meaning) for status, meaning in EXITS.items()))
    yield "What a person can put right is one line on standard error: which thing, what is wrong with it, what to do.\n"


def fields(function: Callable[..., object]) -> dict[str, str]:
    """Return name and meaning of each field that a function's docstring tells of."""
    # As inspect cleans them, docstrings are alike in Python 3.13, which has less indentation in them, and before.
    lines = re.findall(r"^ {4}(\w+): (.+)\.$", (inspect.getdoc(function) or "").partition("Fields:")[2], re.MULTILINE)
    return dict(lines)


def _json() -> Iterator[str]:
    yield "## JSON\n\nOne object a line. What follows the first table stands beside its fields.\n"
    for title, function in (
        ("`catdog classify --json`, `catdog run --json`", as_json),
        ("`catdog run --json`", moment_json),
        ("Events: `events` of `catdog run --json`, `--events`, `--webhook`, `--on-event`, MQTT", event_json),
    ):
        yield f"### {title}\n"
        yield from _table(("field", "what it is"), ((f"`{name}`", text) for name, text in fields(function).items()))


def _settings() -> Iterator[str]:
    yield "## Settings of a device\n"
    yield (
        "`/etc/catdog/catdog.conf`, or any file of `catdog run @FILE`: a line `NAME = VALUE` for each option of\n"
        "`catdog run`, without its dashes; `yes` and `no` for one that takes no value, `source` for what to watch. A\n"
        "push begins with\n"
    )
    yield f"```ini\n{(ROOT / 'edge/deploy/catdog.conf').read_text('utf-8')}```\n"


def _metrics() -> Iterator[str]:
    """Yield the families of /metrics, of a made-up run."""
    counts = Counts()
    counts.count(1.0, "cat")
    site = MagicMock()  # whatever else is asked of it is a number
    site.news.newest, site.news.counts = [nothing_yet("demo")], [counts]
    rows = []
    for family in Told(site).collect():
        names = list(dict.fromkeys(sample.name for sample in family.samples))
        labels = ", ".join(f"`{label}`" for label in family.samples[0].labels)
        rows.append((", ".join(f"`{name}`" for name in names), family.type, labels, family.documentation))
    yield "## Metrics\n\n`GET /metrics` of `catdog run --web`, for Prometheus.\n"
    yield from _table(("name", "kind", "labels", "what it is"), rows)


def _api() -> Iterator[str]:
    yield "## API\n\nRoutes of `catdog run --web`; `GET /openapi.json` describes the same for programs.\n"
    rows = []
    for path, methods in DOCUMENT["paths"].items():
        for method, told in methods.items():
            asked = ", ".join(f"`{one['name']}`" for one in told.get("parameters", []))
            good = told["responses"]["200"]["content"]
            kind, schema = next(iter(good.items()))
            gives = _type(schema["schema"]) if kind == "application/json" else kind
            rows.append((f"`{method.upper()} {path}`", told["summary"], asked, gives))
    yield from _table(("route", "what it does", "parameters", "gives"), rows)
    yield "### Objects of the API\n"
    objects = [
        (f"`{name}`", ", ".join(_field(schema, field) for field in schema["properties"]))
        for name, schema in DOCUMENT["components"]["schemas"].items()
    ]
    yield from _table(("object", "fields (? where it may be missing)"), objects)


def _field(schema: dict[str, Any], name: str) -> str:
    mark = "" if name in schema["required"] else "?"
    return f"`{name}`{mark}: {_type(schema['properties'][name])}"


def _type(schema: dict[str, Any]) -> str:
    """Return a JSON Schema in a few words."""
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "anyOf" in schema:
        return f"{_type(schema['anyOf'][0])} or null"
    if "enum" in schema:
        return " / ".join(map(str, schema["enum"]))
    if schema["type"] == "array":
        return f"list of {_type(schema['items'])}"
    return cast(str, schema.get("format") or schema["type"])


if __name__ == "__main__":
    write_atomically(ROOT / PAGE, page().encode())
