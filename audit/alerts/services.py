"""Each change to alerts: a policy set, a week weighed, an alert taken on, explained or closed, a model followed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.alerts import gathering, keeping, ledger_actions, signs
from audit.alerts.domain import life, looks
from audit.alerts.gathering import Seen
from audit.alerts.models import Alert, AlertPolicy, Following, Weighing
from audit.base import clock
from audit.base.actors import Actor
from audit.base.clock import WEEK
from audit.base.errors import InvalidInput, NotPermitted
from audit.catalogue.models import Model, ModelVersion
from audit.ledger.audited import changed, created, removed, values
from audit.ledger.services import record
from audit.monitoring.domain.budget import ALARM
from audit.monitoring.domain.thresholds import ABOVE, Bound
from audit.monitoring.inputs.comparing import settle_states

RIGHT: Final = "monitoring.write"
FIELDS: Final = (
    "alarms", "months", "drift", "least_effect", "least_rows", "calm_weeks", "p99_seconds", "error_share",
    "fairness_gap",
)  # fmt: skip
LONGEST: Final = 2000


@transaction.atomic
def set_policy(*, actor: Actor, model: Model, changes: Mapping[str, Any], reason: str = "") -> AlertPolicy:
    """The model's policy with ``changes`` (field -> value); it holds for weeks that are weighed from now on.

    Raises:
        NotPermitted: the actor may not write for the model's team.
        InvalidInput: a field is unknown or out of its range; ``where`` names it.
    """
    actor.check(RIGHT, model.use_case.team_id)
    Model.objects.select_for_update().get(pk=model.pk)
    unknown = sorted(set(changes) - set(FIELDS))
    if unknown:
        raise InvalidInput(f"A policy has no {', '.join(unknown)}.", where=unknown[0])
    policy = gathering.policy_of(model)
    known = AlertPolicy.objects.filter(pk=policy.pk).exists()
    before = values(policy) if known else None
    for name, value in changes.items():
        setattr(policy, name, value)
    policy.drift = _bound(policy.drift).to_dict()
    try:
        policy.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(" ".join(messages), where=field) from None
    told = created(policy) if before is None else changed(before, policy)
    if told:
        policy.save()
        record(
            actor=actor, action=ledger_actions.POLICY_SET, subject=policy, team=model.use_case.team_id, reason=reason,
            changes=told,
        )  # fmt: skip
    return policy


def _bound(stated: Mapping[str, Any]) -> Bound:
    bound = Bound.from_dict(stated)
    if bound.direction != ABOVE or bound.windows != 1:
        raise InvalidInput("A column has moved above its bound, in one week.", where="drift")
    return bound


def weigh_due(*, actor: Actor, version: ModelVersion, week: datetime) -> list[Weighing]:
    """Weighs the week from Monday ``week``, and the one before it where that ended since it was looked at."""
    found = [] if _is_settled(version.model, week - WEEK) else [week - WEEK]
    done = []
    for monday in (*found, week):
        of = gathering.served(version.model, monday)
        row = weigh(actor=actor, version=of, week=monday) if of is not None else None
        if row is not None:
            done.append(row)
    return done


def weigh_of(*, actor: Actor, model_id: UUID | str, week: datetime) -> list[Weighing]:
    """``weigh_due`` for the version that served in the week; nothing where none did."""
    model = Model.objects.get(pk=model_id)
    version = gathering.served(model, week)
    return weigh_due(actor=actor, version=version, week=week) if version is not None else []


def _is_settled(model: Model, week: datetime) -> bool:
    """Whether nothing of the week waits for its end: it was not weighed at all, or was with all of its inputs."""
    row = Weighing.objects.filter(model=model, start=week).first()
    return row is None or row.inputs_known


@transaction.atomic
def weigh(*, actor: Actor, version: ModelVersion, week: datetime) -> Weighing | None:
    """What stands out in the week from Monday ``week`` (UTC) of the version that served in it; None for another one.

    The same rows again change nothing. Each look is paid from the false-alarm budget of the month.
    """
    model = (
        Model.objects.select_for_update(of=("self",)).select_related("use_case__team", "owner").get(pk=version.model_id)
    )
    version = ModelVersion.objects.get(pk=version.pk)
    version.model = model
    if gathering.served(model, week) != version:
        return None
    seen = gathering.gather(version, week)
    evidence = seen.evidence()
    before = Weighing.objects.filter(model=model, start=week).first()
    if before is not None and before.evidence == evidence:
        return before
    row = before or Weighing(model=model, start=week, end=week + WEEK)
    was = values(row) if before is not None else None
    row.version = version
    looked = _look(seen, row)
    groups = signs.groups(seen, looked)
    every = [sign for group in groups for sign in group.signs]
    row.evidence, row.at = evidence, clock.now()
    row.inputs_known = seen.over and seen.inputs is not None
    row.outcomes_known = bool(seen.over and seen.window is not None)
    row.cause = groups[0].cause if groups else ""
    row.sentence = " ".join(group.sentence for group in groups) or "Nothing stands out."
    row.signs, row.digest = len(every), keeping.digest_of(every)
    row.save(force_insert=before is None)
    record(
        actor=actor, action=ledger_actions.WEIGHED, subject=row, team=model.use_case.team_id, reason=row.sentence,
        changes=created(row) if was is None else changed(was, row),
    )  # fmt: skip
    if seen.inputs is not None:
        faulty = {one.column for one in seen.findings if one.is_fault and one.column}
        alarmed = faulty | {one.name for one in every if one.what == signs.COLUMN}
        settle_states(actor=actor, week=seen.inputs, alarmed=alarmed)
    keeping.keep(actor=actor, weighing=row, groups=groups, policy=seen.policy)
    return row


def _look(seen: Seen, row: Weighing) -> dict[str, Any]:
    """The week's looks: one that saw these very rows is taken as it was decided, another one is made and paid."""
    month = Weighing.objects.filter(model=seen.model, start__in=looks.mondays_of(seen.week)).exclude(pk=row.pk)
    known = list(month)
    spent = sum(one.spent for one in known)
    taken = {(one.start, kind) for one in known for kind in one.looks}
    found: dict[str, Any] = {}
    for kind, evidence, tests in (
        (looks.INPUTS, seen.evidence_of_inputs(), gathering.input_tests(seen)),
        (looks.OUTCOMES, seen.evidence_of_outcomes(), gathering.outcome_tests(seen)),
    ):
        if not evidence or not tests:
            continue
        earlier = row.looks.get(kind)
        if earlier is not None and earlier["evidence"] == evidence:
            found[kind] = looks.as_decided(earlier["tests"], earlier["level"])
            continue
        kept = [name for name, told in (earlier or {}).get("tests", {}).items() if told["outcome"] == ALARM]
        own = {(seen.week, one) for one in row.looks}
        one = looks.look(
            tests, of=seen.policy.budget, spent=spent + row.spent, taken=taken | own, week=seen.week, kind=kind,
            least_rows=seen.policy.least_rows, kept=kept,
        )  # fmt: skip
        row.spent += one.level
        told = {"evidence": evidence, "level": one.level, "tests": looks.told(one, tests)}
        row.looks = {**row.looks, kind: told}
        found[kind] = (one, tests)
    return found


def _locked(alert: Alert) -> Alert:
    rows = Alert.objects.select_for_update(of=("self",))
    return rows.select_related("model__use_case__team", "version").get(pk=alert.pk)


@transaction.atomic
def acknowledge(*, actor: Actor, alert: Alert) -> Alert:
    """The actor has the alert from now on.

    Raises:
        NotPermitted: the actor is no person, or may not write for the model's team.
        Refused: somebody has it, or it is closed.
    """
    if actor.user_id is None:
        raise NotPermitted("Only a person can have an alert.", right=RIGHT)
    return _change(actor, alert, "acknowledge", ledger_actions.ACKNOWLEDGED, holder_id=actor.user_id)


@transaction.atomic
def explain(*, actor: Actor, alert: Alert, reason: str) -> Alert:
    """Why it stands out is known: further signs are kept, and nobody is told of them.

    Raises:
        NotPermitted: the actor may not write for the model's team.
        Refused: it is explained or closed.
        InvalidInput: no reason.
    """
    holder = alert.holder_id or actor.user_id
    return _change(actor, alert, "explain", ledger_actions.EXPLAINED, reason=_reason(reason), holder_id=holder)


@transaction.atomic
def close(*, actor: Actor, alert: Alert, reason: str) -> Alert:
    """It is settled; a further sign opens another one.

    Raises:
        NotPermitted: the actor may not write for the model's team.
        Refused: it is closed.
        InvalidInput: no reason.
    """
    return _change(
        actor, alert, "close", ledger_actions.CLOSED, reason=_reason(reason), closed_at=clock.now(),
        closed_by=actor.name, by_calm=False,
    )  # fmt: skip


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > LONGEST:
        raise InvalidInput("Say what was found: it stands in the record.", where="reason", mend="In 2,000 characters.")
    return reason


def _change(actor: Actor, alert: Alert, event: str, action: str, **fields: Any) -> Alert:
    alert = _locked(alert)
    actor.check(RIGHT, alert.model.use_case.team_id)
    before = values(alert)
    alert.state = life.LIFE.after(alert.state, event)
    for name, value in fields.items():
        setattr(alert, name, value)
    alert.save()
    record(
        actor=actor, action=action, subject=alert, team=alert.model.use_case.team_id, reason=fields.get("reason", ""),
        changes=changed(before, alert),
    )  # fmt: skip
    return alert


def why_not(actor: Actor, alert: Alert, event: str) -> str:
    """The sentence that says why the actor cannot do this to the alert; empty when the actor can."""
    if not actor.may(RIGHT, alert.model.use_case.team_id):
        return actor.why_not(RIGHT)
    return "" if life.LIFE.allows(alert.state, event) else life.LIFE.why_not(alert.state)


@transaction.atomic
def follow(*, actor: Actor, model: Model, wanted: bool) -> bool:
    """Whether the person is told of the model's alerts from now on; twice the same changes nothing.

    Raises:
        NotPermitted: the actor is no person.
    """
    if actor.user_id is None or actor.kind != "person":
        raise NotPermitted("Only a person can follow a model.", right="read")
    Model.objects.select_for_update().get(pk=model.pk)
    known = Following.objects.filter(model=model, user_id=actor.user_id).first()
    if wanted and known is None:
        row = Following.objects.create(model=model, user_id=actor.user_id)
        _note(actor, ledger_actions.FOLLOWED, row, created(row))
    elif known is not None and not wanted:
        _note(actor, ledger_actions.UNFOLLOWED, known, removed(known))
        known.delete()
    return wanted


def _note(actor: Actor, action: str, row: Following, changes: Any) -> None:
    record(
        actor=actor, action=action, subject=row, subject_name=f"alerts of {row.model}",
        team=row.model.use_case.team_id, changes=changes,
    )  # fmt: skip
