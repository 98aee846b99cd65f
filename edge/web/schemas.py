"""JSON Schemas of what the API takes and tells, for the OpenAPI document."""

from typing import Any

from edge.capture import health
from edge.outputs import ASLEEP

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1.000001}
_BOOLEAN: Schema = {"type": "boolean"}
_SHARES: Schema = {"type": "object", "additionalProperties": _SHARE, "description": "share of each label"}
STATES = [health.CONNECTING, health.LIVE, ASLEEP, health.STALE, health.LOST, health.ENDED]


def ref(name: str) -> Schema:
    """Return a reference to a schema of this file."""
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _object(optional: Schema | None = None, **fields: Schema) -> Schema:
    """Return the schema of an object with these fields and no others."""
    both = {**fields, **(optional or {})}
    return {"type": "object", "properties": both, "required": sorted(fields), "additionalProperties": False}


_EVENT: dict[str, Schema] = {
    "id": WHOLE,
    "stream": WHOLE,
    "event": {"enum": ["arrived", "left", "visit"]},
    "label": TEXT,
    "source": TEXT,
    "time": _TIME,
    "duration_s": _NUMBER,
    "probability": _SHARE,
}
_WHEN: dict[str, Schema] = {"began": _TIME, "position_s": _NUMBER, "began_s": _NUMBER}  # of a camera, of a recording
_KNOB: dict[str, Schema] = {"name": TEXT, "value": _NUMBER}

SCHEMAS: dict[str, Schema] = {
    "Error": _object(error=TEXT),
    "Answer": _object(source=TEXT, label=TEXT, probability=_SHARE, probabilities=_SHARES, latency_ms=_NUMBER),
    "Model": _object(
        name=TEXT,
        variant=TEXT,
        sha256={"type": "string", "pattern": "^[0-9a-f]{64}$"},
        labels=_list(TEXT),
        fallback=_or_null(TEXT),
        map=_BOOLEAN,
    ),
    "Source": _object(
        {"position_s": _NUMBER},
        stream=WHOLE,
        source=TEXT,
        state={"enum": STATES},
        label=_or_null(TEXT),
        probability=_or_null(_SHARE),
        probabilities=_SHARES,
        smoothed=_SHARES,
        verdict=_or_null(_object(label=TEXT, probability=_SHARE)),
        latency_ms=_or_null(_NUMBER),
        frame=WHOLE,
        time=_TIME,
        age_ms=_NUMBER,
        picture={"enum": ["good", "frozen", "black", "dark"]},
        rate=_NUMBER,
        dropped=WHOLE,
        present=_or_null(TEXT),
    ),
    "State": _object(
        time=_TIME,
        version=TEXT,
        model=ref("Model"),
        temperature_c=_or_null(_NUMBER),
        viewers=WHOLE,
        patience_s=_NUMBER,
        keep=_BOOLEAN,
        sources=_list(ref("Source")),
    ),
    "Event": _object(_WHEN, **_EVENT),
    "Visits": _object(visits=_list(_object(_WHEN, picture=_or_null(TEXT), **_EVENT))),
    "History": _object(
        stream=WHOLE,
        labels=_list(TEXT),
        points=_list(_object(time=_TIME, probabilities=_list(_SHARE), verdict=TEXT)),
    ),
    "Map": _object(
        stream=WHOLE,
        frame=WHOLE,
        label=TEXT,
        rows=WHOLE,
        columns=WHOLE,
        values=_list({"type": "integer", "minimum": 0, "maximum": 255}),
        box={"type": "array", "items": _NUMBER, "minItems": 4, "maxItems": 4},
    ),
    "Knob": _object(text=TEXT, default=_NUMBER, least=_NUMBER, most=_NUMBER, flag=TEXT, **_KNOB),
    "Knobs": _object(knobs=_list(ref("Knob"))),
    "Turn": _object(**_KNOB),
    "Keep": _object({"source": WHOLE}, label=TEXT),
    "Kept": _object(kept=TEXT),
    "Health": _object(fresh=_BOOLEAN, states=_list({"enum": STATES})),
}
