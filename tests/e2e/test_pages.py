"""Every page of the filled demo, found by following its links: axe finds nothing, light and dark, and phones fit."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from tests.support.browser import violations
from tests.support.filled import Filled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.slow, pytest.mark.xdist_group("filled")]
ADDRESSES = "links => links.map(link => new URL(link.getAttribute('href'), link.baseURI).href)"
"""Of links in pages and in drawings, whose own ``href`` is no text."""
LEFT_OUT = ("/api/v1/openapi", "/static/", "/sign-out")
LOOKS = (("administrator", "dark"), ("approver", "light"), ("owner", "dark"))
"""Roles that see different pages and actions, and both schemes; the administrator in light is looked at first."""
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def signed_in(browser: "Browser", filled: Filled, role: str, **options: object) -> "BrowserContext":
    context = browser.new_context(base_url=filled.url, locale="en-GB", **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/")
    page.get_by_label("E-mail").fill(filled.signins[role]["email"])
    page.get_by_label("Password").fill(filled.signins[role]["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{filled.url}/")
    page.close()
    return context


def crawl(page: "Page") -> Iterator[str]:
    """One address of each route that links lead to from the front page; the page stands on it."""
    waiting, routes = ["/"], set()
    while waiting:
        path = waiting.pop(0)
        try:
            route = resolve(path).route
        except Resolver404:
            continue
        if route in routes:
            continue
        response = page.goto(path)
        assert response is not None and response.status == 200, f"{path}: {response and response.status}"
        routes.add(route)
        yield path
        for href in page.locator("a[href]:not([download])").evaluate_all(ADDRESSES):
            parts = urlsplit(href)
            here = parts.netloc == urlsplit(page.url).netloc
            if here and "format=" not in parts.query and not parts.path.startswith(LEFT_OUT):
                waiting.append(parts.path)


def fits(page: "Page") -> bool:
    """Whether the page is no wider than the window, once charts have taken their new size."""
    for _ in range(20):
        if page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
            return True
        page.wait_for_timeout(100)
    return False


def test_evidence_that_is_asked_for_shows_its_progress_and_can_then_be_taken(
    chromium: "Browser", filled: Filled
) -> None:
    context = signed_in(chromium, filled, "auditor", viewport=DESKTOP)
    page = context.new_page()
    page.goto("/models/late-arrival/")
    page.get_by_role("link", name="Export its evidence").click()
    page.get_by_role("button", name="Put it together").click()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download the ZIP").click(timeout=60_000)  # the page becomes ready by itself
    verifier = filled.home / "verify.py"
    with zipfile.ZipFile(taken.value.path()) as bundle:
        verifier.write_bytes(bundle.read("verify.py"))
    argv = [sys.executable, "-I", "-S", str(verifier), str(taken.value.path())]
    said = subprocess.run(argv, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout
    context.close()


def test_every_page_is_accessible_fits_a_phone_and_keeps_the_console_clean(chromium: "Browser", filled: Filled) -> None:
    context = signed_in(chromium, filled, "administrator", color_scheme="light", viewport=DESKTOP)
    page, found = context.new_page(), []
    page.on("console", lambda said: found.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))
    for path in crawl(page):
        found += [f"{path}: {rule}: {html[:160]}" for rule, html in violations(page)]
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        if not fits(page):
            found.append(f"{path}: scrolls sideways on a phone")
        page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    context.close()
    assert found == []


@pytest.mark.parametrize(("role", "scheme"), LOOKS)
def test_every_page_axe_finds_nothing(chromium: "Browser", filled: Filled, role: str, scheme: str) -> None:
    context = signed_in(chromium, filled, role, color_scheme=scheme, viewport=DESKTOP)
    page, found = context.new_page(), []
    for path in crawl(page):
        found += [f"{path}: {rule}: {html[:160]}" for rule, html in violations(page)]
    context.close()
    assert found == []


def test_pages_nobody_sees_pass_axe(chromium: "Browser", filled: Filled) -> None:
    context = chromium.new_context(base_url=filled.url)
    page = context.new_page()
    for path in ("/", "/no-such-page"):
        page.goto(path)
        assert violations(page) == [], path
    context.close()
