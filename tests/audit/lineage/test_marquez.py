"""Marquez's reads: its field names, names with slashes and colons, and nothing of another team."""

from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache

from audit.lineage import marquez_selectors
from tests.audit.lineage.test_selectors import said, send
from tests.support.cast import Cast

SCHEMA = {"fields": [{"name": "delay", "type": "INT", "description": "in minutes"}]}
COLUMNS = {
    "fields": {"delay": {"inputFields": [{"namespace": "s3://lake:9000", "name": "raw/flights:all", "field": "arr"}]}}
}
IDENTITY = {"namespace": "s3://lake:9000", "name": "raw/flights:all"}


def event(job: str, reads: list[str], writes: list[str], *, day: int, **more: Any) -> dict[str, Any]:
    made = said(job, reads, writes, day=day, run=f"0190a5d0-0000-7000-8000-0000000000{day:02}")
    for row in (*made["inputs"], *made["outputs"]):
        row["namespace"] = "s3://lake:9000"
    return {**made, **more}


@pytest.fixture
def chain(cast: Cast, program) -> Any:
    """raw/flights:all -> clean/all -> features -> train -> model, in namespaces and names that hold / and :."""
    cache.clear()
    first = event("clean/all", ["raw/flights:all"], ["features"], day=3)
    first["outputs"][0]["facets"] = {
        "schema": SCHEMA, "columnLineage": COLUMNS, "documentation": {"description": "What a model learns from"},
        "version": {"datasetVersion": "v1"},
    }  # fmt: skip
    start = {**event("clean/all", ["raw/flights:all"], [], day=3), "eventType": "START"}
    start["eventTime"] = "2026-03-03T09:58:30Z"
    send(cast, first, start, event("train", ["features"], ["model"], day=4), event("cook", ["eggs"], ["cake"], day=5))
    return program("owner")


def path(*parts: str) -> str:
    return "/namespaces/" + "/".join(quote(part, safe="") for part in parts)


def test_graph_of_jobs_and_datasets_has_marquez_fields(chain) -> None:
    answer = chain.get(f"/lineage?nodeId={quote('dataset:s3://lake:9000:raw/flights:all')}&depth=5")
    assert answer.status_code == 200, answer.content
    graph = {node["id"]: node for node in answer.json()["graph"]}
    assert {ident: node["type"] for ident, node in graph.items()} == {
        "dataset:s3://lake:9000:raw/flights:all": "DATASET",
        "dataset:s3://lake:9000:features": "DATASET",
        "dataset:s3://lake:9000:model": "DATASET",
        "job:airflow:clean/all": "JOB",
        "job:airflow:train": "JOB",
    }
    job = graph["job:airflow:clean/all"]
    assert job["inEdges"] == [
        {"origin": "dataset:s3://lake:9000:raw/flights:all", "destination": "job:airflow:clean/all"}
    ]
    assert job["outEdges"] == [{"origin": "job:airflow:clean/all", "destination": "dataset:s3://lake:9000:features"}]
    assert job["data"]["inputs"] == [IDENTITY]
    assert job["data"]["type"] == "BATCH"
    features = graph["dataset:s3://lake:9000:features"]["data"]
    assert features["fields"] == [{"name": "delay", "type": "INT", "tags": [], "description": "in minutes"}]
    assert (features["description"], features["deleted"]) == ("What a model learns from", False)


def test_depth_counts_jobs(chain) -> None:
    answer = chain.get(f"/lineage?nodeId={quote('job:airflow:clean/all')}&depth=0").json()
    assert [node["id"] for node in answer["graph"] if node["type"] == "JOB"] == ["job:airflow:clean/all"]
    answer = chain.get(f"/lineage?nodeId={quote('job:airflow:clean/all')}&depth=1").json()
    assert len([node for node in answer["graph"] if node["type"] == "JOB"]) == 2


def test_graph_that_is_too_large_is_refused_with_a_sentence(chain, monkeypatch) -> None:
    monkeypatch.setattr(marquez_selectors, "MOST", 3)
    answer = chain.get(f"/lineage?nodeId={quote('job:airflow:clean/all')}")
    assert (answer.status_code, "fewer steps" in answer.json()["detail"]) == (422, True)


def test_namespaces_are_listed_and_read(chain) -> None:
    found = chain.get("/namespaces").json()
    assert [one["name"] for one in found["namespaces"]] == ["airflow", "s3://lake:9000"]
    assert chain.get("/namespaces?limit=1&offset=1").json()["namespaces"] == found["namespaces"][1:]
    assert chain.get(path("s3://lake:9000")).json() == {
        "name": "s3://lake:9000",
        "createdAt": "2026-03-03T09:58:30.000000Z",
        "updatedAt": "2026-03-05T10:00:00.000000Z",
        "ownerName": "Flight operations",
        "description": None,
        "isHidden": False,
    }


def test_jobs_and_datasets_of_a_namespace_are_listed(chain) -> None:
    jobs = chain.get(path("airflow", "jobs")).json()
    assert ([one["name"] for one in jobs["jobs"]], jobs["totalCount"]) == (["clean/all", "cook", "train"], 3)
    page = chain.get(path("s3://lake:9000", "datasets") + "?limit=2&offset=1").json()
    assert ([one["name"] for one in page["datasets"]], page["totalCount"]) == (["eggs", "features"], 5)


def test_run_tells_when_it_began_and_ended_and_what_it_wrote(chain) -> None:
    job = chain.get(path("airflow", "jobs", "clean/all")).json()
    runs = chain.get(path("airflow", "jobs", "clean/all", "runs")).json()
    assert (runs["totalCount"], runs["runs"]) == (1, [job["latestRun"]])
    (run,) = runs["runs"]
    assert (run["id"], run["state"], run["durationMs"]) == ("0190a5d0-0000-7000-8000-000000000003", "COMPLETED", 90_000)
    assert run["startedAt"] == "2026-03-03T09:58:30.000000Z"
    assert run["jobVersion"] == {"namespace": "airflow", "name": "clean/all", "version": None}
    assert run["outputVersions"] == [{"namespace": "s3://lake:9000", "name": "features", "version": "v1"}]


def test_versions_of_a_dataset_name_the_run_that_made_them(chain) -> None:
    found = chain.get(path("s3://lake:9000", "datasets", "features", "versions")).json()
    (version,) = found["versions"]
    assert version["id"] == {"namespace": "s3://lake:9000", "name": "features", "version": "v1"}
    assert version["createdByRun"]["id"] == "0190a5d0-0000-7000-8000-000000000003"
    assert version["fields"][0]["name"] == "delay"


def test_dataset_that_is_named_like_a_list_is_found(chain, cast: Cast) -> None:
    send(cast, event("copy", ["x/jobs/y"], ["a/versions"], day=6))
    assert chain.get(path("s3://lake:9000", "datasets", "x/jobs/y")).json()["name"] == "x/jobs/y"
    assert chain.get(path("s3://lake:9000", "datasets", "a/versions")).json()["name"] == "a/versions"


@pytest.mark.parametrize(
    "address",
    [path("nowhere"), path("nowhere", "jobs"), path("airflow", "jobs", "none"), path("airflow", "jobs", "none", "runs"),
     "/lineage?nodeId=job:airflow:none"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(chain, address: str) -> None:
    assert chain.get(address).status_code == 404


@pytest.mark.parametrize("node", ["", "dataset", "dataset:lake", "run:a:b"])
def test_text_that_is_no_node_is_refused(chain, node: str) -> None:
    answer = chain.get(f"/lineage?nodeId={node}")
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "nodeId")


def test_search_takes_sql_signs_and_a_filter(chain) -> None:
    def names(query: str) -> list[str]:
        return [one["name"] for one in chain.get(f"/search?{query}").json()["results"]]

    assert names("q=FLIGHT") == ["raw/flights:all"]
    assert names("q=raw%25all") == ["raw/flights:all"]
    assert names("q=c_ke") == ["cake"]
    assert names("q=c") == ["cake", "clean/all", "cook"]
    assert names("q=c&filter=job&limit=1") == ["clean/all"]
    assert names("q=c&sort=updated_at&filter=JOB") == ["cook", "clean/all"]
    assert names("q=c&namespace=airflow") == ["clean/all", "cook"]
    assert names("q=%01") == names("q=")
    one = chain.get("/search?q=flight").json()
    assert one == {
        "totalCount": 1,
        "results": [
            {
                "type": "DATASET", "name": "raw/flights:all", "namespace": "s3://lake:9000",
                "updatedAt": "2026-03-03T09:58:30.000000Z", "nodeId": "dataset:s3://lake:9000:raw/flights:all",
            }
        ],
    }  # fmt: skip


def test_events_come_back_as_they_came_by_their_time(chain) -> None:
    found = chain.get("/events/lineage?after=2026-03-03T10:00:00Z&before=2026-03-05T00:00:00Z").json()
    assert [one["job"]["name"] for one in found["events"]] == ["train", "clean/all"]
    assert found["totalCount"] == 2
    assert found["events"][0] == event("train", ["features"], ["model"], day=4)
    found = chain.get("/events/lineage?sortDirection=asc&limit=1&offset=1").json()
    assert ([one["eventTime"] for one in found["events"]], found["totalCount"]) == (["2026-03-03T10:00:00Z"], 4)


def test_column_is_traced_and_downstream_when_asked(chain) -> None:
    node = quote("datasetField:s3://lake:9000:features:delay")
    graph = {one["id"]: one for one in chain.get(f"/column-lineage?nodeId={node}").json()["graph"]}
    source, target = "datasetField:s3://lake:9000:raw/flights:all:arr", "datasetField:s3://lake:9000:features:delay"
    assert set(graph) == {source, target}
    assert graph[target]["inEdges"] == [{"origin": source, "destination": target}]
    assert graph[target]["data"]["inputFields"][0]["dataset"] == "raw/flights:all"
    node = quote(source)
    assert len(chain.get(f"/column-lineage?nodeId={node}").json()["graph"]) == 1
    assert len(chain.get(f"/column-lineage?nodeId={node}&withDownstream=true").json()["graph"]) == 2
    whole = chain.get(f"/column-lineage?nodeId={quote('dataset:s3://lake:9000:features')}").json()
    assert {one["id"] for one in whole["graph"]} == {source, target}


def test_another_team_sees_none_of_it(chain, program) -> None:
    outsider = program("outsider")
    assert outsider.get("/namespaces").json() == {"namespaces": [], "totalCount": 0}
    assert outsider.get("/search?q=").json()["results"] == []
    assert outsider.get("/events/lineage").json() == {"events": [], "totalCount": 0}
    assert outsider.get("/lineage?nodeId=job:airflow:train").status_code == 404
    assert outsider.get(path("airflow", "jobs", "train")).status_code == 404


def test_real_events_are_all_read(program, lines: list[bytes]) -> None:
    reader = program("owner")
    for line in lines:
        assert reader.post("/lineage", line).status_code == 201
    assert reader.get("/events/lineage?limit=5").json()["totalCount"] == 58  # one of them came twice
    found = reader.get("/search?q=&limit=1000").json()["results"]
    assert len(found) > 30
    for one in found:
        answer = reader.get(f"/lineage?nodeId={quote(one['nodeId'])}")
        assert one["nodeId"] in {node["id"] for node in answer.json()["graph"]}, answer.content
        shape = reader.get(path(one["namespace"], f"{one['type'].lower()}s", one["name"])).json()
        assert (shape["name"], shape["namespace"]) == (one["name"], one["namespace"])
