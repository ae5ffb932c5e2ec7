"""Roles are granted and revoked by administrators, with a reason; everyone else reads and sees why not."""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.test import Client

from audit.base import clock
from audit.base.actors import Role
from audit.base.errors import Refused
from audit.ledger.models import Entry
from audit.people import services, steps
from audit.people.models import Membership, Team, User
from audit.people.selectors import actor_of
from tests.support import told
from tests.support.cast import SYSTEM, Cast

FIRST = {"name": "Ada", "email": "Ada@Example.org", "password": "hard enough pw 9", "team": "Flight operations"}


def test_manager_sees_the_team_and_disabled_actions(cast: Cast) -> None:
    text = cast.client("manager").get("/people/").content.decode()
    assert "validator@example.org" in text
    assert "Catering" not in text
    assert 'aria-disabled="true"' in text
    assert "You may not manage people and roles here: an administrator of this team can." in text


def test_administrator_adds_a_person_and_grants_a_role(cast: Cast) -> None:
    client = cast.client("administrator")
    sent = {"form": "user", "user-email": "New@example.org", "user-name": "New", "user-password": "hard enough pw 9"}
    assert client.post("/people/", sent).status_code == 302
    user = User.objects.get(email="new@example.org")
    grant = {
        "form": "role",
        "role-user": str(user.pk),
        "role-role": "validator",
        "role-team": str(cast.team.pk),
        "role-until": "2099-12-31",
        "role-reason": "joins the second line",
    }
    assert client.post("/people/", grant).status_code == 302
    held = Membership.objects.get(user=user)
    assert (held.role, held.team, str(held.until)) == ("validator", cast.team, "2100-01-01 00:00:00+00:00")
    granted = told.entries(action="people.role_granted")[-1]
    assert (granted.actor_id, granted.reason) == ("administrator@example.org", "joins the second line")
    assert granted.subject_name == "New: Validator, Flight operations"
    assert not Entry.objects.filter(reason__contains="second line").exists(), "why someone has a role is about a person"


def test_wrong_forms_say_what_is_wrong_and_change_nothing(cast: Cast) -> None:
    client, people = cast.client("administrator"), User.objects.count()
    taken = {"form": "user", "user-email": "owner@example.org", "user-name": "x", "user-password": "hard enough pw 9"}
    answer = client.post("/people/", taken)
    assert answer.status_code == 422
    assert "owner@example.org is in use." in answer.content.decode()
    weak = {**taken, "user-email": "weak@example.org", "user-password": "password"}
    assert "too common" in client.post("/people/", weak).content.decode()
    past = {"form": "role", "role-user": str(cast.owner.pk), "role-role": "owner", "role-until": "2001-01-01"}
    assert "Choose a day that has not passed." in client.post("/people/", past).content.decode()
    assert User.objects.count() == people


@pytest.mark.parametrize("name", ["manager", "owner", "auditor"])
def test_change_without_the_role_is_refused_and_recorded(cast: Cast, name: str) -> None:
    sent = {"form": "team", "team-name": "x", "team-slug": "x"}
    answer = cast.client(name).post("/people/", sent)
    assert answer.status_code == 403
    assert "manage people and roles" in answer.content.decode()
    assert told.entry(action="ledger.refused").actor_id == f"{name}@example.org"
    assert not Team.objects.filter(slug="x").exists()


def test_role_is_revoked_with_a_reason(cast: Cast) -> None:
    held = Membership.objects.get(user=cast.validator)
    client = cast.client("administrator")
    assert client.post(f"/people/roles/{held.pk}/revoke/", {"reason": ""}).status_code == 422
    assert client.post(f"/people/roles/{held.pk}/revoke/", {"reason": "left"}).status_code == 302
    assert client.post(f"/people/roles/{held.pk}/revoke/", {"reason": "left"}).status_code == 404
    assert cast.actor("validator").grants == {}


def test_role_ends_by_itself(cast: Cast) -> None:
    until = clock.now() + timedelta(hours=1)
    services.grant_role(actor=SYSTEM, user=cast.manager, role=Role.OWNER, team=cast.team, until=until)
    assert actor_of(cast.manager).may("catalogue.write", cast.team.pk)
    assert not actor_of(cast.manager, at=until).may("catalogue.write", cast.team.pk)


def test_settings_change_name_and_zone(cast: Cast) -> None:
    client = cast.client("manager")
    sent = {"form": "profile", "name": "Maria Okafor", "zone": "America/New_York"}
    assert client.post("/settings/", sent).status_code == 302
    assert "Maria Okafor" in client.get("/people/").content.decode()
    entry = told.entry(action="people.profile_changed")
    assert entry.changes == {"name": ["Manager", "Maria Okafor"], "zone": ["UTC", "America/New_York"]}
    assert client.post("/settings/", {**sent, "zone": "Mars/Olympus"}).status_code == 422


def test_empty_installation_is_set_up_once(db: None) -> None:
    client = Client()
    assert client.get("/sign-in/")["Location"] == "/first-steps/"
    assert "makes the first administrator" in client.get("/first-steps/").content.decode()
    assert client.post("/first-steps/", {**FIRST, "password": "password"}).status_code == 422
    assert client.post("/first-steps/", FIRST)["Location"] == "/first-steps/"
    user = User.objects.get()
    assert user.email == "ada@example.org"
    assert actor_of(user).may("people.manage")
    assert actor_of(user).may("catalogue.write", Team.objects.get(slug="flight-operations").pk)
    assert client.get("/first-steps/").status_code == 200
    other = Client()
    assert other.get("/first-steps/")["Location"] == "/sign-in/?next=/first-steps/"
    assert other.post("/first-steps/", {**FIRST, "email": "eve@example.org"}).status_code == 302
    assert User.objects.count() == 1


def test_second_set_up_that_raced_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="set up before"):
        services.set_up(actor=cast.actor("nobody"), email="e@example.org", name="E", password="x", team="T")
    assert not User.objects.filter(email="e@example.org").exists()


def test_first_steps_read_the_records(cast: Cast) -> None:
    answer = cast.client("owner").get("/first-steps/")
    found = {standing.step.title: standing for standing in answer.context["standings"]}
    assert found["Add people and teams"].done
    assert sum(standing.current for standing in found.values()) == (0 if all(s.done for s in found.values()) else 1)
    registered = steps.standings(cast.actor("owner"), url="http://x/")
    assert [standing.step.order for standing in registered] == sorted(standing.step.order for standing in registered)
    assert all("{url}" not in standing.example for standing in registered)
    assert django_settings.TOLLGATE_URL.startswith("http")
