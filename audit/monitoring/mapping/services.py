"""What the columns of a model's files are is stated by a person, with a reason, and each change is an entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.db import transaction

from audit.base.actors import Actor
from audit.base.errors import InvalidInput
from audit.catalogue.describing_models import declare_features
from audit.catalogue.models import Model, Task
from audit.ledger.audited import changed, created, values
from audit.ledger.services import record
from audit.monitoring import ledger_actions
from audit.monitoring.mapping_models import LogMapping

RIGHT: Final = "monitoring.write"
OWN: Final = ("prediction_id", "at", "version", "score", "prediction", "label", "predicted_at")
FIELDS: Final = ("columns", "segments", "sensitive", "classes", "ignored", "stated_by")
MOST_CUTS: Final = 20
MOST_CLASSES: Final = 100
LONGEST: Final = 200


@transaction.atomic
def state_mapping(
    *,
    actor: Actor,
    model: Model,
    columns: Mapping[str, str],
    segments: Sequence[str] = (),
    sensitive: Sequence[str] = (),
    classes: Sequence[str] = (),
    ignored: Sequence[str] = (),
    features: Mapping[str, str] | None = None,
    reason: str,
) -> LogMapping:
    """What the columns of the model's files are from now on: files that come later are read so.

    ``columns`` maps names of the product to names in the files; those that are left out go by the product's name.
    ``features`` ({name: "number" or "category"}) are declared with it, by a model that declares none. The same again
    changes nothing and writes no entry.

    Raises:
        NotPermitted: the actor may not send for the model's team.
        Refused: ``features`` are given, and the model declares others.
        InvalidInput: there is no reason, a name is unknown, two names stand for one column, results are cut by
            something that is no group, or the classes are not those of a model with more than two.
    """
    team = model.use_case.team_id
    actor.check(RIGHT, team)
    if not reason.strip():
        raise InvalidInput("Say from what you know it.", where="reason")
    locked = Model.objects.select_for_update(of=("self",)).select_related("use_case__team").get(pk=model.pk)
    if features:
        locked = declare_features(actor=actor, model=locked, features=features)
    found = LogMapping.of(locked)
    new, before = found.unstated, values(found)
    found.columns = {ours: theirs for ours, theirs in sorted(columns.items()) if ours != theirs}
    found.segments, found.sensitive = list(segments), list(sensitive)
    found.classes, found.ignored = list(classes), sorted(set(ignored))
    _check(locked, found, dict(columns))
    changes = created(found) if new else changed(before, found)
    if not changes:
        return found
    found.stated_by = actor.name
    found.save()
    changes = created(found) if new else changed(before, found)
    record(
        actor=actor,
        action=ledger_actions.MAPPING_STATED,
        subject=found,
        team=team,
        reason=reason.strip(),
        changes=changes,
    )
    return found


def _check(model: Model, found: LogMapping, columns: Mapping[str, str]) -> None:
    _check_cuts(model, found)
    _check_classes(model, found)
    known = {*OWN, *model.features, *found.groupings, *(f"score:{name}" for name in found.classes)}
    stands: dict[str, str] = {}
    for ours, theirs in columns.items():
        if ours not in known:
            raise InvalidInput(
                f"{ours!r} is nothing that a column can be.", where="columns", mend=f"Use {', '.join(sorted(known))}."
            )
        if not theirs.strip() or len(theirs) > LONGEST:
            raise InvalidInput(
                f"The column of {ours} has no name, or one of more than {LONGEST} characters.", where="columns"
            )
        if theirs in stands:
            raise InvalidInput(f"The column {theirs} is both {stands[theirs]} and {ours}.", where="columns")
        if theirs in found.ignored:
            raise InvalidInput(f"The column {theirs} is {ours}, and left out too.", where="ignored")
        stands[theirs] = ours
    for theirs, ours in stands.items():
        if theirs != ours and theirs in known - {"predicted_at"} and theirs not in columns:
            raise InvalidInput(
                f"The column {theirs} is stated as {ours}, so nothing says which one is {theirs}.",
                where="columns",
                mend=f"State the column of {theirs} too.",
            )
    for name in found.ignored:
        if not name.strip() or len(name) > LONGEST:
            raise InvalidInput("A column that is left out has no name, or too long a one.", where="ignored")


def _check_cuts(model: Model, found: LogMapping) -> None:
    for where, names in (("segments", found.segments), ("sensitive", found.sensitive)):
        if len(set(names)) != len(names) or len(names) > MOST_CUTS:
            raise InvalidInput(f"A column stands twice, or they are more than {MOST_CUTS}.", where=where)
        for name in names:
            if name in OWN or name.startswith(("score:", "#")) or not name.strip() or len(name) > LONGEST:
                raise InvalidInput(f"Results cannot be cut by {name!r}.", where=where, mend="Name a column of groups.")
            if model.features.get(name) == "number":
                raise InvalidInput(
                    f"{name} is a number, and results are cut by groups.",
                    where=where,
                    mend="Send the groups as a column of their own, such as an age group.",
                )


def _check_classes(model: Model, found: LogMapping) -> None:
    if found.classes and model.task != Task.MULTICLASS:
        raise InvalidInput(f"{model} does not choose between classes.", where="classes", mend="Leave them out.")
    plain = [name for name in found.classes if name.strip() and len(name) <= LONGEST]
    if found.classes and (len(set(plain)) != len(found.classes) or not 2 <= len(plain) <= MOST_CLASSES):
        raise InvalidInput(
            f"These are not 2 to {MOST_CLASSES} different names of classes.", where="classes", mend="Name each once."
        )
