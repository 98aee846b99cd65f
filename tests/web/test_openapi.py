"""The OpenAPI document is true: of the routes, and of what they take and answer."""

import re
from pathlib import Path
from typing import Any

import cv2
import pytest

from edge.testing import event, moment
from edge.web.app import ROUTES
from edge.web.openapi import DOCUMENT
from tests.conftest import picture
from tests.web.conftest import Serve, Served

SCHEMAS = DOCUMENT["components"]["schemas"]
KINDS = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict, "array": list}


def fits(value: Any, schema: dict[str, Any], at: str = "") -> None:
    """Hold a value against the part of JSON Schema that the document uses."""
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        if value is not None:
            fits(value, schema["anyOf"][0], at)
        return
    if "enum" in schema:
        assert value in schema["enum"], at
        return
    assert isinstance(value, KINDS[schema["type"]]), f"{at} is {value!r}"
    if schema["type"] == "object":
        known = schema.get("properties", {})
        assert set(schema.get("required", ())) <= set(value), at
        for name, inner in value.items():
            fits(inner, known[name] if name in known else schema["additionalProperties"], f"{at}.{name}")
    elif schema["type"] == "array":
        for inner in value:
            fits(inner, schema["items"], f"{at}[]")
    elif schema["type"] in ("integer", "number"):
        assert schema.get("minimum", value) <= value <= schema.get("maximum", value), at
    elif "pattern" in schema:
        assert re.search(schema["pattern"], value), at


def test_every_route_is_described_and_nothing_else() -> None:
    served = {(route.path, method) for route in ROUTES for method in route.methods - {"HEAD"}}
    told = {(path, method.upper()) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert told == served


def test_it_is_served_and_every_reference_leads_somewhere(served: Served) -> None:
    reply = served.ask("/openapi.json")
    assert reply.json == DOCUMENT
    for name in re.findall(rb'"#/components/schemas/(\w+)"', reply.body):
        assert name.decode() in SCHEMAS


@pytest.mark.parametrize("path", [path for path in DOCUMENT["paths"] if "{" not in path and path != "/openapi.json"])
def test_what_is_told_is_as_described(serve: Serve, tmp_path: Path, path: str) -> None:
    served = serve(keep=str(tmp_path / "kept"))
    photo = cv2.imencode(".png", picture("green"))[1].tobytes()
    keep, tuning = b'{"label": "red"}', b'{"name":"half-life","value":1}'
    bodies = {"/api/classify": photo, "/api/keep": keep, "/api/tuning": tuning}
    best = moment(image=picture("red")).frame
    with served.running(lambda number: event(frame=best, number=number, position_s=None if number % 2 else 1.5)):
        for method, described in DOCUMENT["paths"][path].items():
            if path in ("/api/events", "/stream.mjpg"):  # these have no end: tests/web/test_told.py reads them
                continue
            body = bodies.get(path) if method == "post" else None
            reply = served.ask(path, method.upper(), body, content_type="application/json")
            kind = reply.headers["content-type"].partition(";")[0]
            schema = described["responses"][str(reply.status)]["content"][kind]["schema"]
            assert reply.status == 200
            if kind == "application/json":
                fits(reply.json, schema, path)


@pytest.mark.parametrize(("path", "status"), [("/healthz", 503), ("/api/state", 200), ("/api/history", 200)])
def test_what_is_told_before_the_first_frame_is_as_described(served: Served, path: str, status: int) -> None:
    reply = served.ask(path)
    assert reply.status == status
    fits(reply.json, DOCUMENT["paths"][path]["get"]["responses"][str(status)]["content"]["application/json"]["schema"])
