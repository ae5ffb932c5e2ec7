"""The search line: words and qualifiers, each of which narrows; what is not understood is told."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from audit.ledger.search import QUALIFIERS, Query, Term, parse, quoted, text_of

NEW_YORK = ZoneInfo("America/New_York")


def test_words_qualifiers_quotes_and_minus_are_read() -> None:
    assert parse('late actor:"Ines Duarte" -action:jobs. -"08:15 today"', zone=UTC) == Query(
        (
            Term("words", "late"),
            Term("actor", "Ines Duarte", exact=True),
            Term("action", "jobs.", without=True),
            Term("words", "08:15 today", without=True, exact=True),
        )
    )


def test_every_qualifier_is_read_in_any_case() -> None:
    values = {"after": "2013-07-08", "before": "2013-07-08", "is": "sealed"}
    for name in QUALIFIERS:
        found = parse(f"{name.upper()}:{values.get(name, 'x')}", zone=UTC)
        assert [term.field for term in found.terms] == [name]
        assert found.problems == ()


def test_days_begin_at_midnight_of_the_viewer() -> None:
    day, moment = parse("after:2013-07-08 before:2013-07-08T09:30", zone=NEW_YORK).terms
    assert day.value == datetime(2013, 7, 8, 4, tzinfo=UTC)
    assert moment.value == datetime(2013, 7, 8, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("after:yesterday", "“yesterday” after after: is not a day; write it like 2013-07-08, or 2013-07-08T09:30."),
        ("before:2013-02-30", "“2013-02-30” after before: is not a day"),
        ("is:deleted", "“deleted” after is: is not a state; write sealed, waiting, pruned, person or machine."),
        ("who:ines", "Nothing is called who: here; use actor:, action:, subject:"),
        ("08:15 at:08:15", 'To search for the text itself, write "at:08:15".'),
        ("x " * 21, "A search has at most 20 conditions"),
        ("y" * 501, "A search has at most 500 letters"),
    ],
)
def test_what_is_not_understood_is_told(text: str, problem: str) -> None:
    problems = " ".join(parse(text, zone=UTC).problems)
    assert problem in problems


def test_nothing_behind_a_qualifier_is_nothing() -> None:
    assert parse('before: actor: - "" reason:""', zone=UTC) == Query((Term("words", "-"),))


def test_fields_become_the_text_that_someone_would_type() -> None:
    text = text_of({"actor": "Ines Duarte", "action": "", "after": "2013-07-08"})
    assert text == 'actor:"Ines Duarte" after:2013-07-08'
    assert parse(text, zone=UTC).terms[0].value == "Ines Duarte"
    assert quoted('say "yes" now') == '"say yes now"'
