"""An auditor's role may be limited to models and days; it ends, and their tokens only read."""

from datetime import UTC, date, datetime, timedelta

import pytest

from audit.base import clock
from audit.base.actors import Actor, Limit, Role
from audit.base.errors import InvalidInput, NotPermitted
from audit.base.ids import uuid7
from audit.base.scoping import seen
from audit.catalogue.models import Model, ModelVersion, UseCase
from audit.catalogue.selectors import datasets, models, use_cases
from audit.ledger.models import Entry
from audit.people import services
from audit.people.models import Membership
from audit.people.selectors import actor_of, token_scopes
from audit.people.words import days_words, limit_words, notice
from tests.support.cast import SYSTEM, Cast


def grant(cast: Cast, **said: object) -> Membership:
    """The auditor of the cast, with their role for the team granted by the administrator."""
    given = {"role": Role.AUDITOR, "team": cast.team, **said}
    return services.grant_role(actor=cast.actor("administrator"), user=cast.manager, **given)  # type: ignore[arg-type]


def test_limited_role_is_a_limit_and_no_grant(cast: Cast, model: Model) -> None:
    held = grant(cast, only_models=[model.pk], seen_since=date(2013, 1, 1), seen_until=date(2013, 6, 30))
    actor = actor_of(cast.manager)
    assert actor.grants == {cast.team.pk: frozenset({Role.VIEWER})}
    assert actor.limits == (
        Limit(
            cast.team.pk,
            frozenset({model.pk}),
            frozenset({model.use_case_id}),
            date(2013, 1, 1),
            date(2013, 6, 30),
            held.until,
        ),
    )


def test_rights_hold_for_the_limits_models_alone(cast: Cast, model: Model, regression: Model) -> None:
    team = cast.team.pk
    actor = Actor("person", "a", "A", limits=(Limit(team, frozenset({model.pk})),), user_id=cast.manager.pk)
    assert actor.may("ledger.export", team, model=model.pk)
    assert not actor.may("ledger.export", team, model=regression.pk)
    assert not actor.may("ledger.export", team)
    assert not actor.may("ledger.export", cast.other_team.pk, model=model.pk)
    assert not actor.may("catalogue.write", team, model=model.pk), "an auditor writes nothing, within or without"
    assert actor.may_anywhere("ledger.read")
    assert not actor.may_anywhere("approvals.vote")
    assert actor.teams("read") == set()
    assert actor.sees_models_only()
    with pytest.raises(NotPermitted, match="This page is not; your access"):
        actor.check_whole("This page is not")


def test_token_scope_narrows_a_limit_too(cast: Cast, model: Model) -> None:
    limit = Limit(None, frozenset({model.pk}))
    actor = Actor("token", "a", "A", limits=(limit,), scopes=frozenset({"write"}))
    assert actor.limits_with("read") == (limit,)
    assert actor.limits_with("ledger.read") == (), "the ledger is for tokens of the scope read"


def test_queries_keep_to_teams_models_and_use_cases(
    cast: Cast, use_case: UseCase, model: Model, regression: Model
) -> None:
    def shown(*limits: Limit) -> tuple[list[str], list[str]]:
        viewer = Actor("person", "a", "A", limits=limits)
        return [one.name for one in models(viewer=viewer)], [one.name for one in use_cases(viewer=viewer)]

    own = Limit(None, frozenset({model.pk}), frozenset({use_case.pk}))
    assert shown(own) == (["late-arrival"], ["Late arrival alert"])
    both = Limit(cast.team.pk, frozenset({regression.pk}), frozenset({use_case.pk}))
    assert shown(own, both) == (["arrival-delay", "late-arrival"], ["Late arrival alert"])
    assert shown(Limit(cast.other_team.pk, frozenset({model.pk}), frozenset({use_case.pk}))) == ([], [])
    days = Limit(cast.team.pk, since=date(2013, 1, 1))
    assert shown(days) == (["arrival-delay", "late-arrival"], ["Late arrival alert"]), "models are shown whole"
    assert shown(Limit(None, frozenset(), frozenset())) == ([], [])


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (date(2013, 1, 2), date(2013, 1, 3), ["second", "third"]),
        (date(2013, 1, 3), None, ["third", "fourth"]),
        (None, date(2013, 1, 1), ["first"]),
    ],
)
def test_days_of_a_limit_begin_and_end_at_midnight_utc(
    cast: Cast, since: date | None, until: date | None, expected: list[str]
) -> None:
    for name, at in {
        "first": datetime(2013, 1, 1, 23, 59, 59, 999_999, UTC),
        "second": datetime(2013, 1, 2, tzinfo=UTC),
        "third": datetime(2013, 1, 3, 23, 59, 59, 999_999, UTC),
        "fourth": datetime(2013, 1, 4, tzinfo=UTC),
    }.items():
        Entry.objects.create(at=at, actor_kind="service", actor_id="t", actor_name="t", action="x", subject_name=name)
    viewer = Actor("person", "a", "A", limits=(Limit(None, since=since, until=until),))
    rows = Entry.objects.filter(seen(viewer, "ledger.read", team="team", model="model", at="at"), action="x")
    assert list(rows.order_by("at").values_list("subject_name", flat=True)) == expected


def test_entries_of_no_model_are_seen_with_their_use_case_only(cast: Cast, model: Model, use_case: UseCase) -> None:
    own = {"at": clock.now(), "actor_kind": "service", "actor_id": "t", "actor_name": "t", "action": "x"}
    rows = {
        "model": {"model": model.pk, "use_case": use_case.pk},
        "use case": {"use_case": use_case.pk},
        "other model of the use case": {"model": uuid7(), "use_case": use_case.pk},
        "nothing": {},
    }
    for name, ids in rows.items():
        Entry.objects.create(subject_name=name, **own, **ids)
    viewer = Actor("person", "a", "A", limits=(Limit(None, frozenset({model.pk}), frozenset({use_case.pk})),))
    found = seen(viewer, "ledger.read", team="team", model="model", use_case="use_case", at="at")
    names = Entry.objects.filter(found, action="x").values_list("subject_name", flat=True)
    assert set(names) == {"model", "use case"}


def test_data_that_a_models_versions_learned_from_are_seen(cast: Cast, model: Model, version: ModelVersion) -> None:
    from audit.catalogue import services as catalogue

    learned = catalogue.register_dataset(actor=SYSTEM, team=cast.team, slug="flights", name="Flights")
    catalogue.register_dataset(actor=SYSTEM, team=cast.team, slug="meals", name="Meals")
    data = catalogue.register_dataset_version(actor=SYSTEM, dataset=learned, digest="a" * 64, location="lake/a", rows=3)
    version.training_data.add(data)
    viewer = Actor("person", "a", "A", limits=(Limit(None, frozenset({model.pk})),))
    assert [one.name for one in datasets(viewer=viewer)] == ["Flights"]


def test_grant_by_a_person_to_an_auditor_ends_after_ninety_days(cast: Cast) -> None:
    held = grant(cast)
    assert held.until is not None
    assert held.until - datetime.combine(clock.now().date(), datetime.min.time(), UTC) == timedelta(days=91)
    validator = services.grant_role(
        actor=cast.actor("administrator"), user=cast.owner, role=Role.VALIDATOR, team=cast.team
    )
    assert validator.until is None
    assert services.grant_role(actor=SYSTEM, user=cast.owner, role=Role.AUDITOR, team=cast.team).until is None


def test_entry_names_the_limits_before_and_after(cast: Cast, model: Model, regression: Model) -> None:
    grant(cast, only_models=[model.pk, regression.pk])
    held = grant(cast, only_models=[model.pk], seen_since=date(2013, 1, 1))
    assert held.only_models == [str(model.pk)]
    entry = Entry.objects.filter(action="people.role_granted").order_by("-pk").first()
    assert entry is not None
    assert entry.changes["models"] == [["arrival-delay", "late-arrival"], ["late-arrival"]]
    assert entry.changes["seen_since"] == [None, "2013-01-01"]
    count = Entry.objects.count()
    grant(cast, only_models=[model.pk], seen_since=date(2013, 1, 1), until=held.until)
    assert Entry.objects.count() == count, "granted again with the same words, nothing changes"
    grant(cast, until=held.until)
    held.refresh_from_db()
    assert not held.limited


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"role": Role.OWNER, "seen_since": date(2013, 1, 1)}, "Only an auditor’s role can be limited"),
        ({"seen_since": date(2013, 2, 1), "seen_until": date(2013, 1, 1)}, "The days end before they begin."),
        ({"only_models": []}, "Choose models that exist, or none for all."),
    ],
)
def test_limits_that_cannot_be_are_refused(cast: Cast, said: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        grant(cast, **said)
    assert not Membership.objects.filter(user=cast.manager, role=Role.AUDITOR).exists()


def test_model_of_another_team_is_refused(cast: Cast, model: Model) -> None:
    with pytest.raises(InvalidInput, match="late-arrival is not a model of Catering"):
        grant(cast, team=cast.other_team, only_models=[model.pk])


def test_administrator_limits_an_auditor_in_the_form(cast: Cast, model: Model, regression: Model) -> None:
    client = cast.client("administrator")
    sent = {
        "form": "role",
        "role-user": str(cast.manager.pk),
        "role-role": "auditor",
        "role-team": "",
        "role-until": "2099-12-30",
        "role-only_models": [str(model.pk), str(regression.pk)],
        "role-seen_since": "2013-01-01",
        "role-seen_until": "2013-06-30",
        "role-reason": "the yearly audit",
    }
    assert client.post("/people/", sent).status_code == 302
    text = client.get("/people/").content.decode()
    assert "2 models (arrival-delay, late-arrival), entries from 1 January to 30 June 2013" in text
    assert "<td>30 December 2099</td>" in text
    shown = cast.client("manager").get("/models/").content.decode()
    assert (
        "As an auditor you see 2 models, entries from 1 January to 30 June 2013; your access ends on 30 December 2099."
    ) in shown
    wrong = client.post("/people/", {**sent, "role-role": "owner"})
    assert wrong.status_code == 422
    assert "Only an auditor’s role can be limited to models or days." in wrong.content.decode()


def test_auditors_tokens_read_and_nothing_else(cast: Cast) -> None:
    auditor = cast.actor("auditor")
    assert token_scopes(auditor) == ["read"]
    with pytest.raises(NotPermitted, match="An auditor’s token may read"):
        services.issue_token(actor=auditor, user=cast.auditor, name="t", scopes=["write"], days=1)
    services.issue_token(actor=auditor, user=cast.auditor, name="t", scopes=["read"], days=1)
    page = cast.client("auditor")
    assert "Register models and data" not in page.get("/settings/").content.decode()
    sent = {"form": "token", "name": "t", "scopes": ["write"], "days": "1"}
    assert page.post("/settings/", sent).status_code == 422
    services.grant_role(actor=SYSTEM, user=cast.auditor, role=Role.OWNER, team=cast.team)
    assert token_scopes(cast.actor("auditor")) == ["read", "write"]


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        (date(2013, 1, 1), date(2013, 6, 30), "from 1 January to 30 June 2013"),
        (date(2012, 12, 1), date(2013, 6, 30), "from 1 December 2012 to 30 June 2013"),
        (date(2013, 1, 1), None, "since 1 January 2013"),
        (None, date(2013, 6, 30), "until 30 June 2013"),
        (None, None, ""),
    ],
)
def test_days_read_as_people_say_them(since: date | None, until: date | None, words: str) -> None:
    assert days_words(since, until) == words


def test_notice_says_what_is_seen_and_until_when() -> None:
    ends = datetime(2026, 12, 31, tzinfo=UTC)
    limit = Limit(None, frozenset({uuid7() for _ in range(2)}), since=date(2013, 1, 1), ends=ends)
    assert notice(limit, also=False) == (
        "You see 2 models, entries since 1 January 2013; your access ends on 30 December 2026."
    )
    assert notice(Limit(until=date(2013, 6, 30)), also=True) == (
        "As an auditor you see all models, entries until 30 June 2013; your access holds until it is revoked."
    )
    assert limit_words(Limit(models=frozenset({uuid7()})), ["late-arrival"]) == "1 model (late-arrival)"
