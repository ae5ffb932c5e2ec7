"""What the entries of a bundle come to: counts of all, and those of weight one by one, each with its number."""

from audit.exports.domain.digest import OTHERS, Digest, Happening
from audit.exports.report import ENTRIES, OFF, Cell, Headings, Mark, Section, Table, known, number, table
from audit.exports.words import count, second
from audit.ledger.registry import ACTIONS

ACTORS: dict[str, str] = {
    "person": "person",
    "token": "token",
    "service": "part of Tollgate",
    "outside": "outside",
}
MOST_ACTORS = 100
ERASED = "erased"
"""How a value that was erased begins."""


def section(digest: Digest) -> Section:
    """The section, from a digest that has read all entries of the bundle."""
    return Section(
        key="happened",
        title="What happened",
        order=80,
        sentences=_sentences(digest),
        tables=(*_counts(digest), *_listed(digest)),
        basis=ENTRIES,
        lede=_lede(digest),
    )


def _lede(digest: Digest) -> str:
    if digest.first is None or digest.last is None:
        return "The bundle holds no entry: nothing was recorded in this period."
    return (
        f"The bundle holds {count(digest.count, 'entry', 'entries')} of the log, the first of "
        f"{second(digest.first[1])}, the last of {second(digest.last[1])} UTC."
    )


def _sentences(digest: Digest) -> tuple[str, ...]:
    if not digest.count:
        return (_lede(digest),)
    people = sum(acted.count for (kind, _), acted in digest.actors.items() if kind == "person")
    return (
        _lede(digest),
        f"{people:,} of them are by people who had signed in, {digest.count - people:,} by programs and others.",
        (
            "Times are UTC. The number in the last column is the entry's place in the log; the entry itself is in "
            "entries.csv.gz, and as sealed in entries.ndjson.gz."
        ),
    )


def _counts(digest: Digest) -> list[Table]:
    if not digest.count:
        return []
    ordered = sorted(digest.actions.items(), key=lambda item: (-item[1].count, item[0]))
    actions: list[list[Cell]] = [
        [_sentence(code), code, f"{tally.count:,}", second(tally.first_at), second(tally.last_at)]
        for code, tally in ordered
    ]
    actors = sorted(digest.actors.items(), key=lambda item: (item[0] == OTHERS, -item[1].count, item[1].name, item[0]))
    rows: list[list[Cell]] = [
        [
            _name(acted.name),
            ACTORS.get(acted.kind, acted.kind),
            f"{acted.count:,}",
            second(acted.first_at),
            second(acted.last_at),
        ]
        for _, acted in actors[:MOST_ACTORS]
    ]
    note = f"The {MOST_ACTORS} who acted most, of {len(actors):,}." if len(actors) > MOST_ACTORS else ""
    return [
        table("All entries, by what was done", ["Done", "Action", number("Entries"), "First", "Last"], actions),
        table("All entries, by who did it", ["Who", "Kind", number("Entries"), "First", "Last"], rows, note=note),
    ]


def _listed(digest: Digest) -> list[Table]:
    tables = []
    for kind in digest.kinds:
        happenings = digest.listed[kind.key]
        if not happenings:
            continue
        of = digest.of_kind(kind.key)
        note = f"The newest {len(happenings):,} of {of:,}." if of > len(happenings) else ""
        rows = [_row(one) for one in reversed(happenings)]
        headings: Headings = ["When", "Who", "Did what", "Why", number("Entry")]
        tables.append(table(kind.title, headings, rows, note=note, long=len(rows) > 20))
    return tables


def _row(one: Happening) -> list[Cell]:
    who = one.actor or "nobody"
    if one.on_behalf_of:
        who = f"{who}, for {one.on_behalf_of}"
    done = _sentence(one.action, one.subject) + (f" ({one.changes})" if one.changes else "")
    return [second(one.at), _name(who), done, one.reason or "", f"{one.number:,}"]


def _name(name: str) -> Cell:
    return Mark(OFF, name) if name.startswith(ERASED) else known(name)


def _sentence(code: str, subject: str = "…") -> str:
    action = ACTIONS.get(code)
    if action is None:
        return f"{code}: {subject}"
    return action.sentence.replace("{subject}", subject)
