"""A recall names exactly the live deployments that learned from the data, each with a way there, and its task."""

import csv
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.base import clock
from audit.base.actors import Role
from audit.base.errors import InvalidInput, NotFound, NotPermitted, Refused
from audit.catalogue import services as catalogue
from audit.catalogue.followers import tell
from audit.catalogue.models import DatasetVersion, Deployment, Model
from audit.ledger.models import Entry
from audit.lineage import recall, recalled
from audit.lineage.domain.fold import Edge, Folded, Kind, Link, Node
from audit.lineage.models import Node as Row
from audit.lineage.models import Place, Placed, RecallTask
from audit.lineage.storing import store
from audit.people import services as people
from audit.people.models import Membership
from governance.portfolio import happenings
from tests.support.api import Program
from tests.support.cast import SYSTEM, Cast, _cast


def dataset_version(cast: Cast, slug: str = "flights") -> DatasetVersion:
    dataset = catalogue.register_dataset(actor=SYSTEM, team=cast.team, slug=slug, name=slug.title())
    return catalogue.register_dataset_version(
        actor=SYSTEM, dataset=dataset, digest="a" * 64, location=f"lake/{slug}", rows=3
    )


def deployed(cast: Cast, model: Model, *data: DatasetVersion, number: int = 1) -> Deployment:
    version = catalogue.register_version(
        actor=SYSTEM,
        model=model,
        artefact=f"a/{number}",
        artefact_digest=f"{number}" * 64,
        author=cast.owner,
        training_data=list(data),
    )
    return catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="online", replace=False)


def model_of(cast: Cast, slug: str, team: str = "team") -> Model:
    use_case = catalogue.register_use_case(
        actor=SYSTEM, team=getattr(cast, team), slug=f"{slug}-case", name=slug, problem="P"
    )
    return catalogue.register_model(
        actor=SYSTEM,
        use_case=use_case,
        slug=slug,
        name=slug,
        task="classification",
        owner=cast.owner,
        outcome="late",
        threshold=0.5,
    )


def test_live_deployment_gets_a_task_with_the_way_and_the_owner(cast: Cast, model: Model) -> None:
    data = dataset_version(cast)
    live = deployed(cast, model, data)
    ended = deployed(cast, model, data, number=2)
    catalogue.end_deployment(actor=SYSTEM, deployment=ended)
    deployed(cast, model, dataset_version(cast, "weather"), number=3)
    found = recall.withdraw(actor=cast.actor("owner"), dataset_version=data, reason="Wrong clock")
    (task,) = found.tasks.all()
    assert (task.deployment, task.owner) == (live, cast.owner)
    names = dict(Row.objects.values_list("pk", "name"))
    assert [names[one] for one in task.path] == [
        f"flights@{'a' * 64}", "late-arrival@1", f"late-arrival@1/production/online/{live.pk}",
    ]  # fmt: skip
    assert list(Entry.objects.filter(action__startswith="lineage.").values_list("action", "team").order_by("pk")) == [
        ("lineage.withdrawn", cast.team.pk), ("lineage.task_opened", cast.team.pk),
    ]  # fmt: skip


def test_version_made_from_a_version_that_learned_from_it_is_found(cast: Cast, model: Model) -> None:
    data = dataset_version(cast)
    base = deployed(cast, model, data).version
    fine = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="b", artefact_digest="b" * 64, author=cast.owner, derived_from=base
    )
    catalogue.deploy(actor=SYSTEM, version=fine, environment="staging", mode="online")
    found = recall.withdraw(actor=SYSTEM, dataset_version=data, reason="Wrong clock")
    assert sorted(task.deployment.environment for task in found.tasks.all()) == ["production", "staging"]


@pytest.mark.django_db
@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_deployments_found_are_exactly_those_of_another_search(chance: random.Random) -> None:
    with transaction.atomic():
        cast = _cast()
        model = model_of(cast, "m")
        live = [deployed(cast, model, number=number) for number in range(1, 7)]
        for one in chance.sample(live, 2):
            catalogue.end_deployment(actor=SYSTEM, deployment=one)
        versions = [Placed.objects.get(place=Place.VERSION, record=one.version_id).node for one in live]
        parts = [Node(Kind(one.kind), one.namespace, one.name) for one in versions]
        parts += [Node(Kind.DATASET_VERSION, "lake", f"d{at}@1") for at in range(8)]
        parts += [Node(Kind.RUN, "jobs", f"r{at}") for at in range(8)]
        pairs = {tuple(chance.sample(parts, 2)) for _ in range(chance.randint(4, 24))}
        edges = {Edge(a, b, Link.READ if b.kind == Kind.RUN else Link.DERIVED) for a, b in pairs}
        start = parts[6]
        said = Folded(clock.now(), frozenset({*parts}), frozenset(edges), frozenset())
        store(team=cast.team, folded=[said], received_at=clock.now())
        row = Row.objects.get(key=start.key)
        found = recall.withdraw(actor=cast.actor("owner"), node=row, reason="Test")
        steps = _search(start, edges)
        expected = {
            one.pk: steps[part]
            for one, part in zip(live, parts, strict=False)
            if part in steps and Deployment.objects.get(pk=one.pk).until is None
        }
        tasks = {task.deployment_id: task for task in found.tasks.all()}
        assert set(tasks) == set(expected)
        by_key = {part.key: part for part in parts}
        for pk, task in tasks.items():
            rows = Row.objects.in_bulk(task.path)
            way = [by_key.get(rows[one].key) for one in task.path[:-1]]
            assert way[0] == start
            assert len(way) - 1 == expected[pk]
            assert all((a, b) in pairs for a, b in pairwise(way))
        transaction.set_rollback(True)


def _search(start: Node, edges: set[Edge]) -> dict[Node, int]:
    """The fewest steps to each node, by relaxing every edge until nothing changes."""
    steps: dict[Node, int] = defaultdict(lambda: 10**6, {start: 0})
    for _ in range(len(edges) + 1):
        for edge in edges:
            steps[edge.target] = min(steps[edge.target], steps[edge.source] + 1)
    return {node: count for node, count in steps.items() if count < 10**6}


def test_other_teams_deployments_are_counted_and_get_no_task(cast: Cast, model: Model) -> None:
    data = dataset_version(cast)
    deployed(cast, model, data)
    people.grant_role(actor=SYSTEM, user=cast.owner, role=Role.VIEWER, team=cast.other_team)
    deployed(cast, model_of(cast, "theirs", "other_team"), data, number=2)
    found = recall.withdraw(actor=cast.actor("owner"), dataset_version=data, reason="Wrong clock")
    assert (found.tasks.count(), found.elsewhere) == (1, 1)
    everything = recall.lift(actor=cast.actor("owner"), recall=found, reason="To ask again")
    assert everything.lifted_at is not None
    again = recall.withdraw(actor=cast.actor("administrator"), dataset_version=data, reason="Wrong clock")
    assert (again.tasks.count(), again.elsewhere) == (2, 0)


def test_deployment_that_begins_while_a_recall_stands_gets_its_task(cast: Cast, model: Model) -> None:
    data, other = dataset_version(cast), dataset_version(cast, "weather")
    found = recall.withdraw(actor=cast.actor("owner"), dataset_version=data, reason="Wrong clock")
    assert found.tasks.count() == 0
    deployed(cast, model, other)
    late = deployed(cast, model, data, number=2)
    (task,) = found.tasks.all()
    assert (task.deployment, task.owner) == (late, cast.owner)
    assert [Row.objects.get(pk=one).name for one in task.path][1:] == [
        "late-arrival@2", f"late-arrival@2/production/online/{late.pk}",
    ]  # fmt: skip
    entry = Entry.objects.get(action="lineage.task_opened")
    assert (entry.actor_name, entry.reason) == ("recall", "Wrong clock")
    assert entry.on_behalf_of
    assert "after it was withdrawn" in cast.client("owner").get(f"/lineage/recalls/{found.pk}/").content.decode()
    tell([late])
    catalogue.end_deployment(actor=SYSTEM, deployment=late)
    assert found.tasks.count() == 1
    recall.lift(actor=cast.actor("owner"), recall=found, reason="It was right")
    deployed(cast, model, data, number=3)
    assert found.tasks.count() == 1


def test_deployment_of_a_team_that_the_raiser_may_not_write_for_gets_no_task_later(cast: Cast) -> None:
    data = dataset_version(cast)
    own = recall.withdraw(actor=cast.actor("owner"), dataset_version=data, reason="x")
    theirs = model_of(cast, "theirs", "other_team")
    deployed(cast, theirs, data)
    assert own.tasks.count() == 0
    recall.lift(actor=SYSTEM, recall=own, reason="x")
    everywhere = recall.withdraw(actor=SYSTEM, dataset_version=data, reason="x")
    deployed(cast, theirs, data, number=2)
    assert everywhere.tasks.count() == 2


def test_deployment_begins_for_a_recall_whose_raiser_has_left(cast: Cast, model: Model) -> None:
    data = dataset_version(cast)
    found = recall.withdraw(actor=cast.actor("owner"), dataset_version=data, reason="x")
    Membership.objects.filter(user=cast.owner).delete()
    deployed(cast, model, data)
    assert found.tasks.count() == 1


def test_deployment_without_a_recall_costs_one_query_more(cast: Cast, model: Model) -> None:
    live = deployed(cast, model, dataset_version(cast))
    with CaptureQueriesContext(connection) as asked:
        recall.follow_up([live, live.version])
    assert len(asked) == 1
    with CaptureQueriesContext(connection) as asked:
        recall.follow_up([live.version])
    assert len(asked) == 0


@pytest.mark.parametrize("name", ["manager", "validator", "approver", "auditor", "outsider", "nobody"])
def test_who_may_not_write_may_not_withdraw_settle_or_lift(cast: Cast, model: Model, name: str) -> None:
    data = dataset_version(cast)
    deployed(cast, model, data)
    with pytest.raises(NotPermitted):
        recall.withdraw(actor=cast.actor(name), dataset_version=data, reason="x")
    found = recall.withdraw(actor=SYSTEM, dataset_version=data, reason="Wrong clock")
    with pytest.raises(NotPermitted):
        recall.finish_task(actor=cast.actor(name), task=found.tasks.get(), note="x")
    with pytest.raises(NotPermitted):
        recall.lift(actor=cast.actor(name), recall=found, reason="x")


def test_recall_needs_data_and_a_reason_and_is_raised_once(cast: Cast, model: Model) -> None:
    data = dataset_version(cast)
    live = deployed(cast, model, data)
    node = Placed.objects.get(place=Place.DEPLOYMENT, record=live.pk).node
    with pytest.raises(InvalidInput, match="Only data"):
        recall.withdraw(actor=SYSTEM, node=node, reason="x")
    with pytest.raises(InvalidInput, match="Say which"):
        recall.withdraw(actor=SYSTEM, reason="x")
    with pytest.raises(InvalidInput, match="Say why"):
        recall.withdraw(actor=SYSTEM, dataset_version=data, reason=" ")
    recall.withdraw(actor=SYSTEM, dataset_version=data, reason="x")
    with pytest.raises(Refused):
        recall.withdraw(actor=SYSTEM, dataset_version=data, reason="x")


def test_task_is_closed_once_with_what_was_done(cast: Cast, model: Model) -> None:
    data = dataset_version(cast)
    deployed(cast, model, data)
    task = recall.withdraw(actor=SYSTEM, dataset_version=data, reason="x").tasks.get()
    with pytest.raises(InvalidInput):
        recall.finish_task(actor=cast.actor("owner"), task=task, note="")
    done = recall.finish_task(actor=cast.actor("owner"), task=task, note=" Retired. ")
    assert (done.note, done.done_by) == ("Retired.", cast.owner)
    assert done.done_at is not None
    assert clock.now() - done.done_at < timedelta(minutes=1)
    with pytest.raises(Refused):
        recall.finish_task(actor=SYSTEM, task=task, note="again")


def test_lifted_recall_leaves_nothing_to_do(cast: Cast, model: Model) -> None:
    data = dataset_version(cast)
    deployed(cast, model, data)
    found = recall.withdraw(actor=SYSTEM, dataset_version=data, reason="x")
    assert len(recalled.waiting_for(cast.actor("owner"))) == 1
    recall.lift(actor=cast.actor("owner"), recall=found, reason="It was right")
    assert recalled.waiting_for(cast.actor("owner")) == []
    for again in (
        lambda: recall.lift(actor=SYSTEM, recall=found, reason="x"),
        lambda: recall.finish_task(actor=SYSTEM, task=found.tasks.get(), note="x"),
    ):
        with pytest.raises(Refused):
            again()


def test_front_page_tells_the_owner_what_waits(cast: Cast, model: Model) -> None:
    data = dataset_version(cast)
    deployed(cast, model, data)
    found = recall.withdraw(actor=SYSTEM, dataset_version=data, reason="Wrong clock")
    (waiting,) = happenings.waiting_for(viewer=cast.actor("owner"))
    assert waiting.url == f"/lineage/recalls/{found.pk}/tasks/{found.tasks.get().pk}/"
    assert "Wrong clock" in waiting.text
    assert happenings.waiting_for(viewer=cast.actor("manager")) == []
    page = cast.client("owner").get("/").content.decode()
    assert waiting.title in page


def test_pages_show_the_way_as_words_and_close_and_lift(cast: Cast, model: Model) -> None:
    data = dataset_version(cast)
    deployed(cast, model, data)
    client, node = cast.client("owner"), Placed.objects.get(place=Place.DATA, record=data.pk).node
    assert client.post(f"/lineage/{node.pk}/withdraw/", {"reason": ""}).status_code == 422
    answer = client.post(f"/lineage/{node.pk}/withdraw/", {"reason": "Wrong clock"})
    page = client.get(answer["Location"]).content.decode()
    assert "Which live models learned from flights@" in page
    assert "1 live deployment learned from it. 1 task is open." in page
    assert page.index(">late-arrival@1<") < page.index('"/models/late-arrival/history/"')
    assert '"/models/late-arrival/versions/1/"' in page
    table = client.get(answer["Location"], {"format": "csv"})
    rows = list(csv.DictReader(b"".join(table.streaming_content).decode("utf-8-sig").splitlines()))  # type: ignore[attr-defined]
    assert [(row["model"], row["version"], row["mode"], row["owner"]) for row in rows] == [
        ("late-arrival", "1", "online", "Owner")
    ]
    task = RecallTask.objects.get()
    closed = client.post(f"{answer['Location']}tasks/{task.pk}/", {"note": "Retired"})
    assert closed["Location"] == answer["Location"]
    assert "Settled" in client.get("/lineage/recalls/").content.decode()
    assert client.post(answer["Location"], {"reason": "It was right"}).status_code == 302
    assert "Lifted by" in client.get(answer["Location"]).content.decode()


def test_other_team_sees_no_recall(cast: Cast, model: Model) -> None:
    data = dataset_version(cast)
    deployed(cast, model, data)
    found = recall.withdraw(actor=SYSTEM, dataset_version=data, reason="x")
    with pytest.raises(NotFound):
        recalled.recall(viewer=cast.actor("outsider"), recall_id=found.pk)
    with pytest.raises(NotFound):
        recalled.task(viewer=cast.actor("outsider"), recall_id=found.pk, task_id=found.tasks.get().pk)
    assert "Nothing was withdrawn" in cast.client("outsider").get("/lineage/recalls/").content.decode()


def test_api_withdraws_tells_the_way_and_closes(cast: Cast, model: Model, program: Callable[..., Program]) -> None:
    data = dataset_version(cast)
    live = deployed(cast, model, data)
    own = program()
    made = own.post("/lineage/recalls", {"dataset_version": str(data.pk), "reason": "Wrong clock"})
    assert made.status_code == 201
    body = made.json()
    (task,) = body["found"]
    assert (task["model"], task["deployment"], task["owner"]) == ("late-arrival", str(live.pk), "owner@example.org")
    assert [one["kind"] for one in task["path"]] == ["dataset_version", "model_version", "deployment"]
    done = own.post(f"/lineage/recalls/{body['id']}/tasks/{task['id']}/done", {"note": "Retired"})
    assert done.json()["note"] == "Retired"
    assert own.get("/lineage/recalls").json()["items"][0]["done"] == 1
    assert own.post(f"/lineage/recalls/{body['id']}/lift", {"reason": "It was right"}).json()["lifted_at"]
    assert own.get(f"/lineage/recalls/{body['id']}").json()["lift_reason"] == "It was right"
