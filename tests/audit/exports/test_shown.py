"""Who may export finds the way to it on the pages of models and use cases, with the form filled; nobody else does."""

import pytest
from django.test import Client

from tests.support.cast import Cast
from tests.support.world import World

ASKED = "/audit/exports/?kind={kind}&amp;name={name}"
PAGES = {
    "/models/late-arrival/": ("model", "late-arrival"),
    "/use-cases/late-arrival-alert/": ("use_case", "late-arrival-alert"),
}


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("who", "leads"), [("auditor", True), ("validator", False)])
def test_pages_lead_to_the_form(world: World, cast: Cast, client: Client, path: str, who: str, leads: bool) -> None:
    client.force_login(getattr(cast, who))
    kind, name = PAGES[path]
    assert (ASKED.format(kind=kind, name=name) in client.get(path).content.decode()) is leads


def test_form_is_filled(world: World, cast: Cast, client: Client) -> None:
    client.force_login(cast.auditor)
    said = client.get("/audit/exports/", {"kind": "model", "name": "late-arrival"}).content.decode()
    assert 'value="late-arrival"' in said and '<option value="model" selected>' in said
