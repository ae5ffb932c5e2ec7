"""What a person asks of the log beside reading it: to seal what waits now, and to keep a search under a name."""

from django.db import transaction

from audit.base.actors import Actor
from audit.base.errors import InvalidInput, NotFound, NotPermitted
from audit.ledger import sealing
from audit.ledger.models import SavedView
from audit.ledger.search import MOST_LETTERS

MOST_VIEWS = 30
LONGEST_NAME = 60


def seal_now(*, actor: Actor) -> sealing.Sealed:
    """Seals what waits. That changes nothing but the order of entries: who audits may do it.

    Raises:
        NotPermitted: the actor may not.
        Halted: an incident is open.
        KeyMissing: the key is not there.
    """
    if not actor.may_anywhere("ledger.seal"):
        actor.check("ledger.seal")
    return sealing.seal()


@transaction.atomic
def save_view(*, actor: Actor, name: str, query: str) -> SavedView:
    """Keeps a search under a name, for this user alone; the same name again holds the new search.

    Raises:
        NotPermitted: the actor is no user.
        InvalidInput: name or search is missing or too long, or there are too many.
    """
    name, query = name.replace("\x00", "").strip(), query.replace("\x00", "").strip()
    if actor.user_id is None:
        raise NotPermitted("Only people keep searches.")
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInput(f"Give the search a name of at most {LONGEST_NAME} letters.", where="name")
    if not query or len(query) > MOST_LETTERS:
        raise InvalidInput("Search for something first; then keep it under a name.", where="q")
    mine = SavedView.objects.filter(user=actor.user_id)
    if mine.count() >= MOST_VIEWS and not mine.filter(name=name).exists():
        raise InvalidInput(f"You keep {MOST_VIEWS} searches; delete one first.", where="name")
    view, _ = SavedView.objects.update_or_create(user=actor.user_id, name=name, defaults={"query": query})
    return view


@transaction.atomic
def delete_view(*, actor: Actor, view_id: int) -> SavedView:
    """Deletes a search that the actor keeps.

    Raises:
        NotFound: the actor keeps no such search.
    """
    view = SavedView.objects.filter(user=actor.user_id, pk=view_id).first() if actor.user_id else None
    if view is None:
        raise NotFound("You keep no such search.")
    view.delete()
    return view
