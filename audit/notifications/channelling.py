"""Adds, changes and removes the channels of teams, and sends tests to them: each is an entry."""

from collections.abc import Collection
from typing import Any

from django.db import transaction

from audit.base import clock, ids, vault
from audit.base.actors import Actor
from audit.base.errors import InvalidInput
from audit.ledger.audited import created, removed
from audit.ledger.services import Changes, record
from audit.notifications import ledger_actions, places
from audit.notifications.kinds import KINDS
from audit.notifications.models import PURPOSE, Channel, Delivery
from audit.notifications.selectors import MANAGE
from audit.people.models import Team

ANYWHERE = "notifications.inside"


def _check(team: Team, name: str, kinds: Collection[str], but: Channel | None = None) -> None:
    if not name.strip():
        raise InvalidInput("Give the channel a name.", where="name")
    others = Channel.objects.filter(team=team, name=name)
    if (others.exclude(pk=but.pk) if but else others).exists():
        raise InvalidInput(f"{team} has a channel {name}.", where="name", mend="Choose another name.")
    for kind in kinds:
        if kind not in KINDS:
            raise InvalidInput(f"There are no messages of the kind {kind!r}.", where="kinds")


@transaction.atomic
def add_channel(
    *, actor: Actor, team: Team, kind: str, name: str, settings: dict[str, Any], kinds: Collection[str] = ()
) -> Channel:
    """A new channel, which gets the team's messages of ``kinds`` from now on; empty stands for all kinds.

    Only who may name addresses within the own network adds a channel that may lie there.

    Raises:
        NotPermitted: the actor may not change channels of this team.
        InvalidInput: the kind is unknown, the name is in use, or a secret is missing.
    """
    actor.check(MANAGE, team.pk)
    shown, secrets = vault.split(settings, places.kind(kind).secret)
    _check(team, name, kinds)
    for field, value in secrets.items():
        if not value:
            raise InvalidInput("The channel does not work without it.", where=field)
    channel = Channel.objects.create(
        team=team,
        kind=kind,
        name=name,
        settings=shown,
        secret=vault.closed(secrets, purpose=PURPOSE),
        kinds=sorted(kinds),
        inside=actor.may(ANYWHERE),
        added_by_id=actor.user_id,
    )
    changes: Changes = {**created(channel), **vault.told(secrets)}
    record(actor=actor, action=ledger_actions.CHANNEL_ADDED, subject=channel, changes=changes, team=team.pk)
    return channel


@transaction.atomic
def change_channel(
    *, actor: Actor, channel: Channel, name: str, settings: dict[str, Any], kinds: Collection[str] = ()
) -> Channel:
    """Other settings; a secret that is left empty stays. Who names another address decides how far it may reach.

    Raises:
        NotPermitted: the actor may not change channels of this team.
        InvalidInput: the name is in use, or there is no such kind.
    """
    actor.check(MANAGE, channel.team_id)
    channel = Channel.objects.select_for_update(of=("self",)).select_related("team").get(pk=channel.pk)
    _check(channel.team, name, kinds, but=channel)
    shown, entered = vault.split(settings, places.kind(channel.kind).secret)
    moved = bool(entered.get("url")) or shown.get("url") != channel.settings.get("url")
    inside = actor.may(ANYWHERE) if moved else channel.inside
    after = {"name": name, "settings": shown, "kinds": sorted(kinds), "inside": inside}
    changes: Changes = {field: (getattr(channel, field), value) for field, value in after.items()}
    changes = {field: pair for field, pair in changes.items() if pair[0] != pair[1]}
    channel.secret, anew = vault.renewed(channel.secret, entered, purpose=PURPOSE)
    changes |= anew
    if not changes:
        return channel
    for field, value in after.items():
        setattr(channel, field, value)
    channel.save(update_fields=("name", "settings", "secret", "kinds", "inside"))
    record(actor=actor, action=ledger_actions.CHANNEL_CHANGED, subject=channel, changes=changes, team=channel.team_id)
    return channel


@transaction.atomic
def remove_channel(*, actor: Actor, channel: Channel, reason: str) -> None:
    """The channel goes with its secret; what was sent stays listed, and what waits for it is not sent any more.

    Raises:
        NotPermitted: the actor may not change channels of this team.
        InvalidInput: there is no reason.
    """
    actor.check(MANAGE, channel.team_id)
    if not reason.strip():
        raise InvalidInput("Say why the channel is removed.", where="reason")
    channel = Channel.objects.select_for_update().get(pk=channel.pk)
    waiting = Delivery.objects.filter(channel=channel, state=Delivery.State.WAITING)
    waiting.update(state=Delivery.State.DROPPED, outcome="The channel was removed.", ended_at=clock.now())
    record(
        actor=actor,
        action=ledger_actions.CHANNEL_REMOVED,
        subject=channel,
        reason=reason,
        changes=removed(channel),
        team=channel.team_id,
        gone=True,
    )
    channel.delete()


@transaction.atomic
def order_test(*, actor: Actor, channel: Channel) -> Delivery:
    """A test message to the channel, which is tried once.

    Raises:
        NotPermitted: the actor may not change channels of this team.
    """
    actor.check(MANAGE, channel.team_id)
    made = Delivery.objects.create(
        key=f"test:{ids.uuid7()}",
        way=Delivery.Way.TEST,
        channel=channel,
        team_id=channel.team_id,
        to=f"{channel.title}: {channel.name}",
        title=f"Test by {actor.name}"[:200],
        due_at=clock.now(),
    )
    record(actor=actor, action=ledger_actions.TEST_SENT, subject=channel, team=channel.team_id)
    return made
