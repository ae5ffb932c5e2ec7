"""The forms of feeds: what they take, who may use them, and that secrets are never shown again."""

from pathlib import Path

import pytest

from audit.base.actors import Role
from audit.base.errors import NotPermitted
from audit.jobs.models import Job
from audit.people import services as people
from audit.people.selectors import actor_of
from audit.sources import services as sources
from audit.sources.models import Source
from tests.costs.feeds.support import connect
from tests.support.cast import PASSWORD, SYSTEM, Cast

KEYS = {"region": "eu-west-3", "access_key_id": "AKIAEXAMPLE", "secret_access_key": "the-secret-access-key"}
ENTERED = {
    "bill-folder": {"path": "bills"},
    "aws-bills-s3": {"bucket": "bills-of-the-house", "key_prefix": "exports", **KEYS},
    "aws-cost-explorer": {"tag": "tollgate:model", "most_requests": "20", "month_cap": "5", "months": "2", **KEYS},
    "aws-athena": {
        "database": "billing", "table": "focus", "columns": "focus", "cut": "billing_period", "workgroup": "bills",
        "most_gigabytes": "10", "per_terabyte": "5", "month_cap": "5", "months": "2", **KEYS,
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(ENTERED))
def test_feed_is_added_by_its_form_with_its_secrets_closed(cast: Cast, inbox: Path, kind: str) -> None:
    client, secret = cast.client("administrator"), KEYS["secret_access_key"]
    page = client.get(f"/sources/add/{kind}/").content.decode()
    assert "Name of the bills" in page and ('value="21600"' in page) == (kind in {"aws-cost-explorer", "aws-athena"})
    whole = {"name": kind, "team": str(cast.team.pk), "every_seconds": "3600", "bills_as": "aws-main", **ENTERED[kind]}
    assert client.post(f"/sources/add/{kind}/", {**whole, "bills_as": "Main bill"}).status_code == 422
    answer = client.post(f"/sources/add/{kind}/", {**whole, "organisation": "on"})
    assert answer.status_code == 302
    source = Source.objects.get(kind=kind)
    assert source.settings["bills_as"] == "aws-main" and source.settings["organisation"] is True
    shown = client.get(f"/sources/{source.pk}/").content.decode()
    assert secret not in shown and secret not in str(source.settings) and secret not in source.secret
    assert ("What the next pull costs." in shown) == (kind in {"aws-cost-explorer", "aws-athena"})


def test_only_who_may_hand_in_bills_may_connect_change_or_pull_a_feed(cast: Cast, inbox: Path) -> None:
    (inbox / "bills").mkdir()
    source = connect(cast, "bill-folder", {"path": "bills"})
    owner = cast.client("owner")
    sentence = "You may not import bills here"
    assert sentence in owner.get("/sources/").content.decode()
    assert owner.get("/sources/add/bill-folder/").status_code == 403
    shown = owner.get(f"/sources/{source.pk}/").content.decode()
    assert sentence in shown and "Switch off" not in shown
    form = {"name": "New", "every_seconds": "60", "path": "bills", "bills_as": "theirs"}
    for path, body in (("", form), ("pull/", {}), ("test/", {}), ("switch/", {"enabled": "no"})):
        assert owner.post(f"/sources/{source.pk}/{path}", body).status_code == 403
    source.refresh_from_db()
    assert source.enabled and source.settings["bills_as"] == "aws-main"
    assert not Job.objects.filter(kind="sources.pull").exists()


def test_administrator_of_a_team_connects_its_bills_and_never_the_organisations(cast: Cast, inbox: Path) -> None:
    user = people.create_user(actor=SYSTEM, email="team@example.org", name="Team", password=PASSWORD)
    people.grant_role(actor=SYSTEM, user=user, role=Role.ADMINISTRATOR, team=cast.team)
    actor, settings = actor_of(user), {"path": "bills", "bills_as": "theirs", "organisation": False}
    own = sources.add_source(actor=actor, kind="bill-folder", name="Own", team=cast.team, settings=settings)
    whole = {**settings, "organisation": True}
    with pytest.raises(NotPermitted, match="You may not import bills here"):
        sources.add_source(actor=actor, kind="bill-folder", name="Whole", team=cast.team, settings=whole)
    with pytest.raises(NotPermitted):
        sources.change_source(actor=actor, source=own, name="Own", settings=whole, every_seconds=60)
    theirs = connect(cast, "bill-folder", {"path": "bills"})
    with pytest.raises(NotPermitted):
        sources.change_source(actor=actor, source=theirs, name="Mine", settings=settings, every_seconds=60)
