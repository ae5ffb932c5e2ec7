"""Computes the levels of every scope, and keeps a new row only when something changed."""

import hashlib
import json
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.catalogue.models import Model
from audit.ledger.services import record
from audit.people.models import Team
from governance.maturity import domain, facts, ledger_actions
from governance.maturity.framework import google
from governance.maturity.gathering import gather
from governance.maturity.models import Assessment, CriterionResult, ScopeKind
from governance.maturity.rows import Records


def assess(*, actor: Actor) -> dict[str, int]:
    """Assesses the organisation, each team with models, and each model. Returns {"assessed", "changed"}."""
    records = gather()
    known = list(Model.objects.select_related("use_case__team"))
    teams: dict[UUID, tuple[Team, set[UUID]]] = {}
    for model in known:
        teams.setdefault(model.use_case.team_id, (model.use_case.team, set()))[1].add(model.pk)
    changed = [_assess(actor, records, ScopeKind.ORGANISATION)]
    for team, ids in teams.values():
        changed.append(_assess(actor, records.of(ids), ScopeKind.TEAM, team=team))
    for model in known:
        changed.append(_assess(actor, records.of({model.pk}), ScopeKind.MODEL, model=model, team=model.use_case.team))
    return {"assessed": len(changed), "changed": sum(changed)}


@transaction.atomic
def _assess(
    actor: Actor, records: Records, scope: ScopeKind, *, team: Team | None = None, model: Model | None = None
) -> bool:
    framework = google()
    found = facts.all_facts(records, framework)
    judgements = [domain.judge(criterion, found) for criterion in framework.criteria]
    reach = domain.level(judgements, framework.levels)
    said = json.dumps([[one.criterion.id, one.state, one.sentence] for one in judgements], sort_keys=True)
    digest = hashlib.sha256(said.encode()).hexdigest()
    key = f"model:{model.slug}" if model else f"team:{team.slug}" if team else str(scope)
    rows = Assessment.objects.select_for_update().filter(framework=framework.id, key=key, superseded_at=None)
    before = rows.first()
    if before is not None and before.digest == digest:
        rows.update(confirmed_at=clock.now())
        return False
    rows.update(superseded_at=clock.now())
    counts: dict[str, int] = {}
    for one in judgements:
        counts[one.state] = counts.get(one.state, 0) + 1
    now = Assessment.objects.create(
        framework=framework.id,
        key=key,
        scope=scope,
        team=team,
        model=model,
        confirmed=reach.confirmed,
        possible=reach.possible,
        models_count=len(records.models),
        counts=counts,
        facts={name: _plain(fact) for name, fact in sorted(found.items())},
        steps=[_step(step) for step in domain.steps(framework, judgements, reach.confirmed)],
        digest=digest,
    )
    CriterionResult.objects.bulk_create(
        CriterionResult(
            assessment=now,
            criterion=one.criterion.id,
            level=one.criterion.level,
            order=order,
            state=one.state,
            sentence=one.sentence,
            evidence=next((fact.evidence for fact in one.facts if fact.evidence), ""),
            as_of=max((fact.as_of for fact in one.facts if fact.as_of), default=None),
        )
        for order, one in enumerate(judgements)
    )
    if before is not None and (before.confirmed, before.possible) != (now.confirmed, now.possible):
        record(
            actor=actor,
            action=ledger_actions.LEVEL_CHANGED,
            subject=now,
            team=team.pk if team else None,
            within=(model.pk, model.use_case_id) if model else None,
            changes={
                "confirmed": (before.confirmed, now.confirmed),
                "possible": (before.possible, now.possible),
            },
        )
    return True


def _plain(fact: domain.Fact) -> dict[str, Any]:
    return {
        "value": fact.value,
        "unit": fact.unit,
        "n": fact.n,
        "as_of": fact.as_of.isoformat() if fact.as_of else None,
        "sentence": fact.sentence,
        "evidence": fact.evidence,
    }


def _step(step: domain.Step) -> dict[str, Any]:
    return {"title": step.title, "text": step.text, "criteria": list(step.criteria), "settles": step.settles}
