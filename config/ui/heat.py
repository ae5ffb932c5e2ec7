"""A heat grid's cells: state in colour, shape and word. Pages have hundreds, so they are not written by a template."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows; ``mark`` is the state's shape, with its ``word``, and both are empty where it is calm.

    ``shade`` is the colour: a class of the stylesheet, empty for the page's own.
    """

    shown: str
    mark: str = ""
    word: str = ""
    shade: str = ""


NO_DATA: Final = Cell("no data", shade="plain muted")


def draw(cells: Iterable[Cell]) -> SafeString:
    """The table cells of a row."""
    return format_html_join("", "{}", ((_drawn(cell),) for cell in cells))


def _drawn(cell: Cell) -> SafeString:
    opened = format_html('<td class="{}">', cell.shade) if cell.shade else SafeString("<td>")
    if not cell.mark:
        return format_html("{}{}</td>", opened, cell.shown)
    told = '{}<span class="mark {}"></span><span class="visually-hidden">{} </span>{}</td>'
    return format_html(told, opened, cell.mark, cell.word, cell.shown)
