"""The pages of documents hold what axe asks, light and dark, and fit a phone; a file can be attached and taken."""

from datetime import date
from pathlib import Path

import pytest

from audit.documents import services
from tests.audit.documents import files
from tests.support.browser import signed_in, violations

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

OVERLAPS = """() => [...document.querySelectorAll(".stack tbody tr")].flatMap(row => {
  const boxes = [...row.children].map(cell => { const range = document.createRange(); range.selectNodeContents(cell);
    return [...range.getClientRects()].filter(box => box.width > 1) });
  return boxes.flatMap((own, at) => boxes.slice(at + 1).flatMap(other => own.flatMap(a => other
    .filter(b => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
    .map(() => row.innerText))));
})"""
"""The rows of tables in which the text of one cell lies over that of another."""


@pytest.fixture
def addresses(cast, attach, use_case, regression) -> list[str]:
    """Each page, empty where it can be and with something of every state on it."""
    first = attach(signed_by="Ines Duarte", title="Risk management file of the late-arrival model, first edition")
    second = attach(content=files.pdf("b"), dated=date(2013, 6, 1), replaces=first, signed_by="Ines Duarte")
    gone = attach(scope=use_case, kind="policy", title="AI policy", filename="policy-of-a-very-long-name" * 7 + ".pdf")
    services.withdraw_document(actor=cast.actor("owner"), document=gone, reason="It was signed by nobody.")
    attach(scope=cast.team, kind="test-report", title="Test report", content=files.docx(), filename="report.docx")
    return [
        "/documents/",
        "/documents/?kind=contract",
        "/documents/attach/?model=late-arrival",
        f"/documents/attach/?replaces={second.pk}",
        f"/documents/{first.pk}/",
        f"/documents/{second.pk}/",
        f"/documents/{gone.pk}/",
        "/models/late-arrival/",
        "/models/arrival-delay/",
        "/use-cases/late-arrival-alert/",
    ]


@pytest.mark.parametrize("name", ["owner", "validator"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(live_server, cast, addresses, chromium, name: str, scheme: str) -> None:
    context = signed_in(live_server, cast, chromium, name, color_scheme=scheme)
    page = context.new_page()
    for address in addresses:
        page.goto(address)
        assert violations(page) == [], address
    context.close()


def test_pages_fit_a_phone(live_server, cast, addresses, chromium) -> None:
    context = signed_in(live_server, cast, chromium, "owner", viewport={"width": 390, "height": 800})
    page = context.new_page()
    for address in addresses:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
        assert page.evaluate(OVERLAPS) == [], address
    context.close()


def test_person_attaches_a_file_and_downloads_it_again(live_server, cast, model, chromium, tmp_path: Path) -> None:
    file = tmp_path / "risks.pdf"
    file.write_bytes(files.pdf())
    context = signed_in(live_server, cast, chromium, "validator")
    page = context.new_page()
    page.goto("/models/late-arrival/")
    page.get_by_role("link", name="Attach a document").click()
    page.get_by_label("What it is").select_option("risk-file")
    page.get_by_label("Title").fill("Risk file")
    page.get_by_label("File").set_input_files(file)
    page.get_by_label("Date of the document").fill("2013-03-01")
    page.get_by_role("button", name="Attach the document").click()
    assert page.get_by_role("heading", name="Does “Risk file” stand?").is_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert Path(download.value.path()).read_bytes() == files.pdf()
    assert download.value.suggested_filename == "risks.pdf"
    context.close()
