"""The fixed cast: who tries each view. All but the outsider belong to the team "flight-operations"."""

from dataclasses import dataclass, fields

import pytest
from django.test import Client

from audit.base.actors import Actor, Role
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion, UseCase
from audit.people import services as people
from audit.people.models import Team, User
from audit.people.selectors import actor_of
from tests.support.kept import kept

SYSTEM = Actor.service("test")
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Cast:
    """One user a role; the outsider owns models of another team."""

    team: Team
    other_team: Team
    manager: User
    owner: User
    validator: User
    approver: User
    auditor: User
    administrator: User
    outsider: User

    def actor(self, name: str) -> Actor:
        """The actor that the member ``name`` of the cast is; "nobody" has not signed in."""
        return Actor.nobody() if name == "nobody" else actor_of(getattr(self, name))

    def client(self, name: str) -> Client:
        """A browser session of that member."""
        client = Client()
        if name != "nobody":
            client.force_login(getattr(self, name), backend="django.contrib.auth.backends.ModelBackend")
        return client


NAMES = (*(field.name for field in fields(Cast) if field.name not in {"team", "other_team"}), "nobody")


@pytest.fixture
def cast(db: None, request: pytest.FixtureRequest) -> Cast:
    """The cast, with its roles."""
    return kept(request, _cast)


def _cast() -> Cast:
    team = people.create_team(actor=SYSTEM, slug="flight-operations", name="Flight operations")
    other = people.create_team(actor=SYSTEM, slug="catering", name="Catering")
    members = {
        "manager": (Role.VIEWER, team),
        "owner": (Role.OWNER, team),
        "validator": (Role.VALIDATOR, team),
        "approver": (Role.APPROVER, team),
        "auditor": (Role.AUDITOR, None),
        "administrator": (Role.ADMINISTRATOR, None),
        "outsider": (Role.OWNER, other),
    }
    users = {}
    for name, (role, of) in members.items():
        users[name] = people.create_user(
            actor=SYSTEM, email=f"{name}@example.org", name=name.title(), password=PASSWORD
        )
        people.grant_role(actor=SYSTEM, user=users[name], role=role, team=of)
    return Cast(team=team, other_team=other, **users)


@pytest.fixture
def use_case(cast: Cast, request: pytest.FixtureRequest) -> UseCase:
    """A use case of the team."""
    return kept(
        request,
        lambda: catalogue.register_use_case(
            actor=SYSTEM,
            team=cast.team,
            slug="late-arrival-alert",
            name="Late arrival alert",
            problem="Ground staff learn too late of flights that land late.",
        ),
    )


@pytest.fixture
def model(cast: Cast, use_case: UseCase, request: pytest.FixtureRequest) -> Model:
    """A classification of the use case, with one numeric and one categorical feature."""
    return kept(
        request,
        lambda: catalogue.register_model(
            actor=SYSTEM,
            use_case=use_case,
            slug="late-arrival",
            name="late-arrival",
            task="classification",
            owner=cast.owner,
            outcome="lands more than 15 minutes late",
            features={"hour": "number", "carrier": "category"},
            threshold=0.5,
        ),
    )


@pytest.fixture
def regression(cast: Cast, use_case: UseCase, request: pytest.FixtureRequest) -> Model:
    """A regression of the same use case."""
    return kept(
        request,
        lambda: catalogue.register_model(
            actor=SYSTEM,
            use_case=use_case,
            slug="arrival-delay",
            name="arrival-delay",
            task="regression",
            owner=cast.owner,
            outcome="arrival delay",
            unit="minutes",
            features={"hour": "number", "carrier": "category"},
        ),
    )


@pytest.fixture
def version(cast: Cast, model: Model, request: pytest.FixtureRequest) -> ModelVersion:
    """Version 1 of the classification, by the owner."""
    return kept(
        request,
        lambda: catalogue.register_version(
            actor=SYSTEM, model=model, artefact="artefacts/one", artefact_digest="1" * 64, author=cast.owner
        ),
    )
