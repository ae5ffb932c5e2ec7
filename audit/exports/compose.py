"""Puts a report together: what the slices know, what the entries say, and what of each regime that supports."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.base.actors import Actor
from audit.exports import happened, kept
from audit.exports.domain.digest import Digest
from audit.exports.domain.regimes import Document, Result
from audit.exports.domain.scope import Scope
from audit.exports.report import FILES, Report, Section, code, table
from audit.exports.sections import gather
from audit.exports.words import count, full
from audit.ledger.registry import ACTIONS

FILES_OF_A_BUNDLE: Mapping[str, str] = {
    "index.html": "This report, for any browser.",
    "report.pdf": "This report, to print or to file.",
    "verify.py": "Checks all of it: Python 3.8 or newer, no network, nothing to install.",
    "README.txt": "How to begin.",
    "manifest.json": "The digest of each file, and what the bundle claims to hold.",
    "checkpoint.txt": "The signed statement of the log's size and root.",
    "keys.json": "The public keys, with each hand-over from one to the next.",
    "entries.ndjson.gz": "The entries exactly as they were sealed.",
    "entries.csv.gz": "The same entries as a table.",
    "leaves.bin, proof.txt.gz, others.txt.gz, index.json": "The proof that each entry is in the log, none left out.",
    "personal.ndjson.gz": "Personal values and their salts, as far as they have not been erased.",
    "model-card.md, or model-cards/": "What is known of each model, under the headings of a model card.",
    "bom.cdx.json": "The bill of materials (CycloneDX 1.7).",
    "documents/": "What people attached, if they did.",
    "regimes/": "What each regime asks and what stands for it, for machines.",
}


@dataclass(frozen=True, slots=True)
class Log:
    """The log as the bundle's checkpoint states it: name, number of entries, root (hex), the signing key's id."""

    origin: str
    size: int
    root: str
    key: str


@dataclass(frozen=True, slots=True)
class Composed:
    """A report and the regimes' results behind it."""

    report: Report
    results: tuple[Result, ...]


def new_digest() -> Digest:
    """A digest that lists what the registered actions call weighty."""
    return Digest(weighty=[action.code for action in ACTIONS.values() if action.weighty])


def compose(
    *,
    scope: Scope,
    viewer: Actor,
    as_of: datetime,
    digest: Digest,
    log: Log,
    documents: Sequence[Document] = (),
) -> Composed:
    """The report of a bundle; the sections of regimes come last.

    ``digest`` has read every entry that the bundle ships; ``documents`` are its files that regimes may ask for.
    """
    own = gather(scope=scope, viewer=viewer, as_of=as_of)
    told = happened.section(digest)
    results = kept.results(digest, own, documents)
    first = sorted([_how(scope, log), *own, told], key=lambda one: (one.order, one.key))
    places = {claim.name: at for at, section in enumerate(first, 1) for claim in section.claims}
    sections = [*first, *(kept.section(result, at, places) for at, result in enumerate(results))]
    report = Report(
        title=f"Evidence on {scope.whose}",
        scope=scope.title,
        as_of=as_of,
        lede=tuple(_lede(scope, as_of, sections)),
        sections=tuple(sections),
        summary=(kept.summary(results),),
    )
    return Composed(report, tuple(results))


def _lede(scope: Scope, as_of: datetime, sections: Iterable[Section]) -> list[str]:
    began = f"This is what Tollgate knew of {scope.whose}, {scope.when}, on {full(as_of)}."
    return [began, *(section.lede for section in sections if section.lede)]


def _how(scope: Scope, log: Log) -> Section:
    complete = (
        "that none of the log's entries is missing"
        if scope.chain is None
        else f"that none of the entries of {scope.whose} is missing"
    )
    return Section(
        key="check",
        title="How to check this without trusting anyone",
        order=5,
        sentences=(
            (
                f"Run “python3 verify.py” beside the other files. It computes the log's root from the entries and "
                f"compares it with the signed checkpoint of {count(log.size, 'entry', 'entries')}; it finds a changed "
                f"entry, names it, and shows {complete}."
            ),
            (
                "The entries were sealed as they were written, and what is said to come from entries can be followed "
                "to a number. What is said to come from records is Tollgate's own account of what it knew."
            ),
            "Compare the checkpoint with one that a witness holds: python3 verify.py --checkpoint FILE.",
        ),
        tables=(
            table(
                "The log",
                ["What", code("Value")],
                [
                    ["Name", log.origin],
                    ["Entries", f"{log.size:,}"],
                    ["Root, SHA-256", log.root],
                    ["Signing key", log.key],
                ],
            ),
            table("The files", ["File", "What it is"], [list(pair) for pair in FILES_OF_A_BUNDLE.items()], long=True),
        ),
        basis=FILES,
    )
