"""The regimes' files ask only for what exists: registered actions, declared claims, known kinds of documents."""

import pytest

from audit.base.errors import InvalidInput
from audit.documents.domain import KINDS as ATTACHABLE
from audit.exports.domain.digest import KINDS, matches
from audit.exports.domain.regimes import DOCUMENTS
from audit.exports.regimes import load, regimes
from audit.exports.sections import CLAIMS
from audit.ledger.registry import ACTIONS

PARAGRAPHS = [
    pytest.param(regime, one, id=f"{regime.id} {one.id}") for regime in regimes() for one in regime.paragraphs
]


def test_files_hold_every_paragraph_of_the_four_regimes():
    assert {regime.id: len(regime.paragraphs) for regime in regimes()} == {
        "eu-ai-act": 8 + 8 + 7 + 4,
        "iso-42001": 3 + 2 + 5 + 4 + 2 + 7 + 5 + 4 + 3 + 3,
        "nist-ai-rmf": 6 + 5 + 4 + 4,
        "sr-26-2": 16,
    }
    ids = [one.id for one in regimes()[0].paragraphs]
    assert all(any(one.startswith(f"Annex IV {number}") for one in ids) for number in range(1, 10))


@pytest.mark.parametrize(("regime", "paragraph"), PARAGRAPHS)
def test_paragraph_asks_for_what_exists(regime, paragraph):
    for pattern in paragraph.entries:
        assert any(matches(pattern, code) for code in ACTIONS), f"no action is meant by {pattern}"
    assert set(paragraph.shows) | set(paragraph.said) <= set(CLAIMS)
    assert paragraph.asks.endswith("?")
    assert set(paragraph.documents) <= set(DOCUMENTS)


def test_document_that_a_paragraph_asks_for_can_be_attached():
    assert dict(DOCUMENTS) == dict(ATTACHABLE)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_kind_of_happening_means_a_registered_action(kind):
    for pattern in kind.actions:
        assert any(matches(pattern, code) for code in ACTIONS), f"no action is meant by {pattern}"


def test_clocks_of_the_regulation_stand_beside_it():
    (act,) = [one for one in regimes() if one.id == "eu-ai-act"]
    assert {one.id for one in act.clocks} == {"Article 18", "Article 19", "Article 26(6)"}


def test_refusal_names_the_file(tmp_path):
    (tmp_path / "own.yaml").write_text("id: own\n")
    with pytest.raises(InvalidInput, match="title is missing") as refused:
        load(tmp_path / "own.yaml")
    assert refused.value.where == "own.yaml, line 1, column 1"
