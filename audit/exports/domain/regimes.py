"""A regime is data: paragraphs, and what would support each. Words alone support nothing; they are assertions.

A paragraph is supported by sealed entries, by a file in the bundle, or by what records show for all that it asks of;
it is an assertion where only someone's words stand for it; else it is missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from audit.base.errors import InvalidInput
from audit.exports.domain.digest import NONE, Digest, Numbers
from audit.exports.report import Claim

ANY, ALL = "any", "all"
SUPPORTED, ASSERTION, MISSING = "supported", "assertion", "missing"
DOCUMENTS: Final[Mapping[str, str]] = {
    "model-card": "a model card",
    "ml-bom": "a bill of materials",
    "standards-list": "a list of the standards applied",
    "declaration": "a copy of the declaration of conformity",
    "instructions": "instructions for use",
    "risk-file": "a risk management file",
    "monitoring-plan": "a post-market monitoring plan",
    "impact-assessment": "an impact assessment",
    "policy": "a policy",
    "design": "a design description",
    "test-report": "a signed test report",
    "contract": "a contract or supplier's document",
    "security": "a description of security measures",
}
"""The kinds of documents that a paragraph may ask for."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph. Each list names one thing that supports it: entries of one of these actions, a claim of a section
    (``shows``), a document of a kind; ``needs`` says whether one of them is enough. ``said`` are claims in words.
    """

    id: str
    title: str
    asks: str
    needs: str
    entries: tuple[str, ...]
    shows: tuple[str, ...]
    documents: tuple[str, ...]
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """How long something has to be kept."""

    id: str
    title: str
    keeps: str


@dataclass(frozen=True, slots=True)
class Regime:
    """A regime: ``edition`` is which text, ``source`` where it stands, ``note`` what our reading of it is."""

    id: str
    title: str
    edition: str
    source: str
    note: str
    paragraphs: tuple[Paragraph, ...]
    clocks: tuple[Clock, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A file of the bundle: its name there, and of which kind it is (DOCUMENTS)."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What stands behind one paragraph. ``lacks`` says in words what would complete it."""

    paragraph: Paragraph
    state: str
    entries: Numbers
    documents: tuple[str, ...]
    shown: tuple[Claim, ...]
    said: tuple[Claim, ...]
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """A regime and what was found for each paragraph."""

    regime: Regime
    findings: tuple[Finding, ...]

    def count(self, state: str) -> int:
        """How many paragraphs are in ``state``."""
        return sum(one.state == state for one in self.findings)

    @property
    def percent(self) -> int:
        """The supported share to the whole number, halves up."""
        return (200 * self.count(SUPPORTED) + len(self.findings)) // (2 * len(self.findings))

    @property
    def share(self) -> str:
        """The counts as a sentence."""
        of = len(self.findings)
        supported, said, missing = (self.count(state) for state in (SUPPORTED, ASSERTION, MISSING))
        return (
            f"{supported} of {of} paragraphs {_be(supported)} supported by entries or documents ({self.percent}%); "
            f"{said} {'rests' if said == 1 else 'rest'} on assertion; {missing} {_be(missing)} missing."
        )


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


def find(
    regime: Regime, *, digest: Digest, claims: Iterable[Claim], documents: Iterable[Document], words: Mapping[str, str]
) -> Result:
    """What the entries, claims and documents of a bundle come to; ``words`` maps a claim to what it is called."""
    known = {claim.name: claim for claim in claims}
    files = tuple(documents)
    return Result(regime, tuple(_finding(one, digest, known, files, words) for one in regime.paragraphs))


def _finding(
    paragraph: Paragraph,
    digest: Digest,
    claims: Mapping[str, Claim],
    files: Sequence[Document],
    words: Mapping[str, str],
) -> Finding:
    numbers = digest.numbers(paragraph.entries) if paragraph.entries else NONE
    met: list[bool] = [numbers.count > 0] if paragraph.entries else []
    lacks = ["no entry of this kind"] if paragraph.entries and not numbers.count else []
    shown: list[Claim] = []
    for name in paragraph.shows:
        claim = claims.get(name)
        met.append(claim is not None and claim.holds)
        if claim is not None and claim.holds:
            shown.append(claim)
        else:
            lacks.append(claim.words if claim is not None else words.get(name, name))
    names: list[str] = []
    for kind in paragraph.documents:
        found = [file.name for file in files if file.kind == kind]
        met.append(bool(found))
        names += found
        if not found:
            lacks.append(DOCUMENTS[kind])
    said = tuple(claims[name] for name in paragraph.said if name in claims and claims[name].held)
    holds = bool(met) and (all(met) if paragraph.needs == ALL else any(met))
    state = SUPPORTED if holds else ASSERTION if said else MISSING
    if not holds and not said:
        lacks += [words.get(name, name) for name in paragraph.said]
    missing = () if holds else tuple(dict.fromkeys(lacks))
    return Finding(paragraph, state, numbers, tuple(dict.fromkeys(names)), tuple(shown), said, missing)


def as_json(result: Result) -> dict[str, Any]:
    """The result for machines: everything that the report says of it, with the numbers of entries."""
    regime = result.regime
    return {
        "id": regime.id,
        "title": regime.title,
        "edition": regime.edition,
        "source": regime.source,
        "note": regime.note,
        "counts": {"paragraphs": len(result.findings)}
        | {state: result.count(state) for state in (SUPPORTED, ASSERTION, MISSING)},
        "share": result.share,
        "paragraphs": [_paragraph(one) for one in result.findings],
        "clocks": [{"id": one.id, "title": one.title, "keeps": one.keeps} for one in regime.clocks],
    }


def _paragraph(found: Finding) -> dict[str, Any]:
    numbers = found.entries
    return {
        "id": found.paragraph.id,
        "title": found.paragraph.title,
        "asks": found.paragraph.asks,
        "state": found.state,
        "entries": {"count": numbers.count, "first": list(numbers.first), "last": list(numbers.last)},
        "documents": list(found.documents),
        "shown": [{"name": one.name, "held": one.held, "of": one.of, "words": one.words} for one in found.shown],
        "said": [{"name": one.name, "words": one.words} for one in found.said],
        "lacks": list(found.lacks),
    }


REGIME: Final = {"id": str, "title": str, "edition": str, "source": str, "note": str, "paragraphs": list}
PARAGRAPH: Final = {"id": str, "title": str, "asks": str}
LISTS: Final = ("entries", "shows", "documents", "said")
CLOCK: Final = {"id": str, "title": str, "keeps": str}


def parse(text: str, *, where: str) -> Regime:
    """The regime that ``text`` (YAML) states.

    Raises:
        InvalidInput: it does not state one; ``where`` gives the file, the line and the column.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise _wrong(where, error.problem_mark, f"This is not YAML: {error.problem}.") from None
    if not isinstance(root, yaml.MappingNode):
        raise _wrong(where, root.start_mark if root else None, "A regime is a list of keys with values.")
    top = _mapping(root, where, REGIME, optional=("clocks",))
    paragraphs = tuple(_read_paragraph(node, where) for node in _items(top["paragraphs"], where, "paragraphs"))
    clocks = (
        tuple(_read_clock(node, where) for node in _items(top["clocks"], where, "clocks")) if "clocks" in top else ()
    )
    seen: set[str] = set()
    for one, node in zip(paragraphs, _items(top["paragraphs"], where, "paragraphs"), strict=True):
        if one.id in seen:
            raise _wrong(where, node.start_mark, f"The paragraph {one.id} stands twice.")
        seen.add(one.id)
    texts = {name: _text(top[name], where, name) for name, kind in REGIME.items() if kind is str}
    return Regime(**texts, paragraphs=paragraphs, clocks=clocks)


def _read_paragraph(node: yaml.Node, where: str) -> Paragraph:
    values = _mapping(node, where, PARAGRAPH, optional=(*LISTS, "needs"))
    needs = _text(values["needs"], where, "needs") if "needs" in values else ANY
    if needs not in (ANY, ALL):
        raise _wrong(where, values["needs"].start_mark, f"needs is {needs!r}; it is any or all.")
    lists = {name: _texts(values[name], where, name) if name in values else () for name in LISTS}
    if not any(lists.values()):
        raise _wrong(where, node.start_mark, "This paragraph names nothing that could support it.")
    for one, item in zip(lists["documents"], _items(values.get("documents"), where, "documents"), strict=True):
        if one not in DOCUMENTS:
            raise _wrong(where, item.start_mark, f"{one!r} is no kind of document; there are {', '.join(DOCUMENTS)}.")
    return Paragraph(
        id=_text(values["id"], where, "id"),
        title=_text(values["title"], where, "title"),
        asks=_text(values["asks"], where, "asks"),
        needs=needs,
        entries=lists["entries"],
        shows=lists["shows"],
        documents=lists["documents"],
        said=lists["said"],
    )


def _read_clock(node: yaml.Node, where: str) -> Clock:
    values = _mapping(node, where, CLOCK)
    return Clock(**{name: _text(values[name], where, name) for name in CLOCK})


def _mapping(
    node: yaml.Node, where: str, needed: Mapping[str, type], optional: Sequence[str] = ()
) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise _wrong(where, node.start_mark, f"Keys with values belong here: {', '.join(needed)}.")
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = str(key.value)
        if name in found:
            raise _wrong(where, key.start_mark, f"The key {name} stands twice.")
        if name not in needed and name not in optional:
            raise _wrong(
                where, key.start_mark, f"The key {name} is unknown; there are {', '.join([*needed, *optional])}."
            )
        found[name] = value
    missing = [name for name in needed if name not in found]
    if missing:
        raise _wrong(where, node.start_mark, f"The key {missing[0]} is missing.")
    return found


def _items(node: yaml.Node | None, where: str, name: str) -> list[yaml.Node]:
    if node is None:
        return []
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise _wrong(where, node.start_mark, f"{name} is a list with at least one item.")
    return list(node.value)


def _texts(node: yaml.Node, where: str, name: str) -> tuple[str, ...]:
    return tuple(_text(item, where, name) for item in _items(node, where, name))


def _text(node: yaml.Node, where: str, name: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.tag != "tag:yaml.org,2002:str" or not node.value.strip():
        raise _wrong(where, node.start_mark, f"{name} is text; put it in quotation marks if it looks like a number.")
    return " ".join(str(node.value).split())


def _wrong(where: str, mark: Any, sentence: str) -> InvalidInput:
    place = f"{where}, line {mark.line + 1}, column {mark.column + 1}" if mark is not None else where
    return InvalidInput(sentence, where=place)
