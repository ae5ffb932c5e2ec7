"""Every address of Tollgate as ``tests/access.yaml`` lists them, and how a test asks for one."""

import json
import re
from pathlib import Path
from typing import Any

import yaml
from django.test import Client

from tests.support.world import World

TABLE: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[1] / "access.yaml").read_text())
METHODS = ("get", "post", "put", "patch", "delete")
LINES = [(line, method) for line in TABLE for method in METHODS if method in line]


def address_of(line: dict[str, Any], world: World, instead: dict[str, str] | None = None) -> str:
    """The address of a line: its records are those of ``world``; ``instead`` maps some to other texts."""

    def filled(part: re.Match[str]) -> str:
        value = line["fill"][part["name"]]
        if instead and value in instead:
            return instead[value]
        return world.id_of(value) if value in world.rows else str(value)

    return "/" + re.sub(r"<(?:\w+:)?(?P<name>\w+)>", filled, line["url"])


def is_api(url: str) -> bool:
    """Whether programs ask there, with a token."""
    return url.startswith("api/") and url != "api/v1/docs"


def send(client: Client, method: str, address: str, body: Any, *, token: str = "", api: bool = False) -> Any:
    """The answer: forms to pages, JSON to the API."""
    if not api:
        return getattr(client, method)(address, body if method == "post" else None)
    content = b"" if method == "get" else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.generic(method.upper(), address, content, content_type="application/json", headers=headers)
