"""A token is a key that is shown once, kept as a digest, narrowed by scopes, and ends."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from audit.base import clock
from audit.base.errors import InvalidInput, NotFound, NotPermitted
from audit.ledger.models import Entry
from audit.people import services
from audit.people.models import Token
from tests.support import told
from tests.support.api import Program
from tests.support.cast import Cast

Programs = Callable[..., Program]


def issue(cast: Cast, name: str = "owner", scopes: list[str] | None = None, days: int = 3) -> tuple[Token, str]:
    """A token of that member, made by themselves."""
    user = getattr(cast, name)
    return services.issue_token(
        actor=cast.actor(name), user=user, name="training", scopes=scopes or ["write"], days=days
    )


def test_text_is_not_kept(cast: Cast) -> None:
    token, text = issue(cast)
    row = Token.objects.values().get(pk=token.pk)
    assert text not in str(row)
    assert row["digest"] == services.digest(text)
    assert len(row["digest"]) == 64
    entry = Entry.objects.get(action="people.token_issued")
    assert text not in str(entry.__dict__)


def test_token_has_its_owners_roles_and_its_scopes(cast: Cast) -> None:
    actor = services.actor_of_token(text=issue(cast, scopes=["read"])[1])
    assert actor is not None
    assert (actor.kind, actor.on_behalf_of) == ("token", "owner@example.org")
    assert actor.may("read", cast.team.pk)
    assert not actor.may("catalogue.write", cast.team.pk)
    assert actor.why_not("catalogue.write") == "This token may not register or change models: its scope is read."
    writer = services.actor_of_token(text=issue(cast, scopes=["write"])[1])
    assert writer is not None
    assert writer.may("catalogue.write", cast.team.pk)
    assert not writer.may("catalogue.write", cast.other_team.pk)
    assert not writer.may("people.manage")


def test_token_that_ended_or_was_revoked_is_nobody(cast: Cast, program: Programs) -> None:
    token, text = issue(cast)
    assert services.actor_of_token(text=text) is not None
    services.revoke_token(actor=cast.actor("owner"), token_id=str(token.pk))
    assert services.actor_of_token(text=text) is None
    other, other_text = issue(cast)
    Token.objects.filter(pk=other.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    assert services.actor_of_token(text=other_text) is None
    assert services.actor_of_token(text="tg_guess") is None


def test_token_of_a_person_switched_off_is_nobody(cast: Cast) -> None:
    _, text = issue(cast)
    cast.owner.is_active = False
    cast.owner.save()
    assert services.actor_of_token(text=text) is None


def test_last_use_is_kept_to_the_minute(cast: Cast) -> None:
    token, text = issue(cast)
    assert token.last_used_at is None
    services.actor_of_token(text=text)
    token.refresh_from_db()
    first = token.last_used_at
    assert first is not None
    services.actor_of_token(text=text)
    token.refresh_from_db()
    assert token.last_used_at == first
    Token.objects.update(last_used_at=first - timedelta(minutes=2))
    services.actor_of_token(text=text)
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert token.last_used_at >= first


@pytest.mark.parametrize(("scopes", "days"), [(["read"], 0), (["read"], 367), ([], 3), (["all"], 3)])
def test_token_without_bounds_is_refused(cast: Cast, scopes: list[str], days: int) -> None:
    with pytest.raises(InvalidInput):
        services.issue_token(actor=cast.actor("owner"), user=cast.owner, name="x", scopes=scopes, days=days)


def test_token_for_someone_else_is_refused(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        services.issue_token(actor=cast.actor("administrator"), user=cast.owner, name="x", scopes=["read"], days=3)
    with pytest.raises(NotPermitted, match="issue API tokens"):
        services.issue_token(actor=cast.actor("manager"), user=cast.manager, name="x", scopes=["read"], days=3)


def test_token_of_someone_else_cannot_be_revoked(cast: Cast) -> None:
    token, _ = issue(cast)
    with pytest.raises(NotFound):
        services.revoke_token(actor=cast.actor("administrator"), token_id=str(token.pk))


def test_settings_show_the_text_once(cast: Cast) -> None:
    client = cast.client("owner")
    sent = {"form": "token", "name": "training", "scopes": ["read"], "days": "3"}
    text = client.post("/settings/", sent).content.decode()
    token = Token.objects.get()
    assert text.count("tg_") >= 1
    shown = text[text.index("tg_") :].split("<")[0]
    assert services.digest(shown) == token.digest
    assert shown not in client.get("/settings/").content.decode()
    assert client.post(f"/settings/tokens/{token.pk}/revoke/").status_code == 302
    assert "Revoked" in client.get("/settings/").content.decode()
    assert client.post(f"/settings/tokens/{token.pk}/revoke/").status_code == 409


def test_settings_without_the_right_show_why(cast: Cast) -> None:
    client = cast.client("manager")
    assert "You may not issue API tokens here" in client.get("/settings/").content.decode()
    sent = {"form": "token", "name": "training", "scopes": ["read"], "days": "3"}
    assert client.post("/settings/", sent).status_code == 403
    assert told.entry(action="ledger.refused").actor_id == "manager@example.org"
