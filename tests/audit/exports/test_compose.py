"""A report leads from each claim to its section and from each paragraph to its entries; what is erased says so."""

import re

import pytest

from audit.base import clock
from audit.exports import compose, page
from audit.exports.compose import Composed, Log
from audit.exports.domain.regimes import Document
from audit.exports.report import Mark, Section, Table
from tests.audit.exports.conftest import Traced
from tests.audit.exports.domain.test_digest import entry
from tests.support.cast import SYSTEM

LOG = Log("tollgate/test", 41, "ab" * 32, "4be190c7")
ENTRIES = [
    entry(3, "catalogue.model_registered"),
    entry(5, "catalogue.version_registered"),
    entry(9, "catalogue.deployed", reason="First version."),
    entry(12, "monitoring.measured"),
    entry(20, "people.role_granted", subject_name="erased person 4", actor_name="erased person 4", actor_id="erased"),
    entry(31, "ledger.refused", actor_kind="service", actor_name="worker", actor_id="worker", on_behalf_of="ada"),
]


def made(traced: Traced, entries=ENTRIES, documents=(), kind="one") -> Composed:
    digest = compose.new_digest()
    for one in entries:
        digest.add(one)
    return compose.compose(
        scope=getattr(traced, kind), viewer=SYSTEM, as_of=clock.now(), digest=digest, log=LOG, documents=documents
    )


def section(composed: Composed, key: str) -> Section:
    return next(one for one in composed.report.sections if one.key == key)


def sheet(one: Section, title: str) -> Table:
    return next(table for table in one.tables if table.title == title)


def test_paragraph_leads_to_the_numbers_of_its_entries_and_to_its_sections(traced: Traced):
    composed = made(traced)
    rows = {str(row[0]): row for row in sheet(section(composed, "regime-eu-ai-act"), "Paragraph by paragraph").rows}
    row = rows["Annex IV 1(a). Purpose, provider, versions"]
    assert row[2] == Mark("ok", "Supported")
    assert str(row[3]).startswith("Entries 3, 5. Section 2: 1 of 1 model with a recorded outcome. Section 3: ")
    numbered = {at: one.key for at, one in enumerate(composed.report.sections, 1)}
    assert (numbered[2], numbered[3]) == ("models", "versions")
    for table in (one for part in composed.report.sections if part.key.startswith("regime-") for one in part.tables):
        for line in table.rows:
            for at in re.findall(r"[Ss]ection (\d+)", str(line[-1])):
                assert not numbered[int(at)].startswith("regime-")


def test_every_paragraph_is_in_the_report_with_its_state(traced: Traced):
    composed = made(traced)
    for result in composed.results:
        rows = sheet(section(composed, f"regime-{result.regime.id}"), "Paragraph by paragraph").rows
        assert [(one.paragraph.id, one.state) for one in result.findings] == [
            (str(row[0]).partition(". ")[0], row[2].word.lower()) for row in rows if isinstance(row[2], Mark)
        ]
    (summary,) = composed.report.summary
    assert [list(row[1:5]) for row in summary.rows] == [
        [str(len(one.findings)), *(str(one.count(state)) for state in ("supported", "assertion", "missing"))]
        for one in composed.results
    ]


def test_document_supports_its_paragraph(traced: Traced):
    files = [Document("documents/risks.md", "risk-file"), Document("model-card.md", "model-card")]
    without, with_it = made(traced), made(traced, documents=files)

    def state(composed: Composed) -> str:
        (act,) = [one for one in composed.results if one.regime.id == "eu-ai-act"]
        return next(one.state for one in act.findings if one.paragraph.id == "Annex IV 5")

    assert (state(without), state(with_it)) == ("missing", "supported")


def test_entries_are_counted_by_what_and_by_whom_and_weighty_ones_listed(traced: Traced):
    happened = section(made(traced), "happened")
    counts = {row[1]: row[2] for row in sheet(happened, "All entries, by what was done").rows}
    assert counts == {one["action"]: "1" for one in ENTRIES}
    (deployed,) = sheet(happened, "Deployments").rows
    assert deployed == ("8 Jul 2013, 09:00:09", "Ada", "deployed late-arrival", "First version.", "9")
    (refused,) = sheet(happened, "Refused attempts").rows
    assert refused[1] == "worker, for ada"
    assert "6 entries of the log" in happened.lede and "8 Jul 2013, 09:00:03" in happened.lede


def test_erased_person_is_marked_as_erased(traced: Traced):
    happened = section(made(traced), "happened")
    (granted,) = sheet(happened, "People, roles and tokens").rows
    assert granted[1] == Mark("off", "erased person 4")
    assert Mark("off", "erased person 4") in [row[0] for row in sheet(happened, "All entries, by who did it").rows]


@pytest.mark.parametrize("kind", ["one", "everything"])
def test_bundle_without_entries_says_so(traced: Traced, kind: str):
    composed = made(traced, entries=[], kind=kind)
    assert "holds no entry" in section(composed, "happened").lede
    assert b"holds no entry" in page.render(composed.report)


def test_first_section_says_how_to_check_and_what_the_log_is(traced: Traced):
    first = made(traced).report.sections[0]
    assert "python3 verify.py" in first.sentences[0] and "the model late-arrival is missing" in first.sentences[0]
    assert ("Root, SHA-256", "ab" * 32) in sheet(first, "The log").rows
