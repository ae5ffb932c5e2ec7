"""The real events, and a token that sends them."""

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def lines(shared_data: Path) -> list[bytes]:
    """The 59 events, each as it was sent."""
    return (shared_data / "lineage" / "events.ndjson").read_bytes().splitlines()


@pytest.fixture
def bodies(lines: list[bytes]) -> list[dict[str, Any]]:
    """The same, read."""
    return [json.loads(line) for line in lines]
