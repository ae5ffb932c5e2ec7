"""The pages of lineage: find a part, see where it comes from, mend what was refused; each for who may."""

import csv
import re
from datetime import UTC
from xml.etree.ElementTree import Element

import pytest
from django.test import Client

from audit.base import clock
from audit.base.actors import Role
from audit.lineage import answer as answers
from audit.lineage import services
from audit.lineage.domain.words import counted, depends, made_of, short
from audit.lineage.models import Event, Node, Rejected
from audit.people import services as people
from tests.audit.lineage.test_selectors import node, said, send
from tests.support.cast import SYSTEM, Cast
from tests.support.parsed import page, words
from tests.support.world import World


@pytest.fixture
def chain(cast: Cast) -> Client:
    """flights@1 -> clean -> features -> train -> model, with code, a schema and columns."""
    clean = said("clean", ["flights@1"], ["features"], day=3)
    clean["outputs"][0]["facets"] = {
        "schema": {
            "fields": [{"name": "delay", "type": "INT"}, {"name": "hour"}],
            "_producer": "https://example.org/p",
        },
        "columnLineage": {
            "fields": {"delay": {"inputFields": [{"namespace": "lake", "name": "flights", "field": "arr"}]}}
        },
        "ownership": {"owners": [{"name": "team:ops"}], "since": "<2020>"},
    }
    train = said("train", ["features"], ["model"], day=4, sourceCodeLocation={"url": "https://git", "version": "abc"})
    send(cast, clean, train)
    return cast.client("owner")


def place(name: str, query: str = "") -> str:
    return f"/lineage/{node(name).pk}/{query}"


def section(tree: Element, name: str) -> Element:
    found = tree.find(f".//section[@aria-labelledby='{name}']")
    assert found is not None, f"there is no section {name}"
    return found


def lede(client: Client, address: str) -> str:
    return words(page(client, address).find(".//div[@class='lede']"))


def rows(client: Client, address: str) -> list[dict[str, str]]:
    response = client.get(address)
    assert response.headers["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(b"".join(response.streaming_content).decode().splitlines()))  # type: ignore[attr-defined]


def test_empty_list_says_how_events_are_sent(cast: Cast) -> None:
    owner = words(page(cast.client("owner"), "/lineage/"))
    assert "OPENLINEAGE_URL=http://testserver/" in owner
    assert "Make a token" in owner
    manager = words(page(cast.client("manager"), "/lineage/"))
    assert "You may not send lineage events here" in manager
    assert "Make a token" not in manager


def test_list_finds_by_words_and_kind(chain: Client) -> None:
    found = page(chain, "/lineage/?q=LAKE+feat&kind=dataset")
    assert [words(one) for one in found.findall(".//tbody//th")] == ["features"]
    assert "Nothing matches" in words(page(chain, "/lineage/?q=nowhere"))
    for query in ("kind=nonsense", "q=%00"):
        assert len(page(chain, f"/lineage/?{query}").findall(".//tbody/tr")) == Node.objects.count()


def test_list_as_csv_has_times(chain: Client) -> None:
    (row,) = rows(chain, "/lineage/?q=features&kind=dataset&format=csv")
    assert (row["name"], row["namespace"], row["kind"]) == ("features", "lake", "Dataset")
    assert row["since"] == "2026-03-03T10:00:00+00:00"


def test_page_says_in_words_what_it_comes_from_and_what_depends_on_it(chain: Client) -> None:
    assert lede(chain, place("features")) == (
        "It was made from 1 version of data by 1 job and 1 run. 1 dataset and 1 run depend on it."
    )


def test_drawing_has_a_link_for_each_part_from_left_to_right(chain: Client) -> None:
    drawn = page(chain, place("features"))
    links = drawn.findall(".//svg[@class='graph']/a")
    at = {words(one.find("title")): float(re.findall(r"[\d.]+", one.attrib["transform"])[0]) for one in links}
    by_name = {title.split(" in ")[0].split(", ")[0]: x for title, x in at.items()}
    assert by_name["Version of data flights@1"] < by_name["Run clean-3 of clean"] < by_name["Dataset features"]
    assert by_name["Dataset features"] < by_name["Run train-4 of train"] < by_name["Dataset model"]
    (start,) = [one for one in links if "aria-current" in one.attrib]
    assert (start.attrib["href"], words(start.find("text[@class='kind']"))) == (place("features"), "This dataset")
    assert len(drawn.findall(".//div[@class='graph-box'][@tabindex='0'][@aria-labelledby='graph']")) == 1
    assert drawn.findall(".//*[@style]") == []


def test_question_is_taken_from_the_address(chain: Client) -> None:
    up = words(section(page(chain, place("features", "?direction=up")), "reached"))
    assert "upstream" in up
    assert "downstream" not in up
    one = section(page(chain, place("features", "?direction=down&depth=1")), "reached")
    assert [words(row) for row in one.findall(".//tbody/tr/th/a")] == ["train-4"]
    assert "Nothing that is known depends on it." in lede(chain, place("features", "?at=2026-03-03"))
    assert "Nothing was joined to it then" in words(page(chain, place("features", "?known=2026-01-01")))


@pytest.mark.parametrize("query", ["direction=sideways", "depth=0", "depth=x", "depth=9999", "at=yesterday", "known=1"])
def test_question_that_is_none_is_refused(chain: Client, query: str) -> None:
    assert chain.get(place("features", f"?{query}")).status_code == 422


def test_nodes_and_edges_as_csv(chain: Client) -> None:
    found = rows(chain, place("features", "?format=csv"))
    assert [(row["depth"], row["direction"], row["name"]) for row in found[:3]] == [
        ("0", "start", "features"), ("1", "upstream", "clean-3"), ("1", "downstream", "train-4"),
    ]  # fmt: skip
    assert {row["job"] for row in found if row["kind"] == "Run"} == {"clean", "train"}
    edges = rows(chain, place("features", "?format=csv&of=edges"))
    assert ("clean-3", "wrote", "features") in [(row["source"], row["link"], row["target"]) for row in edges]


def test_graph_of_many_draws_the_nearest_and_says_how_many_are_not(cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr(answers, "DRAWN", 4)
    send(cast, *(said(f"job{day}", [f"d{day}"], [f"d{day + 1}"], day=day) for day in range(1, 6)))
    owner = cast.client("owner")
    whole = page(owner, place("d1"))
    assert len(whole.findall(".//svg[@class='graph']/a")) == 4
    total = len(rows(owner, place("d1", "?format=csv")))
    (note,) = section(whole, "graph").findall("p[@class='note']")
    assert f"The nearest 4 are drawn, {total - 4} more are not." in words(note)
    closer = page(owner, place("d1", note.find("a").attrib["href"]))  # type: ignore[union-attr]
    assert section(closer, "graph").findall("p[@class='note']") == []
    assert len(closer.findall(".//svg[@class='graph']/a")) > 1


def test_dataset_shows_columns_and_facets(chain: Client) -> None:
    found = page(chain, place("features"))
    columns = [words(one) for one in section(found, "columns").findall(".//tbody/tr")]
    assert columns == ["delay INT flights#arr nothing known", "hour unknown unknown nothing known"]
    about = section(found, "said")
    assert "<2020>" in words(about)
    assert '"name": "team:ops"' in words(about.find(".//details/pre[@aria-label='ownership, owners']"))
    assert "Said by https://example.org/p" in words(about)


def test_run_shows_its_job_and_what_happened(chain: Client) -> None:
    found = page(chain, place("train-4"))
    assert "Run of train" in words(found.find(".//p[@class='as-of']"))
    names, values = (map(words, section(found, "said").iter(tag)) for tag in ("dt", "dd"))
    about = dict(zip(names, values, strict=True))
    assert (about["Job"], about["Was completed"]) == ("train", "Wed 4 March 2026, 10:00 UTC")
    assert lede(chain, place("train-4")).startswith("It goes back to")


def test_model_version_leads_to_its_record(world: World) -> None:
    version = Node.objects.filter(kind="model_version").first()
    found = page(world.cast.client("owner"), f"/lineage/{version.pk}/")  # type: ignore[union-attr]
    (link,) = [one for one in found.iter("a") if words(one) == "Its record in the catalogue"]
    assert link.attrib["href"].startswith("/models/late-arrival/versions/")


def test_another_team_sees_nothing(chain: Client, cast: Cast) -> None:
    outsider = cast.client("outsider")
    assert outsider.get(place("features")).status_code == 404
    assert "No event has come yet" in words(page(outsider, "/lineage/"))


def test_auditor_of_some_models_sees_nothing_of_it(chain: Client, cast: Cast, model) -> None:
    guest = people.create_user(actor=SYSTEM, email="guest@audit.example", name="Guest")
    people.grant_role(actor=SYSTEM, user=guest, role=Role.AUDITOR, team=None, only_models=[model.pk])
    client = Client()
    client.force_login(guest, backend="django.contrib.auth.backends.ModelBackend")
    for address in ("/lineage/", place("features"), "/lineage/rejected/"):
        assert client.get(address).status_code == 403
    assert 'href="/lineage/"' not in client.get("/models/").content.decode()
    assert 'href="/lineage/"' in chain.get("/models/").content.decode()


def refuse(cast: Cast, body: bytes, reason: str = "producer is missing or not text.") -> Rejected:
    return services.keep_rejected(actor=SYSTEM, team=cast.team, content=body, reason=reason)


def test_refused_delivery_is_shown_and_taken_in_when_it_is_mended(chain: Client, cast: Cast) -> None:
    kept = refuse(cast, b'{"eventTime": "2026-03-09T10:00:00Z"}')
    assert "1 delivery could not be used" in lede(chain, "/lineage/")
    found = page(chain, "/lineage/rejected/")
    assert "producer is missing" in words(found)
    assert '"eventTime"' in words(found.find(".//details/pre"))
    (row,) = rows(chain, "/lineage/rejected/?format=csv")
    assert (row["times"], row["team"]) == ("1", "flight-operations")

    address, events = f"/lineage/rejected/{kept.pk}/", Event.objects.count()
    assert "eventTime" in words(page(chain, address).find(".//textarea"))
    again = chain.post(address, {"body": kept.body})
    assert (again.status_code, b"producer is missing" in again.content) == (422, True)
    mended = '{"eventTime": "2026-03-09T10:00:00Z", "producer": "p",\r\n "schemaURL": "s", "job": %s}'
    mended %= '{"namespace": "a", "name": "b"}'
    assert chain.post(address, {"body": mended})["Location"] == "/lineage/rejected/"
    assert Event.objects.count() == events + 1
    assert "Taken in" in words(page(chain, address))
    assert chain.post(address, {"body": mended}).status_code == 422
    assert "could not be used" not in lede(chain, "/lineage/")


def test_refused_delivery_is_for_who_may_send(cast: Cast) -> None:
    kept = refuse(cast, b"{")
    found = {name: cast.client(name).get("/lineage/rejected/").status_code for name in ("owner", "outsider", "manager")}
    assert found == {"owner": 200, "outsider": 200, "manager": 403}
    assert cast.client("outsider").get(f"/lineage/rejected/{kept.pk}/").status_code == 404
    assert "could not be used" not in words(page(cast.client("manager"), "/lineage/"))


def test_words_count_and_shorten() -> None:
    assert counted({"run": 2, "dataset": 1, "job": 1}) == "1 dataset, 1 job and 2 runs"
    assert depends({"deployment": 1}) == "1 deployment depends on it."
    assert made_of("model_version", {"dataset_version": 3, "run": 2, "commit": 1}) == (
        "It was made from 3 versions of data by 2 runs, with the code of 1 commit."
    )
    assert made_of("run", {"dataset_version": 1}) == "It goes back to 1 version of data."
    assert short("dataset", "a/b/" + "c" * 30) == "cccccccccccc…ccccccccccc"
    assert short("dataset_version", "lake/flights@" + "9" * 64) == "flights@99999999"
    assert short("run", "0190a5d0-0000-7000-8000-000000000001") == "0190a5d0"
    assert short("deployment", "late@2/production/batch/0190") == "late@2 production"


def test_as_we_knew_takes_the_whole_day(chain: Client) -> None:
    today = clock.now().astimezone(UTC).date()
    assert "depend on it" in lede(chain, place("features", f"?known={today}"))
