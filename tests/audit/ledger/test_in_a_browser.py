"""The audit page holds what axe asks, light and dark, fits a phone, and its search line is worked by keyboard."""

import re

import pytest
from django.db import transaction

from audit.base.actors import Actor, Role
from audit.catalogue import services as catalogue
from audit.ledger import services
from audit.ledger.models import Entry
from audit.ledger.sealing import seal
from tests.support.browser import signed_in, violations
from tests.support.cast import SYSTEM

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def addresses(cast, model, version) -> list[str]:
    """The page in each of its states."""
    ines = Actor(
        "person", cast.owner.email, cast.owner.name, {None: frozenset({Role.OWNER})},
        address="10.4.18.77", origin="request 0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b", user_id=cast.owner.pk,
    )  # fmt: skip
    catalogue.register_dataset(actor=ines, team=cast.team, slug="flights", name="Flights of 2013")
    with transaction.atomic():
        services.record(
            actor=SYSTEM, action="ledger.refused", subject_name="POST /models/" + "a-very-long-name" * 9,
            reason="Nobody may do this here. " * 9,
        )  # fmt: skip
    seal()
    numbers = dict(Entry.objects.values_list("action", "leaf__number"))
    with transaction.atomic():
        waiting = services.record(actor=ines, action="ledger.refused", subject_name="POST /", reason="Too late")
    return [
        "/audit/",
        f"/audit/?entry={numbers['catalogue.dataset_registered']}",
        f"/audit/?entry={numbers['catalogue.model_registered']}",
        f"/audit/?waiting={waiting.pk}",
        "/audit/?q=model:late-arrival",
        "/audit/?q=nothinglikethis",
        "/audit/?q=after:yesterday+who:ines",
    ]


@pytest.mark.parametrize(("name", "scheme"), [("auditor", "light"), ("manager", "dark")])
def test_axe_finds_nothing(live_server, cast, addresses, chromium, name: str, scheme: str) -> None:
    context = signed_in(live_server, cast, chromium, name, color_scheme=scheme)
    page = context.new_page()
    for address in addresses:
        page.goto(address)
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        assert violations(page) == [], address
    page.goto("/audit/")
    page.keyboard.press("/")
    page.keyboard.type("act")
    page.locator("#q-options [role=option]").first.wait_for()
    page.keyboard.press("ArrowDown")
    assert violations(page) == []
    context.close()


def test_pages_fit_a_phone(live_server, cast, addresses, chromium) -> None:
    context = signed_in(live_server, cast, chromium, "auditor", viewport={"width": 390, "height": 844})
    page = context.new_page()
    for address in addresses:
        page.goto(address)
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
    context.close()


def test_search_line_is_completed_by_keyboard(live_server, cast, addresses, chromium) -> None:
    context = signed_in(live_server, cast, chromium, "auditor")
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto("/audit/")
    field = page.get_by_role("combobox", name="Search the audit log")
    options = page.locator("#q-options [role=option]:visible")
    page.keyboard.press("/")
    page.keyboard.type("-mo")
    options.first.wait_for()
    assert field.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == "q-option-1"
    page.keyboard.press("Enter")
    assert field.input_value() == "-model:"
    page.get_by_role("option", name=re.compile("late-arrival")).wait_for()
    page.keyboard.press("ArrowUp")
    assert options.last.get_attribute("aria-selected") == "true"
    page.keyboard.press("Tab")
    assert field.input_value() == "-model:late-arrival "
    assert field.evaluate("field => document.activeElement === field")
    page.keyboard.type("act")
    options.first.wait_for()
    page.keyboard.press("Escape")
    assert (field.get_attribute("aria-expanded"), options.count()) == ("false", 0)
    assert field.input_value() == "-model:late-arrival act"
    for _ in "act":
        page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    page.wait_for_url("**/audit/?q=-model%3Alate-arrival*")
    field.fill("is:")
    page.get_by_role("option", name="is:waiting").click()
    assert field.input_value() == "is:waiting "
    assert said == []
    context.close()


def test_waiting_entry_is_sealed_and_its_proof_taken_by_hand(live_server, cast, addresses, chromium) -> None:
    context = signed_in(live_server, cast, chromium, "administrator")
    page = context.new_page()
    page.goto(addresses[3])
    page.locator("section:has(#proof)").get_by_role("button", name="Seal now").click()
    page.wait_for_url("**/audit/")
    page.get_by_role("link", name="catalogue.dataset").or_(page.locator("td.num a")).first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download proof").click()
    assert re.fullmatch(r"entry-\d+-of-\d+\.json", download.value.suggested_filename)
    context.close()
