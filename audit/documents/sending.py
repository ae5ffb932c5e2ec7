"""A document's content leaves as a download, never as a page: no browser runs what someone attached."""

import base64

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from audit.documents import selectors
from audit.documents.models import Document


def response_of(document: Document) -> HttpResponse:
    """The content with its name, its type, and its digest (RFC 9530).

    Raises:
        Refused: it was removed, or is not what was attached.
        NotFound: the lake does not have it.
    """
    content = selectors.content(document=document)
    charset = "; charset=utf-8" if document.media_type.startswith("text/") else ""
    response = HttpResponse(content, content_type=document.media_type + charset)
    response["Content-Disposition"] = content_disposition_header(True, document.filename) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(document.digest)).decode()}:"
    return response
