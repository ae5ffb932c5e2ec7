"""A request's content: unpacked within a bound, and counted against what a token may send in a second."""

import zlib
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from ninja.errors import HttpError, Throttled

from audit.base.actors import Actor
from audit.people.gateway import sent

LARGEST: Final = 5 * 1024 * 1024
"""Bytes of a body, unpacked."""
_TOO_LARGE: Final = (
    f"The body has more than {LARGEST // 1024 // 1024} MB when it is unpacked. Send fewer events at once."
)


class Unreadable(Exception):
    """The content is not packed as its header says; ``reason`` is a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def content_of(request: HttpRequest) -> bytes:
    """The body, unpacked when Content-Encoding is gzip (RFC 1952).

    Raises:
        HttpError: 413, it is too large; 415, it is packed in another way.
        Unreadable: it is not gzip, or ends too early.
    """
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding in {"", "identity"}:
        if len(request.body) > LARGEST:
            raise HttpError(413, _TOO_LARGE)
        return request.body
    if coding not in {"gzip", "x-gzip"}:
        raise HttpError(415, "Content-Encoding is gzip, or is left out.")
    return _unpacked(request.body)


def _unpacked(packed: bytes) -> bytes:
    found, rest = b"", packed
    while rest or not found:
        inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            found += inflater.decompress(rest, LARGEST + 1 - len(found))
        except zlib.error:
            raise Unreadable("The body is not gzip, though Content-Encoding says so.") from None
        if len(found) > LARGEST:
            raise HttpError(413, _TOO_LARGE)
        if not inflater.eof:
            raise Unreadable("The gzip body ends too early.")
        if not inflater.unused_data:
            break
        rest = inflater.unused_data
    return found


def count(actor: Actor, events: int) -> None:
    """Lets a token send ``settings.LINEAGE_EVENTS_A_SECOND`` events a second, in each web process.

    A delivery that begins below the limit is taken whole: a batch larger than the limit would else never pass.

    Raises:
        Throttled: the limit was reached in this second.
    """
    if sent("lineage", actor, seconds=1, count=events) - events >= settings.LINEAGE_EVENTS_A_SECOND:
        raise Throttled(wait=1)
