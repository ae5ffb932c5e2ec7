"""The main job, as someone does it who has never seen Tollgate: look, decide with two sign-ins, see it recorded."""

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.filled import Filled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.slow, pytest.mark.xdist_group("filled")]
MODELS = ("late-arrival", "arrival-delay")


@pytest.fixture
def sign_in(chromium: "Browser", filled: Filled):
    """Opens a browser session of a role of the demo."""
    contexts = []

    def signed_in(role: str) -> "Page":
        context = chromium.new_context(base_url=filled.url, viewport={"width": 1280, "height": 900}, locale="en-GB")
        contexts.append(context)
        page = context.new_page()
        page.goto("/")
        page.get_by_label("E-mail").fill(filled.signins[role]["email"])
        page.get_by_label("Password").fill(filled.signins[role]["password"])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{filled.url}/")
        return page

    yield signed_in
    for context in contexts:
        context.close()


def vote(page: "Page", comment: str) -> None:
    """Approves the one request that waits, with a comment."""
    page.goto("/decisions/")
    page.get_by_role("link", name=re.compile("late-arrival v2")).first.click()
    page.get_by_label("Your comment").fill(comment)
    page.get_by_role("button", name=re.compile("^Approve")).click()
    page.wait_for_load_state()


def test_a_waiting_promotion_approved_by_two_people_is_in_production_and_in_the_ledger(sign_in) -> None:
    manager = sign_in("manager")
    for name in MODELS:
        assert manager.get_by_role("link", name=name).count() > 0
    assert manager.get_by_text("simulated").count() > 0

    manager.goto("/models/late-arrival/")
    manager.get_by_role("link", name="Year").click()
    manager.wait_for_load_state()
    weeks = weekly(manager)
    summer = [value for week, value in weeks if "August" in week]
    spring = [value for week, value in weeks if "March" in week or "May" in week]
    assert min(summer) < 0.66 < max(spring)
    manager.goto("/decisions/")
    manager.locator("main a[href^='/decisions/0']").first.click()
    manager.wait_for_load_state()
    assert manager.get_by_text("0.618, 0.657 and 0.644 in the weeks until that of 12 August 2013").count() > 0

    vote(sign_in("validator"), "Holds on the weeks that neither version had seen.")
    manager.goto("/models/late-arrival/")
    assert production_version(manager) == "v1"
    vote(sign_in("approver"), "The gain is worth the change.")
    manager.goto("/models/late-arrival/")
    assert production_version(manager) == "v2"

    auditor = sign_in("auditor")
    auditor.goto("/audit/?q=late-arrival")
    said = auditor.locator("main").inner_text()
    for step in ("approved", "moved the alias", "deployed"):
        assert step in said
    auditor.get_by_role("button", name=re.compile("Verify")).click()
    auditor.wait_for_load_state()
    assert "Verified" in auditor.locator("main").inner_text()


def weekly(page: "Page") -> list[tuple[str, float]]:
    """The rows of version 1 in the table under the performance chart: week and main measure."""
    page.locator("details.data").first.evaluate("element => element.open = true")
    rows = page.locator("details.data").first.locator("tbody tr")
    found = []
    for cells in rows.evaluate_all("rows => rows.map(row => [...row.children].map(cell => cell.innerText))"):
        numbers = [float(cell) for cell in cells[1:] if re.fullmatch(r"0\.\d+", cell)]
        if numbers and "v2" not in cells:
            found.append((cells[0], numbers[0]))
    return found


def production_version(page: "Page") -> str:
    """The version that the model page says is in production."""
    found = re.search(r"Version (\d+) in production since", page.locator("main").inner_text())
    assert found is not None
    return f"v{found[1]}"
