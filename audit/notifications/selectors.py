"""Reads messages as the viewer may see them: one's own, and the channels of the teams that one belongs to."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from audit.base.actors import Actor, Role
from audit.base.errors import NotFound
from audit.base.scoping import EVERY, seen, visible
from audit.notifications.models import Channel, Delivery, Notification, Preferences
from audit.people.models import Team, User
from audit.people.selectors import holders

DELIVER = "notifications.deliver"
MANAGE = "notifications.manage"
EVERYTHING = "people.manage"


def notifications(*, viewer: Actor, unread: bool = False) -> QuerySet[Notification]:
    """The viewer's own, newest first; those about a team only while they may see that team."""
    if not viewer.user_id:
        return Notification.objects.none()
    found = seen(viewer, team="message__team")
    rows = Notification.objects.select_related("message__team").filter(user_id=viewer.user_id)
    rows = rows if found is EVERY else rows.filter(found | Q(message__team=None))
    return rows.filter(read_at=None) if unread else rows


def preferences(user: User) -> Preferences:
    """What the person wants; as things usually are, and not stored, when they have not chosen."""
    return Preferences.objects.select_related("user").filter(user=user).first() or Preferences(user=user)


def preferences_of(users: Collection[User]) -> dict[UUID, Preferences]:
    """The same for many, by the user's id; one query."""
    stored = {row.user_id: row for row in Preferences.objects.select_related("user").filter(user__in=users)}
    return {user.pk: stored.get(user.pk) or Preferences(user=user) for user in users}


def channels(*, viewer: Actor) -> QuerySet[Channel]:
    """The channels of the viewer's teams, by team and name."""
    return visible(Channel.objects.select_related("team", "added_by"), viewer=viewer, team="team")


def channel(*, viewer: Actor, channel_id: UUID) -> Channel:
    """One channel.

    Raises:
        NotFound: there is none that the viewer may see.
    """
    found = channels(viewer=viewer).filter(pk=channel_id).first()
    if found is None:
        raise NotFound("There is no such channel, or it belongs to a team that you are not in.")
    return found


def deliveries(*, viewer: Actor) -> QuerySet[Delivery]:
    """E-mails to the viewer and what went to the channels of their teams, newest first; all for who manages people."""
    rows = Delivery.objects.select_related("team", "channel", "message")
    if viewer.may(EVERYTHING):
        return rows
    of_teams = Q(user=None) & seen(viewer, team="team")
    return rows.filter(of_teams | Q(user=viewer.user_id)) if viewer.user_id else rows.filter(of_teams)


def delivery(*, viewer: Actor, delivery_id: UUID) -> Delivery:
    """One delivery.

    Raises:
        NotFound: there is none that the viewer may see.
    """
    found = deliveries(viewer=viewer).filter(pk=delivery_id).first()
    if found is None:
        raise NotFound("There is no such delivery, or it is not yours to see.")
    return found


def belongs(user: User, team: Team | None) -> bool:
    """Whether the person can still sign in, and still has a role for the team."""
    if team is None:
        return user.is_active
    return holders(team=team, roles=set(Role)).filter(pk=user.pk).exists()


def teams_to_manage(*, viewer: Actor) -> QuerySet[Team]:
    """The teams whose channels the viewer may change, by name."""
    return visible(Team.objects.all(), viewer=viewer, team="pk", right=MANAGE)


def last_tries(rows: Collection[Channel]) -> dict[UUID, Delivery]:
    """The delivery that was tried last, by the channel's id; one query for all of them."""
    newest = Delivery.objects.filter(channel=OuterRef("pk")).exclude(tried_at=None).order_by("-tried_at", "-pk")
    of = Channel.objects.filter(pk__in=[row.pk for row in rows]).values(last=Subquery(newest.values("pk")[:1]))
    return {row.channel_id: row for row in Delivery.objects.filter(pk__in=of) if row.channel_id}
