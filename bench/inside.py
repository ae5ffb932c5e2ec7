"""Django in this process, on an empty database in a home of its own: for benchmarks of a slice's own calls."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any


@cache
def begin() -> None:
    """Sets Django up and migrates; the home goes away with the process."""
    home = tempfile.mkdtemp(prefix="tollgate-bench-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ |= {"TOLLGATE_HOME": home, "DJANGO_SETTINGS_MODULE": "config.settings"}

    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def organisation(features: Mapping[str, str]) -> tuple[Any, Callable[[str], Any]]:
    """An actor, and how a model with these features and one version is registered; Django is set up."""
    from audit.base.actors import Actor
    from audit.catalogue import services as catalogue
    from audit.people import services as people

    actor = Actor.service("bench")
    team = people.create_team(actor=actor, slug="bench", name="Bench")
    user = people.create_user(actor=actor, email="bench@example.org", name="Bench")
    use_case = catalogue.register_use_case(actor=actor, team=team, slug="bench", name="Bench", problem="Speed.")

    def register(slug: str) -> Any:
        model = catalogue.register_model(
            actor=actor, use_case=use_case, slug=slug, name=slug, task="classification", owner=user, outcome="is late",
            features=dict(features), threshold=0.5,
        )  # fmt: skip
        catalogue.register_version(actor=actor, model=model, artefact="none", artefact_digest="1" * 64, author=user)
        return model

    return actor, register
