"""What of each regime the bundle supports: every paragraph is named, the missing ones as well as the others."""

from collections.abc import Iterable, Mapping, Sequence

from audit.exports.domain.digest import Digest
from audit.exports.domain.regimes import ASSERTION, MISSING, SUPPORTED, Document, Finding, Result, find
from audit.exports.regimes import regimes
from audit.exports.report import BAD, ENTRIES, OK, WATCH, Cell, Heading, Mark, Section, Table, number, table
from audit.exports.sections import CLAIMS

MARKS = {
    SUPPORTED: Mark(OK, "Supported"),
    ASSERTION: Mark(WATCH, "Assertion"),
    MISSING: Mark(BAD, "Missing"),
}
ORDER = 90


def results(digest: Digest, sections: Iterable[Section], documents: Sequence[Document]) -> list[Result]:
    """What was found for each regime."""
    claims = [claim for section in sections for claim in section.claims]
    return [find(one, digest=digest, claims=claims, documents=documents, words=CLAIMS) for one in regimes()]


def section(result: Result, at: int, places: Mapping[str, int]) -> Section:
    """The section of one regime, the ``at``-th of them; ``places`` gives the number of the section of each claim."""
    regime = result.regime
    tables = [
        table(
            "Paragraph by paragraph",
            ["Paragraph", "What it asks", "State", "What stands for it, and what is lacking"],
            [_row(found, places) for found in result.findings],
        )
    ]
    if regime.clocks:
        rows = [[clock.id, clock.title, clock.keeps] for clock in regime.clocks]
        tables.append(table("How long to keep what", ["Paragraph", "What", "How long"], rows))
    return Section(
        key=f"regime-{regime.id}",
        title=regime.title,
        order=ORDER + at,
        sentences=(result.share, f"{regime.edition}, {regime.source}.", regime.note),
        tables=tuple(tables),
        basis=ENTRIES,
    )


def summary(results: Iterable[Result]) -> Table:
    """The shares of all regimes."""
    rows = [
        [
            result.regime.title,
            str(len(result.findings)),
            *(str(result.count(state)) for state in (SUPPORTED, ASSERTION, MISSING)),
            f"{result.percent}%",
        ]
        for result in results
    ]
    figures = map(number, ("Paragraphs", "Supported", "Assertion", "Missing", "Share supported"))
    headings: list[str | Heading] = ["Regime", *figures]
    note = (
        "Supported: by entries, files or records in this bundle. Assertion: only someone's words stand for it. "
        "Missing: nothing here does, which does not say that nothing exists elsewhere."
    )
    return table("What it supports of each regime", headings, rows, note=note)


def _row(found: Finding, places: Mapping[str, int]) -> list[Cell]:
    paragraph = found.paragraph
    return [f"{paragraph.id}. {paragraph.title}", paragraph.asks, MARKS[found.state], " ".join(_behind(found, places))]


def _behind(found: Finding, places: Mapping[str, int]) -> list[str]:
    told = []
    if found.entries.count:
        told.append(f"Entries {found.entries.words}." if found.entries.count > 1 else f"Entry {found.entries.words}.")
    if found.documents:
        told.append(f"{', '.join(found.documents)}.")
    for place in sorted({places[claim.name] for claim in found.shown}):
        words = [claim.words for claim in found.shown if places[claim.name] == place]
        told.append(f"Section {place}: {'; '.join(words)}.")
    told += [f"Someone's words, section {places[claim.name]}: {claim.words}." for claim in found.said]
    if found.lacks:
        told.append(f"Lacking: {'; '.join(found.lacks)}.")
    return told
