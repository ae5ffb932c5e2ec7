"""The graph as SVG: a link for each node, told apart by shape and word before colour; arrows lead where data flow."""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audit.lineage.domain.fold import Kind, Link
from audit.lineage.domain.layout import HEIGHT, WIDTH, Drawing, Line, layout

FAMILIES: Final[Mapping[str, str]] = {
    Kind.JOB: "does",
    Kind.RUN: "does",
    Kind.COMMIT: "code",
    Kind.MODEL_VERSION: "model",
    Kind.DEPLOYMENT: "model",
}
"""How a box is drawn; what is not named here is data."""
BEND: Final = 0.5
AROUND: Final = 40.0


class Box(NamedTuple):
    """What stands in a box: ``kind`` and ``name`` as words, ``title`` in full, ``url`` where it leads."""

    family: str
    kind: str
    name: str
    title: str
    url: str


def drawn(
    *, boxes: Mapping[int, Box], layers: Mapping[int, int], edges: Collection[tuple[int, int, int]], start: int
) -> SafeString:
    """The graph of these nodes with the edges (source, target, link) between them; ``start`` is marked."""
    here = {node: layers[node] for node in boxes}
    plan = layout(here, {(source, target) for source, target, _ in edges})
    of = {(source, target) for source, target, link in edges if link == Link.VERSION_OF}
    lines = format_html_join("", '<path class="{}" d="{}"{}/>', (_line(one, of) for one in plan.lines))
    parts = format_html_join("", "{}", ((_box(box, plan, node, start),) for node, box in boxes.items()))
    return format_html(
        '<svg class="graph" width="{}" height="{}" viewBox="0 0 {} {}" role="group" aria-label="The graph">'
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"'
        ' markerUnits="userSpaceOnUse"><path class="arrow" d="M0 0 8 4 0 8z"/></marker></defs>{}{}</svg>',
        *(_figure(value) for value in (plan.width, plan.height) * 2),
        lines,
        parts,
    )


def _box(box: Box, plan: Drawing, node: int, start: int) -> SafeString:
    x, y = plan.boxes[node]
    round_ = HEIGHT / 2 if box.family == "does" else 4
    mark = SafeString(' aria-current="true" id="here"') if node == start else ""
    inner = (
        format_html('<rect class="inner" x="4" y="4" width="{}" height="{}" rx="2"/>', WIDTH - 8, HEIGHT - 8)
        if box.family == "model"
        else ""
    )
    return format_html(
        '<a class="{}" href="{}"{} transform="translate({} {})"><title>{}</title>'
        '<rect width="{}" height="{}" rx="{}"/>{}'
        '<text class="kind" x="16" y="17">{}</text><text x="16" y="34">{}</text></a>',
        *(box.family, box.url, mark, _figure(x), _figure(y), box.title, WIDTH, HEIGHT, round_, inner, box.kind),
        box.name,
    )


def _line(line: Line, of: Collection[tuple[int, int]]) -> tuple[str, str, SafeString]:
    """Class, path and arrowhead: what says of which dataset a version is leads no data, and has none."""
    first, last = line.points[0], line.points[-1]
    if len(line.points) == 2 and first.x == last.x:
        path = f"M{_at(*first)}C{_at(first.x + AROUND, first.y)} {_at(last.x + AROUND, last.y)} {_at(*last)}"
    else:
        path = f"M{_at(*first)}"
        for number, (a, b) in enumerate(zip(line.points, line.points[1:], strict=False)):
            middle = a.x + (b.x - a.x) * BEND
            path += f"L{_at(*b)}" if number % 2 else f"C{_at(middle, a.y)} {_at(middle, b.y)} {_at(*b)}"
    if (line.source, line.target) in of:
        return "of", path, SafeString("")
    return "flow", path, SafeString(' marker-end="url(#arrow)"')


def _at(x: float, y: float) -> str:
    return f"{_figure(x)} {_figure(y)}"


def _figure(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
