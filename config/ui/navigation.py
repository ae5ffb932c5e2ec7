"""The rail follows the floors: each slice registers its own entries, and the shell shows those the viewer may see."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

FLOORS: tuple[str | None, ...] = (None, "What happened", "What it costs", "What we decide")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the rail. ``key`` is pressed after ``g``; ``count`` is what waits there, with its words."""

    floor: str | None
    label: str
    url_name: str
    order: int = 50
    key: str = ""
    count: Callable[[HttpRequest], int | None] | None = None
    count_words: str = "open"
    visible: Callable[[HttpRequest], bool] | None = None
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as one viewer sees it on one page."""

    label: str
    url: str
    key: str
    count: int | None
    count_words: str
    current: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A floor with its lines; ``name`` is empty for the lines above all floors."""

    name: str
    slug: str
    lines: tuple[Line, ...]


_entries: dict[str, Entry] = {}
_search: list[str] = []


def register(
    *,
    floor: str | None,
    label: str,
    url_name: str,
    order: int = 50,
    key: str = "",
    count: Callable[[HttpRequest], int | None] | None = None,
    count_words: str = "open",
    visible: Callable[[HttpRequest], bool] | None = None,
    prefixes: tuple[str, ...] = (),
) -> None:
    """Add a line to the rail, from ``AppConfig.ready``.

    ``prefixes`` are further URL names, or namespaces with a closing colon ("catalogue:"), whose pages belong to the
    line; without them the whole namespace of ``url_name`` does, unless another entry names the page exactly.

    A go key that two lines ask for is the first one's; ``manage.py check`` says so.

    Raises:
        ValueError: the floor is unknown.
    """
    if floor not in FLOORS:
        raise ValueError(f"{floor!r} is not a floor; the floors are {', '.join(repr(name) for name in FLOORS)}.")
    _entries[url_name] = Entry(floor, label, url_name, order, key, count, count_words, visible, prefixes)


def clashes() -> list[str]:
    """A sentence for each go key that a line asks for and another has."""
    owners: dict[str, Entry] = {}
    found = []
    for entry in _entries.values():
        if entry.key and (owner := owners.setdefault(entry.key, entry)) is not entry:
            found.append(f"The go key {entry.key!r} of {entry.label!r} is taken by {owner.label!r}: choose another.")
    return found


def register_search(url_name: str) -> None:
    """Name the page that searches everything; ``/`` leads there when a page has no search of its own."""
    _search[:] = [url_name]


def search_url() -> str | None:
    """The address of the page that searches everything; None while there is none."""
    return _address(_search[0]) if _search else None


def sections(request: HttpRequest) -> list[Section]:
    """The rail for this viewer: floors in their order, without empty floors."""
    shown = [entry for entry in _entries.values() if entry.visible is None or entry.visible(request)]
    here = _current(request, shown)
    result = []
    for number, floor in enumerate(FLOORS):
        entries = sorted((e for e in shown if e.floor == floor), key=lambda entry: (entry.order, entry.label))
        lines = tuple(line for entry in entries if (line := _line(entry, request, here)) is not None)
        if lines:
            result.append(Section(floor or "", f"floor-{number}", lines))
    return result


def _line(entry: Entry, request: HttpRequest, here: Entry | None) -> Line | None:
    url = _address(entry.url_name)
    if url is None:
        return None
    count = entry.count(request) if entry.count else None
    first = next(other for other in _entries.values() if other.key == entry.key)
    return Line(entry.label, url, entry.key if first is entry else "", count, entry.count_words, entry is here)


def _address(url_name: str) -> str | None:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return None


def _current(request: HttpRequest, entries: list[Entry]) -> Entry | None:
    """The entry whose page this is: by exact name, else by prefix, else by namespace."""
    match = request.resolver_match
    if match is None:
        return None
    name = match.view_name

    def named(entry: Entry) -> bool:
        return entry.url_name == name

    def prefixed(entry: Entry) -> bool:
        return any(name == p or (p.endswith(":") and name.startswith(p)) for p in entry.prefixes)

    def shares(entry: Entry) -> bool:
        space, colon, _ = entry.url_name.rpartition(":")
        return bool(colon) and name.startswith(f"{space}:")

    for test in (named, prefixed, shares):
        found = sorted((entry for entry in entries if test(entry)), key=lambda entry: entry.order)
        if found:
            return found[0]
    return None
