"""What the API answers when it refuses: problem details (RFC 9457), with a sentence and never a trace."""

from typing import Any, Final, Generic, TypeVar

from django.http import HttpRequest, JsonResponse
from ninja import Schema
from pydantic import Field

from audit.base.errors import InvalidInput, NotFound, NotPermitted, Refused, TollgateError

CONTENT_TYPE: Final = "application/problem+json"
STATUS: Final[dict[type[TollgateError], int]] = {NotPermitted: 403, NotFound: 404, Refused: 409, InvalidInput: 422}
TITLES: Final[dict[int, str]] = {
    400: "The request cannot be understood",
    401: "Sign in with a token",
    403: "Not permitted",
    404: "Not found",
    405: "This method is not offered here",
    409: "Not possible in the present state",
    413: "Too large",
    415: "This kind of content is not read here",
    422: "The content cannot be used",
    429: "Too many requests",
    500: "A fault of Tollgate",
}


class ProblemError(Schema):
    """One thing that is wrong, and where."""

    where: str = Field(description="The place, as a path: body.slug, or row and column of a file")
    detail: str = Field(description="What is wrong, and how to mend it")


class Problem(Schema):
    """Problem details, RFC 9457, section 3.1."""

    type: str = Field("about:blank", description="Always about:blank: the status says what kind of problem it is")
    title: str
    status: int
    detail: str = Field(description="A sentence for people")
    instance: str = Field(description="The request's id, as in the ledger and in the header X-Request-Id")
    errors: list[ProblemError] = []


def answers(*codes: int, **shapes: Any) -> dict[int, Any]:
    """Responses to declare: ``answers(404, ok=ModelOut)``; 400, 401, 403, 422, 429 and 500 can always happen.

    ``ok`` is the shape of 200, ``created`` that of 201, ``accepted`` that of 202.
    """
    good = {{"ok": 200, "created": 201, "accepted": 202}[name]: shape for name, shape in shapes.items()}
    return {**good, **dict.fromkeys(sorted({400, 401, 403, 422, 429, 500, *codes}), Problem)}


def problem(
    request: HttpRequest, status: int, detail: str, *, errors: list[dict[str, str]] | None = None, **headers: str
) -> JsonResponse:
    """The answer with this status and sentence; ``errors`` are {"where", "detail"}."""
    actor = getattr(request, "actor", None)
    body = {
        "type": "about:blank",
        "title": TITLES.get(status, "This did not work"),
        "status": status,
        "detail": detail,
        "instance": f"urn:uuid:{actor.origin.removeprefix('request ')}" if actor and actor.origin else request.path,
        "errors": errors or [],
    }
    response = JsonResponse(body, status=status, content_type=CONTENT_TYPE)
    for name, value in headers.items():
        response[name.replace("_", "-")] = value
    return response


def status_of(error: TollgateError) -> int:
    """The HTTP status of an error of ours, by the nearest of its kinds."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 422)


def problem_of(request: HttpRequest, error: TollgateError) -> JsonResponse:
    """The answer for one of our own errors."""
    where = getattr(error, "where", "")
    errors = [{"where": where, "detail": error.sentence}] if where else []
    return problem(request, status_of(error), error.sentence, errors=errors)


Row = TypeVar("Row")


class Page(Schema, Generic[Row]):
    """Some rows, and the cursor of the rest."""

    items: list[Row]
    next: str | None = Field(None, description="Send it as ?cursor= for the next rows; null at the end")
