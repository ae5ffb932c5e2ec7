"""Every page of the filled demo, found by following its links: axe finds nothing, light and dark, and phones fit."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from tests.support.filled import Filled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.slow, pytest.mark.xdist_group("filled")]
LEFT_OUT = ("/api/v1/openapi", "/static/", "/sign-out")
LOOKS = (("administrator", "light"), ("administrator", "dark"), ("approver", "light"), ("owner", "dark"))
"""Roles that see different pages and actions, and both schemes."""


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
        for href in page.locator("a[href]:not([download])").evaluate_all("links => links.map(link => link.href)"):
            parts = urlsplit(href)
            here = parts.netloc == urlsplit(page.url).netloc
            if here and "format=" not in parts.query and not parts.path.startswith(LEFT_OUT):
                waiting.append(parts.path)


@pytest.mark.parametrize(("role", "scheme"), LOOKS)
def test_every_page_axe_finds_nothing(chromium: "Browser", filled: Filled, role: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = signed_in(chromium, filled, role, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page, found = context.new_page(), []
    for path in crawl(page):
        page.wait_for_load_state("networkidle")
        results = Axe().run(page)
        found += [
            f"{path}: {violation['id']}: {violation['nodes'][0]['html'][:160]}"
            for violation in results.response["violations"]
        ]
    context.close()
    assert found == []


def test_every_page_on_a_phone_does_not_scroll_sideways(chromium: "Browser", filled: Filled) -> None:
    context = signed_in(chromium, filled, "administrator", viewport={"width": 390, "height": 844})
    page, wide = context.new_page(), []
    for path in crawl(page):
        page.wait_for_load_state("networkidle")
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wide.append(path)
    context.close()
    assert wide == []


def test_every_page_has_a_clean_console(chromium: "Browser", filled: Filled) -> None:
    context = signed_in(chromium, filled, "administrator", viewport={"width": 1280, "height": 900})
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(f"{page.url}: {message.text}") if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    for _ in crawl(page):
        page.wait_for_load_state("networkidle")
    context.close()
    assert said == []


def test_pages_nobody_sees_pass_axe(chromium: "Browser", filled: Filled) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = chromium.new_context(base_url=filled.url)
    page = context.new_page()
    for path in ("/", "/no-such-page"):
        page.goto(path)
        assert Axe().run(page).response["violations"] == [], path
    context.close()
