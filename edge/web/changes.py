"""The two things that can be done over the web: turn a knob until the run ends, and keep a frame for training."""

import asyncio
import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from edge.errors import CatdogError, InputError
from edge.keep import class_name
from edge.live.tuning import Knob
from edge.web.routes import NO_SOURCE, body_of, site_of

_MOST_BYTES = 1000
_MOST_S = 5.0
_WHY = "page"


async def tuning(request: Request) -> Response:
    """Answer with what can be changed, within which bounds, and how to make it permanent; or change it."""
    if request.method == "POST":
        return await _turn(request)
    return JSONResponse({"knobs": [_told(knob) for knob in site_of(request).tuning.knobs()]})


def _told(knob: Knob) -> dict[str, Any]:
    return {**knob._asdict(), "flag": knob.flag}


async def _turn(request: Request) -> Response:
    """Turn a knob: {"name": "half-life", "value": 0.5}."""
    site, asked = site_of(request), await _object(request, "name", "value")
    name, value = asked.get("name"), asked.get("value")
    if not isinstance(name, str) or isinstance(value, bool) or not isinstance(value, int | float):
        raise HTTPException(422, 'give {"name": text, "value": number}')
    try:
        knob = site.tuning.turn(name, float(value))
    except InputError as fault:
        raise HTTPException(422, f"{fault.wrong}. {fault.remedy}") from None
    except OverflowError:
        raise HTTPException(422, "the number is too large") from None
    return JSONResponse(_told(knob))


async def keep(request: Request) -> Response:
    """Keep the frame of now as one of a class: {"source": 0, "label": "cat"}."""
    site, asked = site_of(request), await _object(request, "source", "label")
    if site.keep is None:
        raise HTTPException(404, "photos are kept only where it was started with --keep FOLDER")
    label, stream = asked.get("label"), asked.get("source", 0)
    if not isinstance(label, str) or type(stream) is not int or stream < 0:
        raise HTTPException(422, 'give {"label": text, "source": number}')
    if stream >= len(site.news.newest):
        raise HTTPException(404, NO_SOURCE)
    try:
        label = class_name(label)
    except InputError as fault:
        raise HTTPException(422, f"the label {fault.wrong}") from None
    if not site.kept.take(""):
        raise HTTPException(429, "too many photos", {"retry-after": "1"})
    try:
        image, time_s = await site.grab.next(stream, site.news.patience_s + 1)
        await asyncio.to_thread(site.keep.keep, image, label, _WHY, time_s)
    except TimeoutError:
        raise HTTPException(503, "there is no picture of now") from None
    except CatdogError as fault:
        site.say(str(fault))
        raise HTTPException(507, "the photo cannot be kept") from None
    return JSONResponse({"kept": label})


async def _object(request: Request, *names: str) -> dict[str, Any]:
    """Return the JSON object of a small body, with no names but these.

    Only as application/json, which no form of another site sends.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "give application/json")
    try:
        asked = json.loads(await body_of(request, _MOST_BYTES, _MOST_S))
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict) or not set(asked) <= set(names):
        raise HTTPException(422, f"give a JSON object with {' and '.join(names)}")
    return asked
