"""Small drawings made on the server: numbers in, SVG out. Widths are attributes: inline styles are forbidden."""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

WIDTH, HEIGHT = 88, 24
TOP, BOTTOM, LEFT, RIGHT = 3.0, 21.0, 2.0, 83.0


def _tenth(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def sparkline(numbers: Sequence[float | None], *, label: str, limit: float | None = None) -> SafeString:
    """A line of ``numbers`` from left (oldest) to right; unknown numbers leave a gap; ``limit`` is a dotted line."""
    known = [float(n) for n in numbers if n is not None]
    if not known:
        return format_html('<span class="none">no figures yet</span><span class="visually-hidden">: {}</span>', label)
    scale = [*known, float(limit)] if limit is not None else known
    low, high = min(scale), max(scale)
    span = high - low

    def y(value: float) -> float:
        return (TOP + BOTTOM) / 2 if not span else BOTTOM - (value - low) / span * (BOTTOM - TOP)

    step = (RIGHT - LEFT) / max(len(numbers) - 1, 1)
    pieces: list[list[str]] = [[]]
    last = ""
    for at, value in enumerate(numbers):
        if value is None:
            pieces.append([])
            continue
        x = LEFT + at * step if len(numbers) > 1 else RIGHT
        pieces[-1].append(f"{_tenth(x)},{_tenth(y(float(value)))}")
        last = format_html('<circle class="last" cx="{}" cy="{}" r="2.5"/>', _tenth(x), _tenth(y(float(value))))
    path = " ".join("M" + " ".join(piece) + (" h0" if len(piece) == 1 else "") for piece in pieces if piece)
    line = (
        format_html(
            '<line class="limit" x1="0" x2="{}" y1="{}" y2="{}"/>',
            WIDTH,
            _tenth(y(float(limit))),
            _tenth(y(float(limit))),
        )
        if limit is not None
        else ""
    )
    return format_html(
        '<svg class="spark" width="{}" height="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '{}<path d="{}"/>{}</svg>',
        WIDTH,
        HEIGHT,
        WIDTH,
        HEIGHT,
        label,
        line,
        path,
        last,
    )


def meter(
    value: float | None,
    of: float,
    *,
    label: str,
    possible: float | None = None,
    target: float | None = None,
    width: int = 120,
) -> SafeString:
    """A bar from zero to ``of``: solid to ``value``, hatched to ``possible``, an upright line at ``target``.

    Values beyond the ends are cut to them. An unknown ``value`` draws the empty bed.
    """

    def at(amount: float) -> float:
        return min(max(float(amount) / float(of), 0.0), 1.0) * width if of else 0.0

    solid = at(value) if value is not None else 0.0
    parts = []
    if solid > 0:
        parts.append(format_html('<rect y="3" width="{}" height="8" fill="var(--c1)"/>', _tenth(solid)))
    if possible is not None and at(possible) - solid > 1:
        parts.append(
            format_html(
                '<rect x="{}" y="3.5" width="{}" height="7" fill="url(#h)" stroke="var(--c1)"/>',
                _tenth(solid + 0.5),
                _tenth(at(possible) - solid - 1),
            )
        )
    if target is not None:
        parts.append(
            format_html('<rect class="target" x="{}" width="2" height="14"/>', _tenth(min(at(target), width - 2)))
        )
    return format_html(
        '<svg class="meter" width="{}" height="14" viewBox="0 0 {} 14" role="img" aria-label="{}">'
        '<rect class="bed" y="3" width="{}" height="8"/>{}</svg>',
        width,
        width,
        label,
        width,
        mark_safe("".join(parts)),  # noqa: S308  every part is from format_html
    )


def difference(
    value: float, low: float, high: float, *, reach: float, margin: float | None = None, width: int = 180
) -> SafeString:
    """A point with its interval around "no difference" in the middle; ``reach`` is the value at either end."""
    middle = width / 2

    def x(amount: float) -> float:
        return middle + min(max(float(amount) / float(reach), -1.0), 1.0) * (middle - 4) if reach else middle

    allowed = (
        format_html('<line class="margin" x1="{0}" x2="{0}" y1="2" y2="18"/>', _tenth(x(margin)))
        if margin is not None
        else ""
    )
    return format_html(
        '<svg class="spark" width="{}" height="20" viewBox="0 0 {} 20" aria-hidden="true">'
        '<line class="zero" x1="{}" x2="{}" y1="0" y2="20"/>{}'
        '<line class="range" x1="{}" x2="{}" y1="10" y2="10"/><circle class="last" cx="{}" cy="10" r="4"/></svg>',
        width,
        width,
        _tenth(middle),
        _tenth(middle),
        allowed,
        _tenth(x(low)),
        _tenth(x(high)),
        _tenth(x(value)),
    )


def strip(spans: Sequence[tuple[float, float, str]], *, label: str, width: int = 720) -> SafeString:
    """A band from left to right, drawn where ``spans`` (from, to, kind) lie; from and to are shares of it, 0 to 1.

    A kind is "whole" (solid), "part" (hatched) or "hole" (hatched as a fault); what no span covers is the empty bed.
    """
    fill = {"whole": "var(--c1)", "part": "url(#h)", "hole": "url(#hb)"}
    parts = [
        format_html(
            '<rect x="{}" y="3" width="{}" height="8" fill="{}"/>',
            _tenth(begin * width),
            _tenth(max((end - begin) * width, 1.0)),
            fill[kind],
        )
        for begin, end, kind in spans
    ]
    return format_html(
        '<svg class="meter" width="{}" height="14" viewBox="0 0 {} 14" preserveAspectRatio="none" role="img" '
        'aria-label="{}"><rect class="bed" y="3" width="{}" height="8"/>{}</svg>',
        width,
        width,
        label,
        width,
        mark_safe("".join(parts)),  # noqa: S308  every part is from format_html
    )
