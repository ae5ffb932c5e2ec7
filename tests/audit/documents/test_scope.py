"""Who sees which documents: members their team's, auditors those within their limits, nobody else any."""

from datetime import date

import pytest

from audit.base.actors import Role
from audit.catalogue import services as catalogue
from audit.documents import selectors
from audit.people import services as people
from audit.people.selectors import actor_of
from tests.support.cast import SYSTEM, Cast


@pytest.fixture
def titles(attach, cast: Cast, model, regression):
    """Documents of everything there is, and of another team; gives the titles that a viewer sees."""
    other = catalogue.register_use_case(
        actor=SYSTEM, team=cast.other_team, slug="meals", name="Meals", problem="Too many."
    )
    late = catalogue.register_use_case(actor=SYSTEM, team=cast.team, slug="gates", name="Gates", problem="Too few.")
    attach(title="model")
    attach(title="regression", scope=regression)
    attach(title="use case", scope=model.use_case)
    attach(title="team", scope=cast.team)
    attach(title="other use case", scope=late)
    attach(title="foreign", scope=other, by="outsider")
    attach(title="foreign team", scope=cast.other_team, by="outsider")
    return lambda viewer: {row.title for row in selectors.documents(viewer=viewer)}


OWN = {"model", "regression", "use case", "team", "other use case"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("manager", OWN),
        ("owner", OWN),
        ("validator", OWN),
        ("auditor", OWN | {"foreign", "foreign team"}),
        ("administrator", OWN | {"foreign", "foreign team"}),
        ("outsider", {"foreign", "foreign team"}),
        ("nobody", set()),
    ],
)
def test_each_member_sees_the_documents_of_their_teams(titles, cast: Cast, name: str, expected: set[str]) -> None:
    assert titles(cast.actor(name)) == expected


def test_auditor_of_one_model_sees_what_stands_behind_it(titles, cast: Cast, model) -> None:
    user = people.create_user(actor=SYSTEM, email="limited@example.org", name="Limited")
    people.grant_role(actor=SYSTEM, user=user, role=Role.AUDITOR, team=None, only_models=[model.pk])
    assert titles(actor_of(user)) == {"model", "use case", "team"}


def test_auditor_of_some_days_sees_all_documents_of_the_team(titles, cast: Cast) -> None:
    user = people.create_user(actor=SYSTEM, email="limited@example.org", name="Limited")
    people.grant_role(
        actor=SYSTEM, user=user, role=Role.AUDITOR, team=cast.team, seen_since=date(2013, 1, 1),
        seen_until=date(2013, 12, 31),
    )  # fmt: skip
    assert titles(actor_of(user)) == OWN
