"""Withdraws data: finds the live deployments that learned from it, with the way as evidence, and opens a task for each.

A deployment is live while no end of it is known. What the way leads through is what the actor may read. One that
begins while a recall stands gets its task then.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor, Role
from audit.base.errors import InvalidInput, Refused
from audit.base.models import Record
from audit.catalogue.models import DatasetVersion, Deployment
from audit.ledger.audited import created
from audit.ledger.services import Event, record, record_many
from audit.lineage import ledger_actions, projecting, selectors
from audit.lineage.domain.fold import Kind
from audit.lineage.models import Node, Place, Placed, Recall, RecallTask
from audit.lineage.recalled import RIGHT
from audit.lineage.walking import paths
from audit.people.models import Team
from audit.people.selectors import actor_of


class Found(NamedTuple):
    """A live deployment, and the ids of the nodes on the way to it from the data."""

    deployment: Deployment
    path: list[int]


@transaction.atomic
def withdraw(
    *, actor: Actor, reason: str, node: Node | None = None, dataset_version: DatasetVersion | None = None
) -> Recall:
    """Withdraws the version of data that ``node`` or ``dataset_version`` is, or the whole dataset that ``node`` is.

    Live deployments of teams for which the actor may not write get no task and are counted.

    Raises:
        NotPermitted: the actor may not write for the team whose data it is.
        InvalidInput: there is no reason, or the node is no data.
        Refused: it has been withdrawn, and that has not been lifted.
    """
    found, data = _named(node, dataset_version)
    team = _team(actor, found, data)
    if found.kind not in {Kind.DATASET, Kind.DATASET_VERSION}:
        raise InvalidInput("Only data can be withdrawn.", where="node", mend="Name a dataset, or a version of one.")
    if not reason.strip():
        raise InvalidInput("Say why it is withdrawn.", where="reason")
    Team.objects.select_for_update().get(pk=team.pk)
    if Recall.objects.filter(node=found, team=team, lifted_at=None).exists():
        raise Refused("This data has been withdrawn before. Lift that recall to search again.")
    reached = _live(actor, found)
    own = _writable(actor, reached)
    made = Recall.objects.create(
        team=team,
        node=found,
        data=data,
        reason=reason.strip(),
        raised_by_id=actor.user_id,
        elsewhere=len(reached) - len(own),
    )
    record(
        actor=actor,
        action=ledger_actions.WITHDRAWN,
        subject=made,
        reason=made.reason,
        team=team.pk,
        changes=created(made) | {"live": (None, len(reached))},
    )
    _open(actor, made, own)
    return made


def _named(node: Node | None, data: DatasetVersion | None) -> tuple[Node, DatasetVersion | None]:
    if data is not None:
        projecting.project([data])
        return Placed.objects.select_related("node").get(place=Place.DATA, record=data.pk).node, data
    if node is None:
        raise InvalidInput("Say which data is withdrawn.", where="node")
    placed = Placed.objects.filter(node=node, place=Place.DATA).order_by("record").first()
    return node, DatasetVersion.objects.filter(pk=placed.record).first() if placed else None


def _team(actor: Actor, node: Node, data: DatasetVersion | None) -> Team:
    """Whose data it is: its dataset's team, or else, of the teams that speak of it, the first that the actor may."""
    teams = [data.dataset.team] if data else []
    teams += [one.team for one in node.sightings.select_related("team").order_by("since", "pk")]
    for team in teams:
        if actor.may(RIGHT, team.pk):
            return team
    actor.check(RIGHT, teams[0].pk if teams else None)
    raise InvalidInput("No team speaks of this data.", where="node")


def follow_up(records: Sequence[Record]) -> None:
    """Opens a task for each deployment among ``records`` that is live and learned from data of a recall that stands.

    Within the caller's transaction. What who raised the recall may read and write now decides, as at the withdrawal;
    what belongs to the team of the data counts in any case, for who raised it may have left.
    """
    begun = {one.pk for one in records if isinstance(one, Deployment) and one.until is None}
    rows = Recall.objects.filter(lifted_at=None).select_related("node", "raised_by") if begun else ()
    for row in rows:
        raiser = _raiser(row)
        asked = row.tasks.filter(deployment__in=begun).values_list("deployment", flat=True)
        found = _writable(raiser, _live(raiser, row.node, begun.difference(asked)))
        if found:
            _open(Actor.service("recall", on_behalf_of=raiser.id), row, found)


def _raiser(row: Recall) -> Actor:
    if row.raised_by is None:
        return Actor.service("recall")
    person = actor_of(row.raised_by)
    return replace(person, grants={**person.grants, row.team_id: person.roles(row.team_id) | {Role.OWNER}})


def _writable(actor: Actor, found: Iterable[Found]) -> list[Found]:
    return [one for one in found if actor.may(RIGHT, one.deployment.version.model.use_case.team_id)]


def _live(actor: Actor, start: Node, among: Collection[UUID] | None = None) -> list[Found]:
    """The live deployments downstream (of those ``among``), each with one of the shortest ways there."""
    reach = selectors.downstream(viewer=actor, start=start, depth=selectors.DEEPEST)
    live = Deployment.objects.filter(until=None).select_related("version__model__use_case")
    if among is not None:
        live = live.filter(pk__in=among)
    placed = Placed.objects.filter(place=Place.DEPLOYMENT, record__in=live.values("pk"))
    ends = {record: node for node, record in placed.values_list("node_id", "record") if node in reach.depths}
    ways = paths(viewer=actor, reach=reach, ends=ends.values())
    found = live.in_bulk(ends)
    return [Found(found[one], ways[ends[one]]) for one in sorted(ends)]


def _open(actor: Actor, made: Recall, found: Sequence[Found]) -> None:
    rows = [
        RecallTask(
            recall=made, deployment=one.deployment, owner_id=one.deployment.version.model.owner_id, path=one.path
        )
        for one in found
    ]
    RecallTask.objects.bulk_create(rows)
    record_many(
        actor=actor,
        events=[
            Event(
                ledger_actions.TASK_OPENED,
                subject=row,
                reason=made.reason,
                changes=created(row),
                team=row.deployment.version.model.use_case.team_id,
            )
            for row in rows
        ],
    )


@transaction.atomic
def finish_task(*, actor: Actor, task: RecallTask, note: str) -> RecallTask:
    """Closes a task with what was done about the deployment.

    Raises:
        NotPermitted: the actor may not write for the team of the deployment.
        InvalidInput: it is not said what was done.
        Refused: the task was closed before, or the recall has been lifted.
    """
    team = task.deployment.version.model.use_case.team_id
    actor.check(RIGHT, team)
    if not note.strip():
        raise InvalidInput(
            "Say what was done.", where="note", mend="For example: retired, or trained again without it."
        )
    held = RecallTask.objects.select_for_update(of=("self",)).select_related("recall").get(pk=task.pk)
    if held.done_at is not None:
        raise Refused("This task was closed before.")
    if held.recall.lifted_at is not None:
        raise Refused("This recall has been lifted: nothing is left to do.")
    held.done_at, held.done_by_id, held.note = clock.now(), actor.user_id, note.strip()
    held.save(update_fields=("done_at", "done_by", "note"))
    record(
        actor=actor,
        action=ledger_actions.TASK_DONE,
        subject=held,
        reason=held.note,
        team=team,
        changes={"done_at": (None, held.done_at), "note": ("", held.note)},
    )
    return held


@transaction.atomic
def lift(*, actor: Actor, recall: Recall, reason: str) -> Recall:
    """The data may be used again; tasks that are open then are closed by that.

    Raises:
        NotPermitted: the actor may not write for the team whose data it is.
        InvalidInput: there is no reason.
        Refused: it was lifted before.
    """
    actor.check(RIGHT, recall.team_id)
    if not reason.strip():
        raise InvalidInput("Say why the data may be used again.", where="reason")
    held = Recall.objects.select_for_update(of=("self",)).get(pk=recall.pk)
    if held.lifted_at is not None:
        raise Refused("This recall was lifted before.")
    held.lifted_at, held.lifted_by_id, held.lift_reason = clock.now(), actor.user_id, reason.strip()
    held.save(update_fields=("lifted_at", "lifted_by", "lift_reason"))
    record(
        actor=actor,
        action=ledger_actions.LIFTED,
        subject=held,
        reason=held.lift_reason,
        team=held.team_id,
        changes={"lifted_at": (None, held.lifted_at)},
    )
    return held
