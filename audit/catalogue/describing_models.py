"""What no source could tell of a model: its use case, what it predicts, and who made a version. Each is an entry."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from audit.base.actors import Actor, Role
from audit.base.errors import InvalidInput, Refused
from audit.catalogue.followers import tell
from audit.catalogue.ledger_actions import MODEL_CHANGED, VERSION_CHANGED
from audit.catalogue.models import Model, ModelVersion, Task, UseCase
from audit.catalogue.services import FEATURE_KINDS, RIGHT
from audit.ledger.audited import changed, values
from audit.ledger.services import record
from audit.people.models import User
from audit.people.selectors import holders

LONGEST_NAME = 200
FIELDS = ("use_case", "name", "task", "outcome", "unit", "threshold")


@transaction.atomic
def describe_model(
    *,
    actor: Actor,
    model: Model,
    use_case: UseCase,
    name: str,
    task: str,
    outcome: str,
    unit: str = "",
    threshold: float | None = None,
) -> Model:
    """The model with these. The same again changes nothing and writes no entry.

    Raises:
        NotPermitted: the actor may not write for the team.
        InvalidInput: the use case is another team's, the task is unknown, or a classification has no threshold.
        Refused: the task was another one: what was measured by it would mean something else.
    """
    locked = Model.objects.select_for_update(of=("self",)).select_related("use_case__team").get(pk=model.pk)
    actor.check(RIGHT, locked.use_case.team_id)
    if use_case.team_id != locked.use_case.team_id:
        raise InvalidInput(f"{use_case} is another team's.", where="use_case", mend="Choose one of this team.")
    if task and task not in Task.values:
        raise InvalidInput(f"{task!r} is not a task.", where="task", mend=f"Use {', '.join(Task.values)}.")
    if locked.task and task != locked.task:
        was = locked.get_task_display().lower()
        raise Refused(f"{locked} is a {was}: what was measured would mean something else. Register another.")
    if task == Task.CLASSIFICATION and threshold is None:
        raise InvalidInput(
            "A classification needs the score from which it counts as positive.",
            where="threshold",
            mend="Enter a number between 0 and 1.",
        )
    before = values(locked)
    locked.use_case, locked.name, locked.task = use_case, name, task
    locked.outcome, locked.unit, locked.threshold = outcome, unit, threshold
    changes = changed(before, locked)
    if changes:
        locked.save(update_fields=FIELDS)
        record(actor=actor, action=MODEL_CHANGED, subject=locked, team=use_case.team_id, changes=changes)
        tell([locked])
    return locked


@transaction.atomic
def declare_features(*, actor: Actor, model: Model, features: Mapping[str, str]) -> Model:
    """The model with the inputs that it takes: {name: "number" or "category"}. The same again changes nothing.

    Raises:
        NotPermitted: the actor may not write for the team.
        InvalidInput: a name is empty or too long, or there is no such kind.
        Refused: it declares others: versions and references were read by them.
    """
    locked = Model.objects.select_for_update(of=("self",)).select_related("use_case__team").get(pk=model.pk)
    actor.check(RIGHT, locked.use_case.team_id)
    for name, kind in features.items():
        if not name.strip() or len(name) > LONGEST_NAME:
            raise InvalidInput(f"A feature has 1 to {LONGEST_NAME} characters.", where="features")
        if kind not in FEATURE_KINDS:
            raise InvalidInput(f"{kind!r} is not a kind.", where=f"features.{name}", mend="Use number or category.")
    if locked.features == dict(features):
        return locked
    if locked.features:
        raise Refused(f"{locked} declares features already: {', '.join(locked.inputs)}.")
    before = values(locked)
    locked.features = dict(features)
    locked.save(update_fields=("features",))
    record(
        actor=actor,
        action=MODEL_CHANGED,
        subject=locked,
        team=locked.use_case.team_id,
        changes=changed(before, locked),
    )
    tell([locked])
    return locked


@transaction.atomic
def name_author(*, actor: Actor, version: ModelVersion, author: User, reason: str) -> ModelVersion:
    """Who made a version of which the source did not tell it.

    Raises:
        NotPermitted: the actor may not write for the team.
        InvalidInput: there is no reason, or the person holds no role that builds for the team.
        Refused: its author is known.
    """
    locked = ModelVersion.objects.select_for_update(of=("self",)).select_related("model__use_case").get(pk=version.pk)
    team = locked.model.use_case.team_id
    actor.check(RIGHT, team)
    if not reason.strip():
        raise InvalidInput("Say from what you know it.", where="reason")
    if locked.author_id is not None:
        raise Refused("Its author is known.")
    if not could_build(locked).filter(pk=author.pk).exists():
        raise InvalidInput(f"{author.name} holds no role that builds for this team.", where="author")
    before = values(locked)
    locked.author = author
    locked.save(update_fields=("author",))
    record(
        actor=actor,
        action=VERSION_CHANGED,
        subject=locked,
        team=team,
        reason=reason,
        changes=changed(before, locked) | {"author": (None, author.email)},
        person=author.pk,
    )
    return locked


def could_build(version: ModelVersion) -> QuerySet[User]:
    """Those who hold a role that builds for the version's team."""
    return holders(team=version.model.use_case.team, roles={Role.OWNER, Role.ADMINISTRATOR})
