"""One spelling for each idea: what the glossary rules out is the name of no field, in what is told or kept."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from edge.outputs.jsonl import as_json, event_json, moment_json
from edge.web.openapi import DOCUMENT
from scripts.reference import fields
from tests.conftest import ROOT

GLOSSARY = (ROOT / "docs/architecture.md").read_text("utf-8").partition("## Glossary")[2]
ROWS = [line.split("|")[1:-1] for line in GLOSSARY.splitlines() if line.startswith("| ")][1:]
DATA = {path.name: path for folder in ("models", "docs/boards") for path in (ROOT / folder).glob("*.json")}


def codes(cell: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", cell))


def names(value: Any) -> Iterator[str]:
    for inner in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        yield from names(inner)
    if isinstance(value, dict):
        yield from value


NEVER = set[str]().union(*(codes(row[3]) for row in ROWS))
TOLD = {name for function in (as_json, moment_json, event_json) for name in fields(function)}
TOLD |= {name for schema in DOCUMENT["components"]["schemas"].values() for name in schema["properties"]}


def test_what_is_told_is_spelled_as_in_the_glossary() -> None:
    assert len(NEVER) > 30
    assert sorted(TOLD & NEVER) == []


@pytest.mark.parametrize("name", DATA)
def test_what_is_kept_is_spelled_as_in_the_glossary(name: str) -> None:
    assert sorted(set(names(json.loads(DATA[name].read_bytes()))) & NEVER) == []


def test_every_spelling_of_the_glossary_is_in_use() -> None:
    kept = {name for path in DATA.values() for name in names(json.loads(path.read_bytes()))}
    spelled = set[str]().union(*(codes(row[2]) for row in ROWS))
    assert sorted(spelled - TOLD - kept) == []
    assert sorted(spelled & NEVER) == []
