"""The search box: words and qualifiers, each of which narrows; what is not understood is told."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from audit.base.actors import Role
from audit.catalogue.models import Model
from audit.ledger import selectors
from audit.ledger.search import Query, Term, parse, text_of
from audit.people import services as people
from tests.support.cast import SYSTEM, Cast

NEW_YORK = ZoneInfo("America/New_York")


def test_words_qualifiers_quotes_and_minus_are_read() -> None:
    found = parse('late actor:"Ines Duarte" -action:jobs. time:08:15', zone=UTC)
    assert found == Query(
        (
            Term("words", "late"),
            Term("actor", "Ines Duarte"),
            Term("action", "jobs.", True),
            Term("words", "time:08:15"),
        )
    )


def test_days_begin_at_midnight_of_the_viewer() -> None:
    (term,) = parse("after:2013-07-08", zone=NEW_YORK).terms
    assert term.value == datetime(2013, 7, 8, 4, tzinfo=UTC)


def test_wrong_day_is_told() -> None:
    found = parse("after:yesterday before:", zone=UTC)
    assert found.terms == ()
    assert found.problems == ("“yesterday” after after: is not a date; write it like 2013-07-08.",)


def test_fields_become_the_text_that_someone_would_type() -> None:
    assert text_of({"actor": "Ines Duarte", "action": "", "after": "2013-07-08"}) == (
        'actor:"Ines Duarte" after:2013-07-08'
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("late-arrival", {"late-arrival"}),
        ("action:catalogue.model", {"late-arrival"}),
        ("subject:late -action:catalogue.use_case", {"late-arrival"}),
        ("action:catalogue", {"late-arrival", "Late arrival alert"}),
        ("action:catalogue after:2100-01-01", set()),
        ("nothing-like-this", set()),
        ("action:catalogue actor:test -actor:owner", {"late-arrival", "Late arrival alert"}),
    ],
)
def test_entries_are_narrowed(cast: Cast, model: Model, text: str, names: set[str]) -> None:
    rows = selectors.entries(viewer=cast.actor("auditor"), query=parse(text, zone=UTC))
    assert set(rows.values_list("subject_name", flat=True)) == names


def test_viewer_sees_own_team_only(cast: Cast, model: Model) -> None:
    def seen(name: str) -> set[str]:
        return set(selectors.entries(viewer=cast.actor(name)).values_list("subject_name", flat=True))

    assert "late-arrival" in seen("manager")
    assert "late-arrival" not in seen("outsider")
    assert seen("outsider") == {"Catering", "Outsider: Model owner, Catering"}
    assert seen("auditor") >= seen("manager") | seen("outsider") | {"Administrator"}


def test_role_that_ended_shows_nothing(cast: Cast, model: Model) -> None:
    held = cast.manager.memberships.get(role=Role.VIEWER)
    people.revoke_role(actor=SYSTEM, membership=held, reason="left")
    assert not selectors.entries(viewer=cast.actor("manager")).exists()
