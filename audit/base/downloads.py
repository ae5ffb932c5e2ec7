"""Each table can be downloaded as CSV at its own address, by the one writer of CSV that the interface has."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

from config.ui import tables

wants_csv = tables.wants_csv


def csv_link(request: HttpRequest) -> str:
    """The query string that downloads what the request shows."""
    query = request.GET.copy()
    query["format"] = "csv"
    return f"?{query.urlencode()}"


def csv_response(name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A UTF-8 CSV file ``name``.csv, written row by row."""
    return tables.csv_response(rows, headings, name)
