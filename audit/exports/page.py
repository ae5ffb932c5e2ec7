"""The report as one file for any browser: no script, nothing loaded, readable on a phone, on paper, and in the dark."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from audit.exports.drawing import NARROW, PAGE, WIDE, svg
from audit.exports.report import BASIS, Cell, Mark, Report, Section, Table
from audit.exports.words import full

STYLE: Final = Path(__file__).with_name("report.css")


def render(report: Report) -> bytes:
    """The report as HTML, UTF-8."""
    given = {
        "report": report,
        "as_of": full(report.as_of),
        "style": _style(),
        "summary": [_table(one, f"summary-{at}") for at, one in enumerate(report.summary, 1)],
        "sections": [_section(one, at) for at, one in enumerate(report.sections, 1)],
    }
    return render_to_string("exports/report.html", given).encode()


@cache
def _style() -> SafeString:
    return SafeString(STYLE.read_text(encoding="utf-8"))


def _section(section: Section, at: int) -> dict[str, Any]:
    return {
        "at": at,
        "key": section.key,
        "title": section.title,
        "sentences": section.sentences,
        "basis": BASIS[section.basis],
        "figures": [
            {
                "title": one.title,
                "sub": one.sub,
                "wide": SafeString(svg(one, PAGE, WIDE)),
                "narrow": SafeString(svg(one, PAGE, NARROW)),
            }
            for one in section.figures
        ],
        "tables": [_table(one, f"{section.key}-{place}") for place, one in enumerate(section.tables, 1)],
    }


def _table(table: Table, key: str) -> dict[str, Any]:
    return {
        "id": f"t-{key}",
        "title": table.title,
        "note": table.note,
        "long": table.long,
        "size": len(table.rows),
        "headings": table.headings,
        "rows": [[_cell(value, heading) for value, heading in zip(row, table.headings, strict=True)]
                 for row in table.rows],
    }  # fmt: skip


def _cell(value: Cell, heading: Any) -> dict[str, Any]:
    mark = isinstance(value, Mark)
    return {
        "kind": heading.kind,
        "heading": heading.text,
        "state": value.state if isinstance(value, Mark) else "",
        "text": value.word if isinstance(value, Mark) else value,
        "mark": mark,
    }
