"""People see what stands out, take it on, explain it, close it, and say when a model raises an alert."""

import csv

import pytest

from audit.alerts import services
from audit.alerts.models import Alert, AlertPolicy, AlertSign, Following
from audit.base.errors import InvalidInput, NotPermitted, Refused
from audit.ledger.models import Entry
from tests.support.cast import SYSTEM
from tests.support.inputs import START
from tests.support.world import World

FORM = {
    "alarms": "2", "months": "12", "kind": "learned", "value": "3", "least_effect": "0.1", "least_rows": "300",
    "calm_weeks": "3", "p99_seconds": "", "error_share": "0.01", "fairness_gap": "", "reason": "Fewer alarms.",
}  # fmt: skip


def alert_of(world: World) -> Alert:
    alert = Alert.objects.get(pk=world.id_of("alert"))
    AlertSign.objects.create(
        alert=alert, version=alert.version, start=START, what="column", name="hour", variant="psi/credit", value=0.31,
        bound=0.1, n=1400, sentence="The feature hour moved.",
    )  # fmt: skip
    return alert


def page(world: World, name: str, address: str) -> str:
    answer = world.cast.client(name).get(address)
    assert answer.status_code == 200
    return answer.getvalue().decode().lstrip("\ufeff")


def test_list_shows_what_stands_out_and_hides_what_is_closed(world: World) -> None:
    alert = alert_of(world)
    text = page(world, "manager", "/alerts/")
    assert "1 alert is not closed" in text
    assert f'href="/alerts/{alert.pk}/"' in text
    assert "Covariate shift" in text
    rows = list(csv.DictReader(page(world, "manager", "/alerts/?format=csv").splitlines()))
    assert [(row["model"], row["cause"], row["state"]) for row in rows] == [("late-arrival", "covariate_shift", "open")]
    services.close(actor=world.cast.actor("owner"), alert=alert, reason="Mended.")
    assert "Nothing stands out" in page(world, "manager", "/alerts/")
    assert f'href="/alerts/{alert.pk}/"' in page(world, "manager", "/alerts/?state=closed")
    assert "No alert is in this state" in page(world, "outsider", "/alerts/?state=closed")


def test_alert_shows_its_signs_and_what_people_did(world: World) -> None:
    alert, owner = alert_of(world), world.cast.client("owner")
    address = f"/alerts/{alert.pk}/"
    text = page(world, "owner", address)
    assert "The feature hour moved." in text
    assert "/models/late-arrival/versions/1/inputs/hour/" in text
    assert owner.post(address, {"what": "acknowledge"}).status_code == 302
    assert owner.post(address, {"what": "explain", "reason": " "}).status_code == 422
    assert owner.post(address, {"what": "explain", "reason": "A holiday."}).status_code == 302
    alert.refresh_from_db()
    assert (alert.state, alert.holder, alert.reason) == ("explained", world.cast.owner, "A holiday.")
    assert owner.post(address, {"what": "close", "reason": "Over."}).status_code == 302
    assert owner.post(address, {"what": "close", "reason": "Again."}).status_code == 409
    actions = list(Entry.objects.filter(action__startswith="alerts.").order_by("pk").values_list("action", flat=True))
    assert actions[-3:] == ["alerts.acknowledged", "alerts.explained", "alerts.closed"]
    rows = list(csv.DictReader(page(world, "owner", f"{address}?format=csv").splitlines()))
    assert [(row["name"], row["value"]) for row in rows] == [("hour", "0.31")]


def test_weeks_are_those_of_utc_wherever_the_reader_is(world: World) -> None:
    alert = alert_of(world)
    Alert.objects.filter(pk=alert.pk).update(first_week=START, last_week=START)
    type(world.cast.manager).objects.filter(pk=world.cast.manager.pk).update(zone="America/New_York")
    for address in ("/alerts/", f"/alerts/{alert.pk}/", "/models/late-arrival/monitoring/"):
        text = page(world, "manager", address)
        assert f'<time datetime="{START.date()}">' in text
        assert f">{START.day - 1} {START:%B %Y}<" not in text


def test_who_may_not_write_changes_no_alert_and_no_policy(world: World) -> None:
    alert, viewer = alert_of(world), world.cast.actor("manager")
    with pytest.raises(NotPermitted):
        services.close(actor=viewer, alert=alert, reason="Away with it.")
    with pytest.raises(NotPermitted):
        services.set_policy(actor=viewer, model=alert.model, changes={"alarms": 9.0})
    with pytest.raises(NotPermitted):
        services.acknowledge(actor=SYSTEM, alert=alert)
    assert 'aria-disabled="true"' in page(world, "manager", f"/alerts/{alert.pk}/")


def test_alert_is_taken_on_once(world: World) -> None:
    alert = alert_of(world)
    services.acknowledge(actor=world.cast.actor("owner"), alert=alert)
    with pytest.raises(Refused, match="Somebody has this alert"):
        services.acknowledge(actor=world.cast.actor("owner"), alert=alert)


def test_policy_is_set_with_an_entry_and_shown(world: World) -> None:
    alert, address = alert_of(world), "/models/late-arrival/alerts/policy/"
    assert "nobody has set it" in page(world, "owner", address)
    assert world.cast.client("owner").post(address, FORM).status_code == 302
    policy = AlertPolicy.objects.get()
    assert (policy.alarms, policy.months, policy.bound.kind, policy.error_share) == (2.0, 12, "learned", 0.01)
    assert (policy.p99_seconds, policy.calm_weeks) == (None, 3)
    assert Entry.objects.get(action="alerts.policy_set").reason == "Fewer alarms."
    assert "at most 2 false alarms in 12 months" in page(world, "manager", address)
    assert world.cast.client("owner").post(address, FORM | {"alarms": "0"}).status_code == 422
    with pytest.raises(InvalidInput, match="no colour"):
        services.set_policy(actor=SYSTEM, model=alert.model, changes={"colour": "red"})
    below = {"kind": "fixed", "direction": "below", "value": 0.1}
    with pytest.raises(InvalidInput, match="above its bound"):
        services.set_policy(actor=SYSTEM, model=alert.model, changes={"drift": below})


def test_models_pages_tell_of_alerts_and_people_follow_once(world: World) -> None:
    alert, manager = alert_of(world), world.cast.client("manager")
    for address in ("/models/late-arrival/", "/models/late-arrival/monitoring/"):
        text = page(world, "manager", address)
        assert "1 alert stands open" in text
        assert f'href="/alerts/{alert.pk}/"' in text
        assert "Tell me of its alerts" in text
    assert manager.post("/models/late-arrival/alerts/follow/", {"follow": "yes"}).status_code == 302
    services.follow(actor=world.cast.actor("manager"), model=alert.model, wanted=True)
    assert [row.user for row in Following.objects.all()] == [world.cast.manager]
    assert "Stop telling me" in page(world, "manager", "/models/late-arrival/")
    manager.post("/models/late-arrival/alerts/follow/", {"follow": "no"})
    assert not Following.objects.exists()
    assert Entry.objects.filter(action="alerts.unfollowed").count() == 1
