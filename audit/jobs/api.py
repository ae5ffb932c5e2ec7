"""Jobs as programs see them: what their uploads caused, and how it went."""

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import AwareDatetime, Field

from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.jobs import selectors
from audit.jobs.models import Job

router = Router()


class JobOut(Schema):
    """A job."""

    id: UUID
    kind: str
    title: str
    state: str = Field(description="queued, running, succeeded, failed or cancelled")
    trigger: str
    started_by: str
    team: str | None
    parent: UUID | None
    done: int
    total: int
    message: str
    counts: dict[str, Any]
    error: str = Field(description="What went wrong, in a sentence; empty when nothing did")
    attempts: int
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None

    @staticmethod
    def resolve_started_by(row: Job) -> str:
        """Who started it."""
        return row.actor_name

    @staticmethod
    def resolve_team(row: Job) -> str | None:
        """The team's short name."""
        return row.team.slug if row.team else None

    @staticmethod
    def resolve_parent(row: Job) -> UUID | None:
        """The job that started it."""
        return row.parent_id


@router.get("/jobs", response=answers(ok=Page[JobOut]), summary="Jobs")
def jobs(
    request: HttpRequest,
    state: Literal["", "queued", "running", "succeeded", "failed", "cancelled"] = "",
    kind: str = "",
    parent: UUID | None = None,
    cursor: str = "",
    limit: int = DEFAULT,
) -> Any:
    """Newest first, of the teams that the token's owner belongs to."""
    rows = selectors.jobs(viewer=request.actor, state=state, kind=kind)
    return page(rows.filter(parent=parent) if parent else rows, cursor=cursor, limit=limit)


@router.get("/jobs/{uuid:job_id}", response=answers(404, ok=JobOut), summary="One job")
def job(request: HttpRequest, job_id: UUID) -> Any:
    """By its id."""
    return selectors.job(viewer=request.actor, job_id=str(job_id))
