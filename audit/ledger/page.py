"""What the audit page shows: how the log stands, entries by day, and one entry whole, with all that proves it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any
from urllib.parse import quote

from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.ledger import finding, names, proofs, selectors, signing
from audit.ledger.domain import leaves, merkle, note
from audit.ledger.models import Chain, Entry, Leaf
from audit.ledger.personal import ERASED, signs_in
from audit.ledger.rows import PLACES
from audit.ledger.sentences import Sentence, origin, sentence

PERSONAL = ("actor_id", "actor_name", "on_behalf_of", "subject_name", "reason", "address")


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as a line."""

    entry: selectors.Told
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Page:
    """A page between two ids: ``previous`` leads to newer entries, ``next`` to older ones."""

    rows: list[Entry]
    previous: int | None
    next: int | None
    shown: int
    total: int | None
    problems: tuple[str, ...]
    unseen: int


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: ``state`` and ``word`` as a tag, what it is, and what it rests on."""

    state: str
    word: str
    name: str
    text: str
    url: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry whole. ``personal`` names its fields with personal values, ``erased`` says that some are gone."""

    entry: selectors.Told
    sentence: Sentence
    origin: str
    origin_url: str
    personal: frozenset[str]
    erased: bool
    checks: list[Check]
    path: list[str] = field(default_factory=list)
    size: int = 0
    note: str = ""

    @property
    def hidden_changes(self) -> list[str]:
        """The changed fields that hold personal values."""
        return sorted(name.removeprefix("changes.") for name in self.personal if name.startswith("changes."))


def cut(found: finding.Found, *, viewer: Actor) -> Page:
    """The page of what was found."""
    rows = selectors.by_ids(viewer=viewer, ids=found.ids)
    return Page(
        rows=rows,
        previous=found.ids[0] if found.newer else None,
        next=found.ids[-1] if found.older else None,
        shown=len(rows),
        total=found.total,
        problems=found.problems,
        unseen=found.unseen,
    )


def days(rows: list[Entry]) -> list[tuple[date, list[Row]]]:
    """The entries by day, in the viewer's zone."""
    lines = [Row(entry, sentence(entry)) for entry in selectors.told(rows)]
    return [
        (day, list(group)) for day, group in groupby(lines, key=lambda row: timezone.localtime(row.entry.at).date())
    ]


def shown(row: Entry, *, viewer: Actor) -> Shown:
    """One entry with all that proves it, each computed now."""
    (entry,) = selectors.told([row])
    words, url = origin(entry)
    hidden = {name for name in PERSONAL if signs_in(getattr(row, name))}
    hidden |= {f"changes.{name}" for name, pair in entry.changes.items() if _differ(row, name, pair)}
    texts = [getattr(entry, name) for name in PERSONAL] + [str(pair) for pair in entry.changes.values()]
    made: dict[str, Any] = {
        "entry": entry,
        "sentence": sentence(entry),
        "origin": words,
        "origin_url": url,
        "personal": frozenset(hidden),
        "erased": bool(hidden) and any(ERASED in text for text in texts),
    }
    if entry.number is None:
        return Shown(**made, checks=[])
    checks = [_content(row, row.leaf)]
    try:
        proof = proofs.inclusion(viewer=viewer, number=entry.number)
    except NotFound as error:
        return Shown(**made, checks=[*checks, Check("unknown", "Not shown", "In the tree", error.sentence)])
    checks += [_in_tree(proof), _signed(proof), *_chains(row, row.leaf, viewer, entry.subject_name)]
    return Shown(**made, checks=checks, path=proof.path, size=proof.size, note=proof.checkpoint)


def _differ(row: Entry, name: str, pair: list[Any]) -> bool:
    raw = row.changes.get(name)
    return bool(raw != pair and signs_in(raw))


def _content(row: Entry, leaf: Leaf) -> Check:
    if row.pruned:
        words = "Who, why and what changed were removed by the rule of retention. The hash of what was sealed stays."
        return Check(
            "off", "Removed", "Content", words, f"{reverse('ledger:ledger')}?q=action:retention.pruned", "Rule"
        )
    if merkle.leaf_hash(proofs.leaf_bytes(row, leaf)) == bytes(leaf.hash):
        return Check("ok", "Fits", "Content fits what was sealed", "SHA-256 over the canonical JSON of every field")
    words = "This entry was changed in the database after it was sealed, past the application."
    return Check("bad", "Changed", "Content does not fit what was sealed", words)


def _in_tree(proof: proofs.Inclusion) -> Check:
    try:
        root = note.checkpoint_of(proof.checkpoint).root
        merkle.check_inclusion(
            bytes.fromhex(proof.leaf_hash), proof.number - 1, proof.size, [bytes.fromhex(h) for h in proof.path], root
        )
    except ValueError as error:
        return Check("bad", "Broken", f"Not in the tree of checkpoint {proof.size:,}", str(error))
    words = f"Leaf {proof.number:,} of {proof.size:,}, a path of {len(proof.path)} hashes to the signed root"
    return Check("ok", "In it", f"In the tree of checkpoint {proof.size:,}", words)


def _signed(proof: proofs.Inclusion) -> Check:
    try:
        signing.check(proof.checkpoint, [proof.vkey] if proof.vkey else [])
    except note.NoteError as error:
        return Check("bad", "Broken", "The checkpoint is not signed by the log’s key", str(error))
    return Check("ok", "Signed", "The checkpoint is signed", f"Ed25519, key {proof.vkey.split('+')[1]}")


def _chains(row: Entry, leaf: Leaf, viewer: Actor, subject: str) -> list[Check]:
    """Its places: how many entries the sealed index says that each of its chains has."""
    keys = leaves.chains_of(row.body())
    counts = dict(Chain.objects.filter(key__in=keys.values()).values_list("key", "count"))
    found = []
    for kind in PLACES:
        place = getattr(leaf, f"{kind}_at")
        if kind in keys and place:
            qualifier, ident = kind.replace("_", "-"), keys[kind].partition(":")[2]
            known = None if kind == leaves.SUBJECT else names.called(qualifier, viewer, ident)
            words = f"{kind.replace('_', ' ')} {known.words if known else subject if kind == leaves.SUBJECT else ident}"
            url = f"{reverse('ledger:ledger')}?q={quote(f'{qualifier}:{known.value if known else ident}')}"
            found.append(_place(words, place, counts.get(keys[kind]), url))
    return found


def _place(words: str, place: int, count: int | None, url: str) -> Check:
    if count is None or count < place:
        text = f"It says that it is entry {place:,} of it; the sealed index does not know so many."
        return Check("bad", "Broken", f"Place in the {words}", text, url, "All of them")
    text = "The sealed index says how many there are: an export cannot leave one out."
    return Check("ok", "Counted", f"Entry {place:,} of {count:,} of the {words}", text, url, "All of them")


@dataclass(frozen=True, slots=True)
class Standing:
    """How the log stands: ``waiting`` entries are not sealed yet; ``url`` leads to the page that tells more."""

    size: int
    sealed_at: datetime | None
    waiting: int
    incident: str
    url: str


def standing() -> Standing:
    """Read anew for each page."""
    head, newest = selectors.head(), selectors.checkpoint()
    incident = selectors.open_incidents().first()
    return Standing(
        size=head.size,
        sealed_at=newest.at if newest else None,
        waiting=selectors.waiting(head),
        incident=incident.sentence if incident else "",
        url=address("assurance:standing"),
    )


def address(name: str, *arguments: Any) -> str:
    """The page with this URL name, empty when there is none."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""
