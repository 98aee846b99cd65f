"""POST /api/classify: a photo in the body, an answer back. Looked at by its header before a byte of it is decoded."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from edge.classifier import Classifier
from edge.errors import CatdogError
from edge.outputs.jsonl import as_json
from edge.photo import decode_photo
from edge.web.header import size_of
from edge.web.routes import body_of, site_of

MOST_BYTES = 12_000_000  # the largest photos of phones
MOST_PIXELS = 25_000_000  # 75 MB once decoded
_MOST_S = 20.0  # for the photo to arrive
_BUSY = asyncio.Semaphore(1)  # decoded one at a time: two large photos are twice the memory


async def classify(request: Request) -> Response:
    """Answer with what a photo shows."""
    site = site_of(request)
    if not site.photos.take(""):
        raise HTTPException(429, "too many photos", {"retry-after": "1"})
    content = await body_of(request, MOST_BYTES, _MOST_S)
    size = size_of(content)
    if size is None:
        raise HTTPException(415, "this is no JPEG, PNG or WebP")
    if not 0 < size[0] * size[1] <= MOST_PIXELS:
        raise HTTPException(413, f"the photo has more than {MOST_PIXELS // 1_000_000} megapixels")
    async with _BUSY:
        try:
            return JSONResponse(await asyncio.to_thread(_answer, site.classifier, content))
        except CatdogError:
            raise HTTPException(422, "the photo is damaged or cut off") from None


def _answer(classifier: Classifier, content: bytes) -> dict[str, object]:
    return as_json("photo", classifier.classify(decode_photo(content, "photo")))
