"""Who answers for data, how sensitive they are and what they are: whoever changes that leaves an entry."""

from django.db import transaction
from django.db.models import QuerySet

from audit.base.actors import Actor, Role
from audit.base.errors import InvalidInput
from audit.catalogue.ledger_actions import DATASET_DESCRIBED
from audit.catalogue.models import Dataset, Sensitivity
from audit.catalogue.services import RIGHT
from audit.ledger.audited import changed, values
from audit.ledger.services import record
from audit.people.models import User
from audit.people.selectors import holders


@transaction.atomic
def describe_dataset(
    *, actor: Actor, dataset: Dataset, owner: User | None, sensitivity: str, description: str
) -> Dataset:
    """The dataset with this owner (None: nobody known), sensitivity (empty: unknown) and description.

    The same again changes nothing and writes no entry.

    Raises:
        NotPermitted: the actor may not write for the team.
        InvalidInput: there is no such sensitivity, or the new owner has no role for the dataset's team.
    """
    locked = Dataset.objects.select_for_update(of=("self",)).select_related("team", "owner").get(pk=dataset.pk)
    actor.check(RIGHT, locked.team_id)
    if sensitivity and sensitivity not in Sensitivity.values:
        words = f"{sensitivity!r} is not a sensitivity."
        raise InvalidInput(words, where="sensitivity", mend=f"Use {', '.join(Sensitivity.values)}.")
    new = owner is not None and owner.pk != locked.owner_id
    if owner is not None and new and not can_answer(locked).filter(pk=owner.pk).exists():
        words = f"{owner.name} cannot answer for {locked}: that takes a role for {locked.team}."
        raise InvalidInput(words, where="owner", mend="Grant one first, or choose somebody else.")
    before, previous = values(locked), locked.owner
    locked.owner, locked.sensitivity, locked.description = owner, sensitivity, description.strip()
    changes = changed(before, locked)
    if not changes:
        return locked
    locked.save(update_fields=("owner", "sensitivity", "description"))
    if owner is not None and new:
        changes["owner"] = (None, owner.email)
    record(
        actor=actor,
        action=DATASET_DESCRIBED,
        subject=locked,
        team=locked.team_id,
        changes=changes,
        person=owner.pk if owner is not None and new else previous.pk if previous else None,
    )
    return locked


def can_answer(dataset: Dataset) -> QuerySet[User]:
    """Those who hold any role for the dataset's team, or for the whole organisation."""
    return holders(team=dataset.team, roles=set(Role))
