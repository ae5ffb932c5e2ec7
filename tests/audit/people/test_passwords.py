"""A password that is changed, or kept under a stronger hash, is an entry; no entry shows either."""

import getpass
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client, override_settings

from audit.base.errors import NotPermitted
from audit.ledger.models import Entry
from audit.people import services
from audit.people.models import User
from audit.reconciliation.services import compare
from tests.support import told
from tests.support.cast import PASSWORD, SYSTEM, Cast

STRONGER = ["django.contrib.auth.hashers.PBKDF2PasswordHasher", "django.contrib.auth.hashers.MD5PasswordHasher"]
ANOTHER = "quite another staple 7"


def signs_in(name: str, password: str) -> bool:
    """Whether that is the password."""
    return bool(Client().post("/sign-in/", {"username": name, "password": password}).status_code == 302)


def test_hash_that_is_made_anew_at_sign_in_is_an_entry(cast: Cast) -> None:
    before = User.objects.get(pk=cast.owner.pk).password
    assert before.startswith("md5$")
    with override_settings(PASSWORD_HASHERS=STRONGER):
        assert signs_in("owner@example.org", PASSWORD)
        after = User.objects.get(pk=cast.owner.pk).password
        assert after.startswith("pbkdf2_")
        assert signs_in("owner@example.org", PASSWORD)
        assert User.objects.get(pk=cast.owner.pk).password == after
    entry = told.entry(action="people.password_rehashed")
    assert (entry.actor_name, entry.on_behalf_of, entry.subject_name) == ("sign-in", "owner@example.org", "Owner")
    assert entry.changes == {}
    assert compare(actor=SYSTEM).found == 0


def test_hash_made_anew_gives_way_to_a_password_changed_meanwhile(cast: Cast) -> None:
    before = cast.owner.password
    services.change_password(actor=SYSTEM, user=cast.owner, password=ANOTHER)
    services.note_rehashed(user=cast.owner, before=before, after="md5$x$y")
    assert signs_in("owner@example.org", ANOTHER)
    assert not told.entries(action="people.password_rehashed")


def test_changed_password_is_an_entry_that_does_not_show_it(cast: Cast) -> None:
    services.change_password(actor=cast.actor("administrator"), user=cast.owner, password=ANOTHER)
    assert signs_in("owner@example.org", ANOTHER)
    assert not signs_in("owner@example.org", PASSWORD)
    entry = told.entry(action="people.password_changed")
    assert (entry.actor_id, entry.subject_name, entry.changes) == ("administrator@example.org", "Owner", {})
    kept = User.objects.get(pk=cast.owner.pk).password
    assert not Entry.objects.filter(changes__contains=kept.rsplit("$", 1)[-1]).exists()
    assert compare(actor=SYSTEM).found == 0


def test_password_of_another_is_not_changed_without_the_role(cast: Cast) -> None:
    services.change_password(actor=cast.actor("owner"), user=cast.owner, password=ANOTHER)
    with pytest.raises(NotPermitted, match="manage people"):
        services.change_password(actor=cast.actor("owner"), user=cast.manager, password=ANOTHER)
    assert len(told.entries(action="people.password_changed")) == 1


def test_command_changes_the_password_with_its_entry(cast: Cast, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    typed = iter([ANOTHER, ANOTHER, ANOTHER, "typo", "password", "password"])
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(typed))
    call_command("changepassword", "Owner@example.org")
    assert "is changed" in capsys.readouterr().out
    assert told.entry(action="people.password_changed").actor_name == "command line"
    assert signs_in("owner@example.org", ANOTHER)
    with pytest.raises(CommandError, match="differ"):
        call_command("changepassword", "owner@example.org")
    with pytest.raises(CommandError, match="too common"):
        call_command("changepassword", "owner@example.org")
    with pytest.raises(CommandError, match="no user"):
        call_command("changepassword", "nobody@example.org")
    assert len(told.entries(action="people.password_changed")) == 1
