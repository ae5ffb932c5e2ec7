"""Notifications for programs: what is new for the token's owner, and that it was read."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import AwareDatetime, Field

from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.notifications import selectors, services
from audit.notifications.models import Notification

router = Router()


class NotificationOut(Schema):
    """A message to the token's owner."""

    id: UUID
    at: AwareDatetime
    kind: str
    title: str
    text: str
    link: str = Field(description="A path of this installation; empty without")
    team: str | None = Field(description="Short name of the team that it is about")
    urgent: bool
    read_at: AwareDatetime | None

    @staticmethod
    def resolve_at(row: Notification) -> AwareDatetime:
        """When it was told."""
        return row.created_at

    @staticmethod
    def resolve_kind(row: Notification) -> str:
        """The code of its kind."""
        return row.message.kind

    @staticmethod
    def resolve_title(row: Notification) -> str:
        """Its title."""
        return row.message.title

    @staticmethod
    def resolve_text(row: Notification) -> str:
        """Its text."""
        return row.message.text

    @staticmethod
    def resolve_link(row: Notification) -> str:
        """Where more stands."""
        return row.message.link

    @staticmethod
    def resolve_team(row: Notification) -> str | None:
        """The team's short name."""
        return row.message.team.slug if row.message.team else None

    @staticmethod
    def resolve_urgent(row: Notification) -> bool:
        """Whether it is urgent."""
        return row.message.urgent


@router.get("/notifications", response=answers(ok=Page[NotificationOut]), summary="Notifications")
def notifications(request: HttpRequest, unread: bool = False, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Those of the token's owner, newest first; with ``unread`` only those that are not read."""
    return page(selectors.notifications(viewer=request.actor, unread=unread), cursor=cursor, limit=limit)


@router.post(
    "/notifications/{uuid:notification_id}/read",
    response=answers(404, ok=NotificationOut),
    summary="Mark a notification as read",
)
def read(request: HttpRequest, notification_id: UUID) -> Any:
    """One that is read stays as it is, with the time at which it was read first."""
    services.mark_read(actor=request.actor, ids=[notification_id])
    return selectors.notifications(viewer=request.actor).get(pk=notification_id)
