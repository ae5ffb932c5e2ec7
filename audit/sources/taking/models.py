"""Registered models of a source become models of the team; those that nobody has given a use case wait in one."""

from collections.abc import Sequence
from typing import Any, Final

from django.utils.text import slugify

from audit.catalogue.ledger_actions import MODEL_CHANGED, MODEL_REGISTERED, USE_CASE_REGISTERED
from audit.catalogue.models import Model, UseCase
from audit.ledger.audited import changed, created, values
from audit.ledger.services import Event, record
from audit.people.models import Team
from audit.sources.domain.told import Kind, ModelTold
from audit.sources.models import Identity
from audit.sources.taking import aliases
from audit.sources.taking.work import AT_ONCE, Work

LONGEST_SLUG: Final = 50
NO_USE_CASE: Final = "No use case yet"
PROBLEM: Final = "Models that a source told of, and that nobody has given a use case yet."


def take(work: Work, rows: Sequence[ModelTold]) -> None:
    """Makes, joins and changes models."""
    if not rows:
        return
    work.look_up(Kind.MODEL, (row.id for row in rows))
    new: list[tuple[ModelTold, Identity]] = []
    for row in rows:
        noted = work.note(Kind.MODEL, row)
        if noted is None:
            continue
        identity, before = noted
        if identity.record is None:
            new.append((row, identity))
        else:
            _change(work, row, identity, before)
    if new:
        _place(work, new)


def slug_of(name: str) -> str:
    """The short name that a name gives."""
    return slugify(name)[:LONGEST_SLUG].strip("-") or "unnamed"


def free_slug(kind: Any, wanted: str, taken: set[str]) -> str:
    """``wanted``, or with the first number behind it that nobody has; ``taken`` are given in this piece already."""
    slug, number = wanted, 1
    while slug in taken or kind.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{wanted[: LONGEST_SLUG - len(str(number)) - 1]}-{number}"
    taken.add(slug)
    return slug


def _place(work: Work, rows: Sequence[tuple[ModelTold, Identity]]) -> None:
    wanted = {row.same_as or slug_of(row.name) for row, _ in rows}
    there = _there(work, wanted)
    own = set(
        Identity.objects.filter(source=work.source, kind=Kind.MODEL, record__in=[one.pk for one in there.values()])
        .values_list("record", flat=True)
    )  # fmt: skip
    made: list[Model] = []
    taken: set[str] = set()
    use_case = None
    for row, identity in rows:
        slug = row.same_as or slug_of(row.name)
        found = there.get(slug)
        if found is not None and (row.same_as or found.pk not in own):
            identity.record = found.pk
            identity.merged_by = "the short name that the source gives" if row.same_as else "the same name"
            own.add(found.pk)
            continue
        if row.same_as:
            work.problem(f"{row.name} names the model {row.same_as} here, and the team has none.")
        use_case = use_case or unassigned(work.team, work.actor)
        model = Model(
            use_case=use_case,
            slug=free_slug(Model, slug_of(row.name), taken),
            name=row.name[:200],
            owner=work.user(row.owner),
        )
        identity.record = model.pk
        made.append(model)
    Model.objects.bulk_create(made, batch_size=AT_ONCE)
    for model in made:
        work.entry(_event(work, MODEL_REGISTERED, model, created(model)))


def _there(work: Work, slugs: set[str]) -> dict[str, Model]:
    found = Model.objects.filter(use_case__team=work.team, slug__in=slugs).select_related("use_case", "owner")
    return {model.slug: model for model in found}


def unassigned(team: Team, actor: Any) -> UseCase:
    """The team's use case for models that have none."""
    found = UseCase.objects.filter(team=team, unassigned=True).first()
    if found is None:
        slug = free_slug(UseCase, slug_of(f"no-use-case-{team.slug}"), set())
        found = UseCase.objects.create(team=team, slug=slug, name=NO_USE_CASE, problem=PROBLEM, unassigned=True)
        record(actor=actor, action=USE_CASE_REGISTERED, subject=found, team=team.pk, changes=created(found))
    return found


def _change(work: Work, row: ModelTold, identity: Identity, before: dict[str, Any]) -> None:
    """The model is called as the source calls it, as long as nobody here has called it otherwise."""
    model = Model.objects.select_related("use_case", "owner").get(pk=str(identity.record))
    earlier = values(model)
    if model.name == before.get("name"):
        model.name = row.name[:200]
    if model.owner is None:
        model.owner = work.user(row.owner)
    changes = changed(earlier, model)
    if changes:
        model.save(update_fields=("name", "owner"))
        work.entry(_event(work, MODEL_CHANGED, model, changes))
    identity.name = row.name[:300]
    if row.aliases is not None:
        aliases.take_away(work, model, set(before.get("aliases") or {}) - set(row.aliases))


def _event(work: Work, action: str, model: Model, changes: dict[str, Any]) -> Event:
    if model.owner and "owner_id" in changes:
        changes = changes | {"owner": (None, model.owner.email)}
    return Event(
        action, subject=model, team=work.team.pk, changes=changes, person=model.owner.pk if model.owner else None
    )
