"""Connects sources and keeps what each pull found. A pull that runs twice takes effect once."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.base import clock, vault
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, NotPermitted
from audit.jobs import services as jobs
from audit.jobs.models import OPEN, Job, State
from audit.jobs.run import Run
from audit.ledger.audited import created
from audit.ledger.services import Changes, record
from audit.people.models import Team
from audit.sources import covering, ledger_actions
from audit.sources.contract import CONNECTORS, Connector, Restricted, Settings
from audit.sources.domain.coverage import COMPLETE, FAILED, PARTIAL, Stretch
from audit.sources.models import PURPOSE, Source
from audit.sources.pulling import Pull

RIGHT = "sources.manage"
PULL = "sources.pull"
MOST_PROBLEMS = 100
LEAST_SECONDS, MOST_SECONDS = 10, 7 * 24 * 3600


def connector(kind: str) -> Connector:
    """The connector of this kind.

    Raises:
        InvalidInput: there is none.
    """
    found = CONNECTORS.get(kind)
    if found is None:
        raise InvalidInput(f"There is no connector {kind!r}.", where="kind", mend=f"Use {', '.join(CONNECTORS)}.")
    return found


def check_right(*, actor: Actor, kind: str, team_id: UUID, settings: Settings) -> None:
    """Nothing, when the actor may connect, change and pull a source of this kind.

    Raises:
        NotPermitted: the actor may not connect sources of the team, or not such ones.
    """
    actor.check(RIGHT, team_id)
    found = CONNECTORS.get(kind)
    if isinstance(found, Restricted):
        found.check(actor, team_id, settings)


def why_not(*, actor: Actor, source: Source) -> str:
    """Why the actor may not change or pull the source, in a sentence; empty when they may."""
    try:
        check_right(actor=actor, kind=source.kind, team_id=source.team_id, settings=source.settings)
    except NotPermitted as error:
        return error.sentence
    return ""


@transaction.atomic
def add_source(
    *, actor: Actor, kind: str, name: str, team: Team, settings: dict[str, Any], every_seconds: int = 60
) -> Source:
    """A new source of ``team``, pulled every so many seconds from now on; its secrets are kept encrypted.

    Raises:
        NotPermitted: the actor may not connect sources of the team.
        InvalidInput: the kind is unknown, the name is in use, or the interval is out of bounds.
    """
    check_right(actor=actor, kind=kind, team_id=team.pk, settings=settings)
    shown, secrets = vault.split(settings, connector(kind).secret)
    _check(team, name, every_seconds, but=None)
    source = Source(
        kind=kind,
        name=name,
        team=team,
        settings=shown,
        secret=vault.closed(secrets, purpose=PURPOSE),
        every_seconds=every_seconds,
    )
    covering.begin(source, at=clock.now())
    source.save(force_insert=True)
    record(
        actor=actor,
        action=ledger_actions.ADDED,
        subject=source,
        team=team.pk,
        changes=created(source) | vault.told(secrets),
    )
    return source


def _check(team: Team, name: str, every_seconds: int, *, but: Source | None) -> None:
    others = Source.objects.filter(team=team, name=name)
    if (others.exclude(pk=but.pk) if but else others).exists():
        raise InvalidInput(f"{team} has a source {name}.", where="name", mend="Choose another name.")
    if not LEAST_SECONDS <= every_seconds <= MOST_SECONDS:
        raise InvalidInput(f"Between {LEAST_SECONDS} seconds and a week.", where="every_seconds")


@transaction.atomic
def change_source(*, actor: Actor, source: Source, name: str, settings: dict[str, Any], every_seconds: int) -> Source:
    """Other settings; a secret that is left empty stays. Where they change, reading starts at the beginning: what is
    known is not taken in again.

    Raises:
        NotPermitted: the actor may not connect sources of the team.
        InvalidInput: the name is in use, or the interval is out of bounds.
    """
    check_right(actor=actor, kind=source.kind, team_id=source.team_id, settings=settings)
    source = Source.objects.select_for_update(of=("self",)).select_related("team").get(pk=source.pk)
    check_right(actor=actor, kind=source.kind, team_id=source.team_id, settings=source.settings)
    _check(source.team, name, every_seconds, but=source)
    shown, entered = vault.split(settings, connector(source.kind).secret)
    after = {"name": name, "settings": shown, "every_seconds": every_seconds}
    changes = {field: (getattr(source, field), value) for field, value in after.items()}
    changes = {field: pair for field, pair in changes.items() if pair[0] != pair[1]}
    source.secret, anew = vault.renewed(source.secret, entered, purpose=PURPOSE)
    changes |= anew
    if not changes:
        return source
    for field, value in after.items():
        setattr(source, field, value)
    if "settings" in changes or anew:
        source.cursor, source.last_error = {}, ""
    source.save()
    record(actor=actor, action=ledger_actions.CHANGED, subject=source, team=source.team_id, changes=dict(changes))
    return source


@transaction.atomic
def switch_source(*, actor: Actor, source: Source, enabled: bool, reason: str) -> Source:
    """On or off; one that is off is not pulled.

    Raises:
        NotPermitted: the actor may not connect sources of the team.
    """
    check_right(actor=actor, kind=source.kind, team_id=source.team_id, settings=source.settings)
    locked = Source.objects.select_for_update(of=("self",)).select_related("team").get(pk=source.pk)
    if locked.enabled != enabled:
        covering.tell(locked, actor=actor)
        if enabled:
            covering.begin(locked, at=clock.now())
        locked.enabled, locked.last_error = enabled, ""
        locked.save()
        record(
            actor=actor,
            action=ledger_actions.SWITCHED,
            subject=locked,
            team=locked.team_id,
            reason=reason,
            changes={"enabled": (not enabled, enabled)},
        )
    return locked


@transaction.atomic
def note_asked(*, actor: Actor, source: Source, anew: bool = False) -> None:
    """Writes that someone wants a pull now; ``anew``: one that reads everything from the beginning.

    Raises:
        NotPermitted: the actor may not connect sources of the team.
    """
    check_right(actor=actor, kind=source.kind, team_id=source.team_id, settings=source.settings)
    changes: Changes = {"from_the_beginning": (None, True)} if anew else {}
    record(actor=actor, action=ledger_actions.ASKED, subject=source, team=source.team_id, changes=changes)


def pull(*, run: Run, source: Source, anew: bool = False) -> dict[str, Any]:
    """Takes in what is new, or with ``anew`` everything, and keeps how far that went; returns the counts."""
    begun = clock.now()
    Source.objects.filter(pk=source.pk).update(last_started_at=begun)
    context = Pull(source=source, run=run)
    result = connector(source.kind).pull(context, source.whole_settings(), {} if anew else source.cursor)
    found = Counter({"new": 0})
    found.update(context.counts)
    found.update(result.counts)
    counts = dict(found)
    problems = [*context.problems, *result.problems]
    for problem in problems[:MOST_PROBLEMS]:
        run.log(problem)
    with transaction.atomic():
        stored = Source.objects.select_for_update().get(pk=source.pk)
        if (stored.settings, stored.secret) == (source.settings, source.secret):
            stored.cursor = result.cursor
        stored.counts, stored.problems = counts, problems[:MOST_PROBLEMS]
        stored.totals = dict(Counter(stored.totals) + Counter(counts))
        stored.last_success_at, stored.last_error = clock.now(), ""
        state = PARTIAL if problems else COMPLETE
        stretch = Stretch(begun, stored.last_success_at, state, counts["new"])
        covering.cover(stored, stretch, actor=run.actor, reason=_unused(problems))
        stored.save()
    return counts


def _unused(problems: list[str]) -> str:
    if not problems:
        return ""
    return problems[0] if len(problems) == 1 else f"{len(problems)} could not be used, such as {problems[0]}"


def note_end(job: Job) -> None:
    """Keeps why a pull failed; forgets earlier scheduled pulls that found nothing, which would bury the rest."""
    if job.state == State.FAILED:
        _note_failure(job)
    elif job.trigger == "schedule" and not job.counts.get("new"):
        same = Job.objects.filter(kind=PULL, subject_id=job.subject_id, trigger="schedule", state=State.SUCCEEDED)
        same.filter(counts__new=0, children=None).exclude(pk=job.pk).delete()


def _note_failure(job: Job) -> None:
    source = Source.objects.select_for_update().filter(pk=job.subject_id).first()
    if source is None:
        return
    source.last_error, ended = job.error, job.finished_at or clock.now()
    failed = Stretch(job.started_at or ended, ended, FAILED)
    covering.cover(source, failed, actor=jobs.actor_of(job), reason=job.error)
    source.save(update_fields=("last_error", "covering"))


def start_due() -> None:
    """Starts a pull of each source whose time has come and that is not being pulled; tells when each was read."""
    at = clock.now()
    for source in Source.objects.select_related("team"):
        covering.tell_due(source)
        since = source.last_started_at
        if not source.enabled or (since is not None and at - since < source.every):
            continue
        if Job.objects.filter(kind=PULL, subject_id=str(source.pk), state__in=OPEN).exists():
            continue
        slot = int(at.timestamp()) // source.every_seconds
        with transaction.atomic():
            jobs.start(
                PULL,
                actor=Actor.service("schedule"),
                trigger="schedule",
                args={"source": str(source.pk)},
                key=f"{source.pk}:{slot}",
                subject=source,
                team=source.team,
            )
