"""Every address is tried as each member of the cast and as nobody, against the table in ``access.yaml``.

An address that is missing in the table, or stands in it and nowhere else, fails the test.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver

from audit.ledger.models import Entry
from audit.people import services as people
from tests.support.addresses import LINES, TABLE, address_of, is_api, send
from tests.support.cast import NAMES, SYSTEM
from tests.support.world import World


def _patterns(resolver: Any, before: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern, here)
        else:
            yield here


def _expected(line: dict[str, Any], method: str, name: str) -> int:
    statuses = line[method]
    return int(statuses[name] if name in statuses else statuses["nobody" if name == "nobody" else "others"])


def _send(world: World, line: dict[str, Any], method: str, name: str) -> Any:
    api, token = is_api(line["url"]), ""
    client = Client() if api else world.cast.client(name)
    client.raise_request_exception = False
    if api and name != "nobody":
        user = getattr(world.cast, name)
        scopes = line.get("scopes", ["write"])
        _, token = people.issue_token(actor=SYSTEM, user=user, name="t", scopes=scopes, days=1)
    return send(client, method, address_of(line, world), line.get("body", {}), token=token, api=api)


def test_table_has_each_address_once() -> None:
    stated = [line["url"] for line in TABLE]
    assert sorted(set(_patterns(get_resolver())) - set(stated)) == [], "these addresses are missing in access.yaml"
    assert sorted(set(stated) - set(_patterns(get_resolver()))) == [], "access.yaml has addresses that do not exist"
    assert len(stated) == len(set(stated))


def test_table_has_each_operation_of_the_api(db: None) -> None:
    document = json.loads(Client().get("/api/v1/openapi.json").content)

    def plain(url: str) -> str:
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", url)

    stated = {(method, f"/{plain(line['url'])}") for line, method in LINES}
    offered = {
        (method, re.sub(r"{\w+:(\w+)}", r"{\1}", path))
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert sorted(offered - stated) == []


@pytest.mark.parametrize(("line", "method"), LINES, ids=[f"{method} {line['url']}" for line, method in LINES])
def test_address_answers_each_member_as_stated(world: World, line: dict[str, Any], method: str) -> None:
    found, expected = {}, {}
    for name in NAMES:
        with transaction.atomic():
            before = Entry.objects.filter(action="ledger.refused").count()
            answer = _send(world, line, method, name)
            refused = Entry.objects.filter(action="ledger.refused").count() - before
            found[name] = answer.status_code
            if answer.status_code == 403:
                assert refused == 1, f"the refusal of {name} is not in the ledger"
            if answer.status_code == 302 and name == "nobody" and line["url"] not in {"sign-out/"}:
                assert answer["Location"].startswith("/sign-in/"), answer["Location"]
            transaction.set_rollback(True)
        expected[name] = _expected(line, method, name)
    assert found == expected
