"""What the benchmark of the reconciliation runs, in a process and on a database of its own."""

import time


def compare(versions: int, rounds: int) -> dict[str, float]:
    """Seconds of comparing that many model versions with the log when nothing was changed; the best of some rounds."""
    from django.db import transaction

    from audit.base import ids
    from audit.base.actors import Actor
    from audit.catalogue import ledger_actions
    from audit.catalogue import services as catalogue
    from audit.catalogue.models import ModelVersion
    from audit.ledger import sealing
    from audit.ledger.audited import created
    from audit.ledger.services import Event, record_many
    from audit.people import services as people
    from audit.reconciliation import services

    actor = Actor.service("bench")
    team = people.create_team(actor=actor, slug="bench", name="Bench")
    owner = people.create_user(actor=actor, email="owner@example.org", name="Owner")
    use_case = catalogue.register_use_case(actor=actor, team=team, slug="bench", name="Bench", problem="How fast?")
    model = catalogue.register_model(
        actor=actor, use_case=use_case, slug="bench", name="bench", task="regression", owner=owner, outcome="minutes"
    )
    rows = [
        ModelVersion(
            model=model,
            number=number,
            artefact=f"artefacts/{number}",
            artefact_digest=ids.uuid7().hex * 2,
            author=owner,
            registered_by="bench",
            parameters={"max_iter": 100, "learning_rate": 0.1, "min_samples_leaf": 20},
            metrics={"mae": number / 1000, "rmse": number / 500},
        )
        for number in range(1, versions + 1)
    ]
    with transaction.atomic():
        ModelVersion.objects.bulk_create(rows, batch_size=500)
        events = [
            Event(ledger_actions.VERSION_REGISTERED, subject=row, team=team.pk, changes=created(row)) for row in rows
        ]
        record_many(actor=actor, events=events)
    sealing.seal()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        done = services.compare(actor=actor)
        seconds.append(time.perf_counter() - start)
        if done.found or done.rows < versions:
            raise RuntimeError(f"{done.found} of {done.rows} records differ; none should.")
    return {"seconds": min(seconds)}
