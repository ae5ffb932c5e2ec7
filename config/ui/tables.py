"""A table is a URL: sorting and paging are links, CSV is the same address, and a cell never runs in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import django_tables2
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from config.ui import format as say
from config.ui.templatetags import ui

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Column(django_tables2.Column):
    """A column of words. Unknown is the word unknown; ``full`` gives the cell its own line on a phone."""

    kind = ""

    def __init__(self, *args: Any, full: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("default", SafeString('<span class="none">unknown</span>'))
        attrs = dict(kwargs.pop("attrs", {}))
        names = " ".join(part for part in (self.kind, "full" if full else "") if part)
        if names:
            attrs.setdefault("td", {"class": names})
        if self.kind:
            attrs.setdefault("th", {"class": self.kind})
        super().__init__(*args, attrs=attrs, **kwargs)

    def value(self, **kwargs: Any) -> Any:
        """The plain value, for CSV; unknown is empty there."""
        return kwargs["value"]


class NumberColumn(Column):
    """Figures: right-aligned, the same number of decimals all the way down."""

    kind = "num"

    def __init__(self, *args: Any, places: int = 0, **kwargs: Any) -> None:
        self.places = places
        super().__init__(*args, **kwargs)

    def render(self, value: Any) -> str:
        """With thousands separated."""
        return ui.number(value, self.places)


class PercentColumn(NumberColumn):
    """A share of one, as percent."""

    def render(self, value: Any) -> str:
        """As percent."""
        return ui.percent(value, self.places)


class MoneyColumn(Column):
    """Amounts with their currency; ``currency`` names the field of the row that has it, or is a code itself."""

    kind = "num"

    def __init__(self, *args: Any, currency: str = "USD", **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(*args, **kwargs)

    def render(self, value: Any, record: Any) -> str:
        """To the cent."""
        code = self.currency
        if not (len(code) == 3 and code.isupper()):
            code = record[code] if isinstance(record, dict) else getattr(record, code)
        return ui.money(value, code)


class WhenColumn(Column):
    """Instants in the viewer's zone, or dates."""

    kind = "nowrap"

    def __init__(self, *args: Any, style: str = "short", **kwargs: Any) -> None:
        self.style = style
        super().__init__(*args, **kwargs)

    def render(self, value: Any) -> str:
        """As a time element."""
        return ui.when(value, self.style) if isinstance(value, datetime) else ui.day(value)


class TagColumn(Column):
    """A state: ``states`` maps each value to (shape, word); a value that is not there is unknown."""

    def __init__(self, *args: Any, states: dict[str, tuple[str, str]], **kwargs: Any) -> None:
        self.states = states
        super().__init__(*args, **kwargs)

    def render(self, value: Any) -> SafeString:
        """As shape and word."""
        shape, word = self.states.get(str(value), ("unknown", "Unknown"))
        return ui.tag(shape, word)

    def value(self, **kwargs: Any) -> Any:
        """The word."""
        return self.states.get(str(kwargs["value"]), ("unknown", "Unknown"))[1]


class Table(django_tables2.Table):
    """Base of all tables. The first column names the row.

    ``layout`` is "sticky" (figures: the first column stays in view) or "stack" (words: rows become blocks on a phone).
    Give ``title_id``, the id of the heading above the table, or a ``label``. ``empty_title``, ``empty_text``,
    ``empty_label`` and ``empty_url`` say what an empty table means and what to do; with filters set the offer is
    always to clear them.
    """

    layout = "sticky"
    title_id = ""
    label = ""
    empty_title = "Nothing here yet"
    empty_label = ""
    empty_url = ""
    #: Query parameters that are filters: when one is set, an empty table says "no match".
    filters: Sequence[str] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # A Meta of the base is lost on a subclass without one, so the template is given here.
        kwargs.setdefault("template_name", "ui/table.html")
        super().__init__(*args, **kwargs)

    def set_filters(self) -> list[str]:
        """The filters that are set in this request."""
        query = self.request.GET if getattr(self, "request", None) is not None else {}
        return [name for name in self.filters if query.get(name)]


def safe_cell(value: Any) -> Any:
    """A value that a spreadsheet shows and never runs.

    Numbers stay numbers, unknown is empty, instants are ISO 8601 in UTC. Text that begins like a formula gets an
    apostrophe before it (OWASP, CSV injection).
    """
    if value is None or say.is_unknown(value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return (value.astimezone(timezone.get_default_timezone()) if timezone.is_aware(value) else value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


class _Line:
    """What the csv writer writes to: it hands each line on."""

    def write(self, line: str) -> str:
        return line


def csv_lines(rows: Iterable[Sequence[Any]], header: Sequence[str]) -> Iterator[str]:
    """The lines of a CSV file, made one by one."""
    writer = csv.writer(_Line(), lineterminator="\r\n")
    yield writer.writerow([safe_cell(name) for name in header])
    for row in rows:
        yield writer.writerow([safe_cell(value) for value in row])


def csv_response(rows: Iterable[Sequence[Any]], header: Sequence[str], filename: str) -> StreamingHttpResponse:
    """A CSV download that is streamed; ``rows`` may be a generator. ``filename`` is without its ending."""
    response = StreamingHttpResponse(csv_lines(rows, header), content_type="text/csv; charset=utf-8")
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in filename)
    response["Content-Disposition"] = f'attachment; filename="{safe}.csv"'
    return response


def wants_csv(request: HttpRequest) -> bool:
    """Whether this address asks for CSV."""
    return request.GET.get("format") == "csv"


def table_csv(table: django_tables2.Table, filename: str, exclude: Sequence[str] = ()) -> HttpResponseBase:
    """All rows of a table, not only the page that is shown, in its order."""
    lines = iter(table.as_values(exclude_columns=exclude))
    header = [str(name) for name in next(lines)]
    return csv_response(lines, header, filename)


def prepare(table: Table, request: HttpRequest, per_page: int = 50) -> Table:
    """Bind a table to the request: order and page come from the query string; a page beyond the end is the last."""
    django_tables2.RequestConfig(request, paginate={"per_page": per_page, "silent": True}).configure(table)
    return table
