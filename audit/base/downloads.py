"""Each table can be downloaded as CSV at its own address, and no cell of it is run by a spreadsheet as a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

RISKY = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    def write(self, value: str) -> str:
        return value


def wants_csv(request: HttpRequest) -> bool:
    """Whether the address ends in ``?format=csv``."""
    return request.GET.get("format") == "csv"


def csv_link(request: HttpRequest) -> str:
    """The query string that downloads what the request shows."""
    query = request.GET.copy()
    query["format"] = "csv"
    return f"?{query.urlencode()}"


def safe(value: Any) -> Any:
    """``value`` as a cell: text that a spreadsheet would run gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(RISKY) else value


def csv_response(name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A UTF-8 CSV file ``name``.csv, written row by row."""
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield writer.writerow(headings)
        for row in rows:
            yield writer.writerow([safe(value) for value in row])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
