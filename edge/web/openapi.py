"""GET /openapi.json: the API, described. A test holds it against the routes, and against what they answer."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from edge import __version__
from edge.web.schemas import SCHEMAS, ref

_SOURCE = {
    "name": "source",
    "in": "query",
    "description": "which of the run's sources: 0, 1, 2 ...",
    "schema": {"type": "integer", "minimum": 0, "default": 0},
}
_MAP = {
    "name": "map",
    "in": "query",
    "description": "1 for messages of where the evidence lies, too",
    "schema": {"type": "string", "enum": ["0", "1"]},
}
_NUMBER = {"name": "number", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}}
_PHOTOS = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")
_BINARY: dict[str, Any] = {"type": "string", "contentMediaType": "image/jpeg"}


def _reply(text: str, kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {kind: {"schema": schema}}}


def _get(summary: str, reply: dict[str, Any], *errors: int, parameters: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {"summary": summary, "parameters": list(parameters), "responses": {"200": reply, **_errors(*errors)}}


def _post(summary: str, body: dict[str, Any], reply: dict[str, Any], *errors: int) -> dict[str, Any]:
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": body},
        "responses": {"200": reply, **_errors(*errors)},
    }


_WRONG = {
    401: "the token is missing or wrong",
    403: "another site has sent it",
    404: "there is none",
    408: "the body did not arrive",
    413: "the body or its photo is too large",
    415: "the body is of no known kind",
    421: "a name that is not this machine's",
    422: "the body makes no sense",
    429: "too many requests",
    503: "there is none of now, or too many watch",
    507: "the disk takes no more",
}


def _errors(*statuses: int) -> dict[str, Any]:
    always = (401, 403, 421, 429)
    return {str(status): _reply(_WRONG[status], "application/json", ref("Error")) for status in (*always, *statuses)}


def _json(text: str, name: str) -> dict[str, Any]:
    return _reply(text, "application/json", ref(name))


_TEXT: dict[str, Any] = {"type": "string"}
_PATHS: dict[str, dict[str, Any]] = {
    "/api/state": {"get": _get("All that is known now", _json("model, sources, temperature", "State"))},
    "/api/events": {
        "get": _get(
            "Server-sent events: state (a State), happened (an Event), map (a Map)",
            _reply("a stream without end", "text/event-stream", _TEXT),
            404,
            503,
            parameters=(_SOURCE, _MAP),
        )
    },
    "/api/visits": {"get": _get("The visits of late, the newest first", _json("visits", "Visits"))},
    "/api/visits/{number}.jpg": {
        "get": _get("A visit's best frame", _reply("a JPEG", "image/jpeg", _BINARY), 404, parameters=(_NUMBER,))
    },
    "/api/history": {
        "get": _get("The last minutes, a point a second", _json("points", "History"), 404, parameters=(_SOURCE,))
    },
    "/api/tuning": {
        "get": _get("What can be changed until the run ends", _json("knobs", "Knobs")),
        "post": _post(
            "Change one of them",
            {"application/json": {"schema": ref("Turn")}},
            _json("how it stands now", "Knob"),
            *(408, 413, 415, 422),
        ),
    },
    "/api/keep": {
        "post": _post(
            "Keep the next frame for training, where it was started with --keep",
            {"application/json": {"schema": ref("Keep")}},
            _json("kept", "Kept"),
            *(404, 408, 413, 415, 422, 503, 507),
        )
    },
    "/api/classify": {
        "post": _post(
            "Say what a photo shows",
            {kind: {"schema": {"type": "string", "contentMediaType": kind}} for kind in _PHOTOS},
            _json("the answer", "Answer"),
            *(408, 413, 415, 422),
        )
    },
    "/snapshot.jpg": {
        "get": _get("A picture of now", _reply("a JPEG", "image/jpeg", _BINARY), 404, 503, parameters=(_SOURCE,))
    },
    "/stream.mjpg": {
        "get": _get(
            "Motion JPEG, as cameras send it",
            _reply("JPEGs without end", "multipart/x-mixed-replace", _TEXT),
            404,
            503,
            parameters=(_SOURCE,),
        )
    },
    "/healthz": {
        "get": {
            "summary": "Whether every source has fresh answers",
            "parameters": [],
            "responses": {"200": _json("all have", "Health"), **_errors(), "503": _json("one has none", "Health")},
        }
    },
    "/metrics": {"get": _get("Counters for Prometheus", _reply("its text format", "text/plain", _TEXT))},
    "/openapi.json": {"get": _get("This document", _reply("OpenAPI 3.1", "application/json", {"type": "object"}))},
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "catdog",
        "version": __version__,
        "description": "What a camera shows. Beyond this machine every request needs the token that the runner made.",
    },
    "security": [{}, {"header": []}, {"cookie": []}, {"address": []}],
    "paths": _PATHS,
    "components": {
        "schemas": SCHEMAS,
        "securitySchemes": {
            "header": {"type": "http", "scheme": "bearer"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": "catdog"},
            "address": {"type": "apiKey", "in": "query", "name": "token"},
        },
    },
}


async def document(_request: Request) -> Response:
    """Answer with the description."""
    return JSONResponse(DOCUMENT)
