"""What people ask of a ledger of millions of entries: each way of asking, with common and with rare values."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bench.entries import BEGIN, DAYS, World

TRIES = 16
"""Different values for each way of asking."""


@dataclass(frozen=True)
class Asked:
    """A search: its kind, its text, who asks ("all", "team", "model"), and below which share of the ids."""

    kind: str
    text: str
    viewer: str = "all"
    depth: float = 0.0


def all_of(world: World, ids: dict[str, list[str]], seed: int = 3) -> Iterator[Asked]:
    """``TRIES`` searches of each kind. ``ids`` has subjects and origins that are in the ledger."""
    pick = random.Random(seed)
    for _ in range(TRIES):
        yield from _some(world, ids, pick)


def _some(world: World, ids: dict[str, list[str]], pick: random.Random) -> Iterator[Asked]:
    common_word, rare_word = pick.choice(world.words[:12]), pick.choice(world.words[2500:6000])
    person, nobody = pick.choice(world.people[:50]), pick.choice(world.people[2000:])
    model, rare_model = pick.choice(world.models[:10]), pick.choice(world.models[900:])
    day = BEGIN.date() + timedelta(days=pick.randrange(DAYS - 20))
    weeks = f"after:{day} before:{day + timedelta(days=14)}"
    yield Asked("no condition", "")
    yield Asked("actor, common person", f'actor:"{person[1]}"')
    yield Asked("actor, rare person", f"actor:{nobody[2]}")
    yield Asked("actor, service", f"actor:{pick.choice(('schedule', 'sweep', 'mlflow'))}")
    yield Asked("action, common", f"action:{pick.choice(('jobs.started', 'monitoring.measured', 'people.signed_in'))}")
    yield Asked("action, rare", "action:people.token_revoked")
    yield Asked("action, family", f"action:{pick.choice(('approvals', 'people', 'catalogue'))}")
    yield Asked("subject, by name", f"subject:{model[1]}")
    yield Asked("subject, by id", f"subject:{pick.choice(ids['subject'])}")
    yield Asked("model, common", f"model:{model[0]}")
    yield Asked("model, rare", f"model:{rare_model[0]}")
    yield Asked("use case", f"use-case:{pick.choice(world.use_cases)}")
    yield Asked("team, common", f"team:{world.teams[0]}")
    yield Asked("team, small", f"team:{world.teams[-1]}")
    yield Asked("source", f"source:{pick.choice(('folder-arrivals', 'mlflow', 'cloudtrail'))}")
    yield Asked("reason, common", f"reason:{common_word}")
    yield Asked("reason, rare", f"reason:{rare_word}")
    yield Asked("origin", f"origin:{pick.choice(ids['origin'])}")
    yield Asked("address", f"address:{pick.choice(person[3])}")
    yield Asked("is, person", "is:person")
    yield Asked("is, waiting", "is:waiting")
    yield Asked("is, pruned", "is:pruned")
    yield Asked("word, common", common_word)
    yield Asked("word, rare", rare_word)
    yield Asked("word, none fits", "nothinglikethis")
    yield Asked("word, beginning", common_word[:4])
    yield Asked("words, two common", f"{common_word} {pick.choice(world.words[:12])}")
    yield Asked("words, common and rare", f"{common_word} {rare_word}")
    yield Asked("words, phrase", f'"{common_word} {pick.choice(world.words[:40])}"')
    yield Asked("period, two weeks", weeks)
    yield Asked("period and actor", f'{weeks} actor:"{person[1]}"')
    yield Asked("period and word", f"{weeks} {common_word}")
    yield Asked("action and team", f"action:approvals.voted team:{pick.choice(world.teams[:20])}")
    yield Asked("action and rare model", f"action:jobs.started model:{rare_model[0]}")
    yield Asked("actor and action", f'actor:"{person[1]}" action:approvals')
    yield Asked("common, never together", f"action:people.signed_in reason:{common_word}")
    yield Asked("without", f"model:{model[0]} -action:jobs -action:monitoring")
    yield Asked("without common", f"-is:machine -action:people {common_word}")
    yield Asked("many conditions", f"team:{world.teams[1]} is:machine {weeks} action:jobs -reason:{rare_word}")
    for depth in (0.3, 0.9):
        yield Asked("deep, no condition", "", depth=depth)
        yield Asked("deep, common", f"is:person {pick.choice(('action:people', 'reason:model'))}", depth=depth)
        yield Asked("deep, model", f"model:{model[0]}", depth=depth)
    yield Asked("small team sees, no condition", "", viewer="team")
    yield Asked("small team sees, word", common_word, viewer="team")
    yield Asked("small team sees, action", "action:jobs.started", viewer="team")
    yield Asked("limited auditor sees, no condition", "", viewer="model")
    yield Asked("limited auditor sees, action", "action:approvals", viewer="model")


def viewers(world: World) -> dict[str, Any]:
    """Who asks: someone who sees all, a member of a small team only, an auditor limited to one model and a year."""
    from audit.base.actors import Actor, Limit, Role

    year = (date(2024, 1, 1), date(2024, 12, 31))
    limit = Limit(
        models=frozenset({world.models[40][0]}),
        use_cases=frozenset({world.use_cases[40]}),
        since=year[0],
        until=year[1],
    )
    return {
        "all": Actor.service("bench"),
        "team": Actor("person", "a", "A", {world.teams[-1]: frozenset({Role.VIEWER})}),
        "model": Actor("person", "b", "B", {}, (limit,)),
    }
