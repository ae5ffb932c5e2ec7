"""A real Chromium for tests marked ``browser``; without one they are skipped and say how to install it."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cast import Cast

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium_path() -> str | None:
    """Where Chromium is on this machine; ``CHROMIUM`` names another one."""
    return os.environ.get("CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """One headless browser for the run."""
    path = chromium_path()
    if path is None:
        pytest.skip("Chromium was not found; install it with: sudo apt-get install chromium (or set CHROMIUM)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread; Django would refuse the fixtures' queries because of it.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


def signed_in(live_server: Any, cast: Cast, chromium: "Browser", name: str, **options: Any) -> "BrowserContext":
    """A window of a member of the cast on the server of the test, whose addresses are without host."""
    context = chromium.new_context(base_url=live_server.url, **options)
    session = cast.client(name).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    return context


def violations(page: "Page") -> list[tuple[str, str]]:
    """What axe finds on the page that is open: the rule's id, and the first element that it finds it on."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found]


@pytest.fixture
def page(chromium: "Browser") -> Iterator["Page"]:
    """A fresh, signed-out page of 1280 by 900 pixels."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="UTC")
    yield context.new_page()
    context.close()
