"""A paragraph is supported, rests on assertion, or is missing; a mistake in a file is refused at line and column."""

import pytest
import rfc8785

from audit.base.errors import InvalidInput
from audit.exports.domain.digest import Digest
from audit.exports.domain.regimes import Document, as_json, find, parse
from audit.exports.report import Claim
from tests.audit.exports.domain.test_digest import entry

TEXT = """
id: r
title: A regime
edition: "2026"
source: https://example.org
note: Ours.
paragraphs:
  - id: "1"
    title: One
    asks: What?
    needs: all
    entries: [catalogue.deployed]
    shows: [data]
    said: [purpose]
  - id: "2"
    title: Two
    asks: What else?
    entries: [approvals.*]
    documents: [policy]
"""
WORDS = {"data": "the data", "purpose": "a purpose"}
ALL_DATA = Claim("data", 2, 2, "2 of 2 with data")
SOME_DATA = Claim("data", 1, 2, "1 of 2 with data")
PURPOSE = Claim("purpose", 1, 1, "1 of 1 with a purpose", said=True)


def digest(*actions):
    made = Digest()
    for number, action in enumerate(actions, 1):
        made.add(entry(number, action))
    return made


def found(*, actions=(), claims=(), documents=()):
    return find(parse(TEXT, where="r.yaml"), digest=digest(*actions), claims=claims, documents=documents, words=WORDS)


def test_all_that_is_needed_supports_and_names_its_entries():
    one = found(actions=["monitoring.measured", "catalogue.deployed"], claims=[ALL_DATA, PURPOSE]).findings[0]
    assert (one.state, one.entries.first, one.shown, one.said, one.lacks) == (
        "supported",
        (2,),
        (ALL_DATA,),
        (PURPOSE,),
        (),
    )


def test_words_alone_are_an_assertion_and_say_what_is_lacking():
    one = found(claims=[SOME_DATA, PURPOSE]).findings[0]
    assert (one.state, one.shown, one.lacks) == ("assertion", (), ("no entry of this kind", "1 of 2 with data"))


def test_nothing_is_missing_and_names_what_would_support_it():
    one = found().findings[0]
    assert (one.state, one.lacks) == ("missing", ("no entry of this kind", "the data", "a purpose"))


def test_a_claim_of_nothing_does_not_hold():
    empty = Claim("data", 0, 0, "0 of 0 with data")
    assert found(actions=["catalogue.deployed"], claims=[empty]).findings[0].state == "missing"


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({"actions": ["approvals.voted"]}, "supported"),
        ({"documents": [Document("documents/a.pdf", "policy")]}, "supported"),
        ({"documents": [Document("documents/a.pdf", "contract")]}, "missing"),
        ({}, "missing"),
    ],
)
def test_any_of_what_is_named_is_enough_unless_all_is_needed(given, state):
    assert found(**given).findings[1].state == state


def test_share_counts_every_paragraph_once():
    result = found(actions=["approvals.voted"], claims=[PURPOSE])
    assert result.share == (
        "1 of 2 paragraphs is supported by entries or documents (50%); 1 rests on assertion; 0 are missing."
    )
    told = as_json(result)
    assert told["counts"] == {"paragraphs": 2, "supported": 1, "assertion": 1, "missing": 0}
    assert [one["state"] for one in told["paragraphs"]] == ["assertion", "supported"]
    assert told["paragraphs"][1]["entries"] == {"count": 1, "first": [1], "last": [1]}
    assert rfc8785.dumps(told)


@pytest.mark.parametrize(
    ("wrong", "right", "place", "says"),
    [
        ("    needs: all\n", "    needs: some\n", "line 11, column 12", "any or all"),
        ("    title: Two\n", "", "line 15, column 5", "title is missing"),
        ("    title: Two\n", "    titel: Two\n", "line 16, column 5", "titel is unknown"),
        ("    title: Two\n", "    title: Two\n    title: Three\n", "line 17, column 5", "title stands twice"),
        ('  - id: "2"\n', '  - id: "1"\n', "line 15, column 5", "1 stands twice"),
        ('  - id: "2"\n', "  - id: 2\n", "line 15, column 9", "id is text"),
        ("    documents: [policy]\n", "    documents: [poem]\n", "line 19, column 17", "'poem' is no kind"),
        (
            "    entries: [approvals.*]\n    documents: [policy]\n",
            "",
            "line 15, column 5",
            "nothing that could support",
        ),
        ("    entries: [approvals.*]\n", "    entries: approvals.*\n", "line 18, column 14", "a list"),
        ("note: Ours.\n", "note: [Ours\n", "line 7, column 11", "not YAML"),
        (TEXT, "- a\n- b\n", "line 1, column 1", "keys with values"),
    ],
)
def test_mistake_is_refused_at_its_line_and_column(wrong, right, place, says):
    assert wrong in TEXT
    with pytest.raises(InvalidInput, match=says) as refused:
        parse(TEXT.replace(wrong, right), where="r.yaml")
    assert refused.value.where == f"r.yaml, {place}"


def test_empty_file_is_refused():
    with pytest.raises(InvalidInput, match="keys with values"):
        parse("", where="r.yaml")
