"""Founds the demo's team and people. Passwords are random, and stand only in demo-signins.json (mode 0600)."""

import json
import os
import secrets
from pathlib import Path

from django.conf import settings
from django.db import transaction

from audit.base.actors import Actor, Role
from audit.people import services
from audit.people.models import Team, User
from governance.demo import organisation


def signins_path() -> Path:
    """Where the sign-ins are written: {role: {email, password}}."""
    return settings.TOLLGATE_HOME / "demo-signins.json"


def found(*, actor: Actor) -> Team:
    """The demo's team, with its people and their roles; founding it again changes nothing."""
    about = organisation.load()
    team = Team.objects.filter(slug=about.team["slug"]).first()
    if team:
        return team
    passwords = {person.key: secrets.token_urlsafe(12) for person in about.people}
    write({person.key: {"email": person.email, "password": passwords[person.key]} for person in about.people})
    with transaction.atomic():
        team = services.create_team(actor=actor, slug=about.team["slug"], name=about.team["name"])
        for person in about.people:
            user = services.create_user(
                actor=actor, email=person.email, name=person.name, password=passwords[person.key], zone=about.zone
            )
            services.grant_role(
                actor=actor, user=user, role=Role(person.role), team=None if person.organisation else team
            )
    return team


def user(key: str) -> User:
    """The user who plays the role ``key`` of the demo."""
    email = next(person.email for person in organisation.load().people if person.key == key)
    return User.objects.get(email=email)


def write(signins: dict[str, dict[str, str]]) -> None:
    """Replaces the file with the sign-ins."""
    target = signins_path()
    draft = target.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(signins, file, indent=2)
    draft.replace(target)
