"""GET /openapi.json: the API, described. A test holds it against the routes, and against what they answer."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from edge import __version__
from edge.web.schemas import SCHEMAS, TEXT, WHOLE, ref


def _query(name: str, about: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": about, "schema": schema}


_SOURCE = _query("source", "which of the run's sources: 0, 1, 2 ...", {**WHOLE, "default": 0})
_MAP = _query("map", "1 for messages of where the evidence lies, too", {"type": "string", "enum": ["0", "1"]})
_NUMBER = {"name": "number", "in": "path", "required": True, "schema": WHOLE}
_KINDS = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")
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
_ALWAYS = (401, 403, 421, 429)


def _reply(text: str, kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {kind: {"schema": schema}}}


def _json(text: str, name: str) -> dict[str, Any]:
    return _reply(text, "application/json", ref(name))


def _get(summary: str, reply: dict[str, Any], *errors: int, parameters: tuple[Any, ...] = ()) -> dict[str, Any]:
    wrong = {str(status): _json(_WRONG[status], "Error") for status in (*_ALWAYS, *errors)}
    return {"get": {"summary": summary, "parameters": list(parameters), "responses": {"200": reply, **wrong}}}


def _post(summary: str, body: dict[str, Any], reply: dict[str, Any], *errors: int) -> dict[str, Any]:
    content = {kind: {"schema": schema} for kind, schema in body.items()}
    told = _get(summary, reply, 408, 413, 415, 422, *errors)["get"]
    return {"post": {**told, "requestBody": {"required": True, "content": content}}}


_JPEG = _reply("a JPEG", "image/jpeg", {**TEXT, "contentMediaType": "image/jpeg"})
_PHOTOS = {kind: {"type": "string", "contentMediaType": kind} for kind in _KINDS}
_PATHS: dict[str, dict[str, Any]] = {
    "/api/state": _get("All that is known now", _json("model, sources, temperature", "State")),
    "/api/events": _get(
        "Server-sent events: state (a State), happened (an Event), map (a Map)",
        _reply("a stream without end", "text/event-stream", TEXT),
        404,
        503,
        parameters=(_SOURCE, _MAP),
    ),
    "/api/visits": _get("The visits of late, the newest first", _json("visits", "Visits")),
    "/api/visits/{number}.jpg": _get("A visit's best frame", _JPEG, 404, parameters=(_NUMBER,)),
    "/api/history": _get("The last minutes, a point a second", _json("points", "History"), 404, parameters=(_SOURCE,)),
    "/api/tuning": {
        **_get("What can be changed until the run ends", _json("knobs", "Knobs")),
        **_post("Change one of them", {"application/json": ref("Turn")}, _json("how it stands now", "Knob")),
    },
    "/api/keep": _post(
        "Keep the next frame for training, where it was started with --keep",
        {"application/json": ref("Keep")},
        _json("kept", "Kept"),
        404,
        503,
        507,
    ),
    "/api/classify": _post("Say what a photo shows", _PHOTOS, _json("the answer", "Answer")),
    "/snapshot.jpg": _get("A picture of now", _JPEG, 404, 503, parameters=(_SOURCE,)),
    "/stream.mjpg": _get(
        "Motion JPEG, as cameras send it",
        _reply("JPEGs without end", "multipart/x-mixed-replace", TEXT),
        404,
        503,
        parameters=(_SOURCE,),
    ),
    "/healthz": _get("Whether every source has fresh answers", _json("all have", "Health")),
    "/metrics": _get("Counters for Prometheus", _reply("its text format", "text/plain", TEXT)),
    "/openapi.json": _get("This document", _reply("OpenAPI 3.1", "application/json", {"type": "object"})),
}
_PATHS["/healthz"]["get"]["responses"]["503"] = _json("one has none", "Health")
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
