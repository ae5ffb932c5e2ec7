"""Who is told what, and how: as they chose, once, and only if what is told of has happened."""

from datetime import UTC, datetime, time
from typing import Any

import pytest
from django.db import transaction

from audit.base import clock
from audit.base.actors import Role
from audit.base.errors import InvalidInput, NotFound, NotPermitted
from audit.catalogue.models import Model
from audit.ledger.models import Entry
from audit.notifications import kinds, selectors, services
from audit.notifications.models import Delivery, Message, Notification, Preferences
from audit.people import services as people
from audit.people.models import User
from audit.people.selectors import actor_of
from tests.audit.notifications.conftest import Channels, Tell
from tests.support.cast import SYSTEM, Cast


def choose(cast: Cast, user: User, choice: str = "email", **said: object) -> Preferences:
    """What the person wants of alerts."""
    given = {"choices": {"alert": choice}, "quiet_from": None, "quiet_until": None, "digest_at": time(8), **said}
    return services.choose(actor=actor_of(user), user=user, **given)  # type: ignore[arg-type]


def at(monkeypatch: pytest.MonkeyPatch, text: str) -> datetime:
    """The clock shows ``text`` (UTC)."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    return moment


def test_person_gets_it_in_the_app_and_by_mail(cast: Cast, tell: Tell) -> None:
    message = tell("AUC\r\nfell", to=[cast.owner, cast.owner, cast.validator])
    assert message.title == "AUC fell"
    rows = Notification.objects.filter(message=message)
    assert {row.user for row in rows} == {cast.owner, cast.validator}
    sent = Delivery.objects.get(user=cast.owner)
    assert (sent.way, sent.to, sent.state, sent.attempts) == ("email", "owner@example.org", "waiting", 0)
    assert Delivery.objects.count() == 2


def test_same_key_tells_nobody_twice(cast: Cast, tell: Tell, channel: Channels) -> None:
    channel()
    first = tell(key="one")
    second = tell("Another title", key="one", to=[cast.owner, cast.validator])
    assert (second.pk, second.title) == (first.pk, "AUC fell")
    assert (Message.objects.count(), Notification.objects.count(), Delivery.objects.count()) == (1, 1, 2)


def test_nobody_is_told_when_the_change_is_undone(cast: Cast, tell: Tell, channel: Channels) -> None:
    channel()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tell()
        1 / 0  # noqa: B018
    assert (Message.objects.count(), Delivery.objects.count()) == (0, 0)


def test_delivery_is_started_after_the_commit_and_not_before(
    cast: Cast, tell: Tell, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    woken: list[int] = []
    monkeypatch.setattr(services, "wake", lambda: woken.append(Delivery.objects.count()))
    with django_capture_on_commit_callbacks(execute=True):
        tell(key="one")
        assert woken == []
    assert woken == [1]
    with django_capture_on_commit_callbacks(execute=True):
        tell(key="one")
    assert woken == [1], "who was told already wakes nobody"


@pytest.mark.parametrize(
    ("choice", "notifications", "ways"),
    [("email", 1, ["email"]), ("digest", 1, ["digest"]), ("app", 1, []), ("nothing", 0, [])],
)
def test_each_gets_it_as_they_chose(cast: Cast, tell: Tell, choice: str, notifications: int, ways: list[str]) -> None:
    choose(cast, cast.owner, choice)
    tell()
    assert Notification.objects.count() == notifications
    assert [row.way for row in Delivery.objects.all()] == ways


def test_kind_says_what_usually_holds(cast: Cast, tell: Tell) -> None:
    tell(kind="news")
    assert (Notification.objects.count(), Delivery.objects.count()) == (1, 0)


def test_quiet_hours_hold_mail_back_but_not_what_is_urgent(
    cast: Cast, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.change_profile(actor=actor_of(cast.owner), user=cast.owner, name="Owner", zone="Europe/Berlin")
    cast.owner.refresh_from_db()
    choose(cast, cast.owner, quiet_from=time(22), quiet_until=time(7))
    now = at(monkeypatch, "2026-03-28 21:30")  # 22:30 there, in the night in which clocks go forward
    tell("calm", key="calm")
    tell("urgent", key="urgent", urgent=True)
    assert Delivery.objects.get(title="calm").due_at == datetime(2026, 3, 29, 5, tzinfo=UTC)
    assert Delivery.objects.get(title="urgent").due_at == now
    assert Notification.objects.count() == 2, "in the app at once"


def test_what_is_urgent_goes_at_once_to_who_wants_a_digest(cast: Cast, tell: Tell) -> None:
    choose(cast, cast.owner, "digest")
    tell(urgent=True)
    assert [row.way for row in Delivery.objects.all()] == ["email"]
    choose(cast, cast.owner, "nothing")
    tell(urgent=True)
    assert Delivery.objects.count() == 1, "nothing is nothing"


def test_digests_are_one_a_day(cast: Cast, tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(cast, cast.owner, "digest", digest_at=time(8))
    for moment in ("2026-03-04 06:00", "2026-03-04 07:59", "2026-03-04 08:00", "2026-03-05 07:00"):
        at(monkeypatch, moment)
        tell(moment)
    found = {row.due_at.isoformat(): row.told.count() for row in Delivery.objects.filter(way="digest")}
    assert found == {"2026-03-04T08:00:00+00:00": 2, "2026-03-05T08:00:00+00:00": 2}


def test_what_comes_while_a_digest_goes_out_waits_for_the_next(
    cast: Cast, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(cast, cast.owner, "digest")
    at(monkeypatch, "2026-03-04 06:00")
    tell("first")
    Delivery.objects.update(attempts=1)
    tell("second")
    days = [row.told.get().message.title for row in Delivery.objects.order_by("due_at")]
    assert days == ["first", "second"]


def test_channels_of_the_team_get_the_kinds_that_they_want(cast: Cast, tell: Tell, channel: Channels) -> None:
    channel(name="all")
    channel(name="news only", kinds=["news"])
    channel(name="of others", team=cast.other_team)
    tell()
    assert [row.to for row in Delivery.objects.filter(way="channel")] == ["Signed webhook: all"]
    tell(team=None)
    assert Delivery.objects.filter(way="channel").count() == 1, "what is no team's goes to people alone"


def test_who_is_switched_off_is_not_told(cast: Cast, tell: Tell) -> None:
    cast.owner.is_active = False
    tell()
    assert Notification.objects.count() == 0


def test_wrong_calls_are_said_at_once(cast: Cast, tell: Tell) -> None:
    for wrong in (
        {"kind": "nobody knows"},
        {"key": ""},
        {"key": "k" * 201},
        {"link": "https://evil.example/"},
        {"link": "//evil.example/"},
    ):
        with pytest.raises(ValueError, match=r"."):
            tell(**wrong)
    with pytest.raises(ValueError, match="registered twice"):
        kinds.register("alert", "Other", "Other words.")
    assert Message.objects.count() == 0


def test_who_has_left_a_team_reads_of_it_no_more(cast: Cast, tell: Tell) -> None:
    tell("of the team")
    tell("of nobody", team=None)
    mine = selectors.notifications(viewer=cast.actor("owner"))
    assert {row.message.title for row in mine} == {"of the team", "of nobody"}
    membership = cast.owner.memberships.get()
    people.revoke_role(actor=SYSTEM, membership=membership, reason="left")
    mine = selectors.notifications(viewer=actor_of(cast.owner))
    assert {row.message.title for row in mine} == {"of nobody"}


def test_reading_is_ones_own(cast: Cast, tell: Tell) -> None:
    tell("one", to=[cast.owner])
    tell("two", to=[cast.owner, cast.validator])
    theirs = Notification.objects.get(user=cast.validator)
    with pytest.raises(NotFound):
        services.mark_read(actor=cast.actor("owner"), ids=[theirs.pk])
    own = Notification.objects.filter(user=cast.owner).latest("pk")
    assert services.mark_read(actor=cast.actor("owner"), ids=[own.pk]) == 1
    first = Notification.objects.get(pk=own.pk).read_at
    assert services.mark_read(actor=cast.actor("owner"), ids=[own.pk]) == 0
    assert Notification.objects.get(pk=own.pk).read_at == first
    assert services.mark_read(actor=cast.actor("owner")) == 1
    assert selectors.notifications(viewer=cast.actor("validator"), unread=True).count() == 1
    assert services.mark_read(actor=cast.actor("nobody")) == 0


def test_choices_are_ones_own_and_an_entry(cast: Cast) -> None:
    choose(cast, cast.owner, "digest", quiet_from=time(22), quiet_until=time(7))
    entry = Entry.objects.get(action="notifications.chosen")
    assert entry.changes["choices"] == [None, {"alert": "digest"}]
    assert entry.changes["quiet_from"] == [None, "22:00"]
    choose(cast, cast.owner, "app")
    assert Entry.objects.filter(action="notifications.chosen").latest("pk").changes == {
        "choices": [{"alert": "digest"}, {"alert": "app"}],
        "quiet_from": ["22:00", ""],
        "quiet_until": ["07:00", ""],
    }
    choose(cast, cast.owner, "app")
    assert Entry.objects.filter(action="notifications.chosen").count() == 2, "no change is no entry"
    wanted: dict[str, Any] = {"choices": {}, "quiet_from": None, "quiet_until": None, "digest_at": time(8)}
    with pytest.raises(NotPermitted):
        services.choose(actor=cast.actor("administrator"), user=cast.owner, **wanted)
    for wrong in ({"choices": {"alert": "shout"}}, {"choices": {"x": "app"}}, {"quiet_from": time(22)}):
        with pytest.raises(InvalidInput):
            services.choose(actor=cast.actor("owner"), user=cast.owner, **{**wanted, **wrong})


def test_limited_auditor_reads_only_what_is_no_teams(cast: Cast, tell: Tell, model: Model) -> None:
    guest = people.create_user(actor=SYSTEM, email="guest@audit.example", name="Guest")
    people.grant_role(actor=SYSTEM, user=guest, role=Role.AUDITOR, team=None, only_models=[model.pk])
    tell(to=[guest])
    assert not selectors.notifications(viewer=actor_of(guest)).exists()
    assert not selectors.channels(viewer=actor_of(guest)).exists()
    assert selectors.deliveries(viewer=actor_of(guest)).count() == 1, "the e-mail to themselves"
