"""The page needs nothing but a browser: no script, nothing loaded; it says what the report says, and axe is content."""

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from audit.exports import page
from audit.exports.report import plain
from tests.audit.exports.support import report, texts
from tests.audit.exports.test_typeset import with_text
from tests.support.browser import violations


class Read(HTMLParser):
    """The tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def html() -> str:
    return page.render(report()).decode()


def test_page_says_every_text_of_the_report(html):
    said = Read(html).text
    assert [text for text in texts(plain(report())) if " ".join(text.split()) not in said] == []


def test_page_loads_nothing_and_runs_nothing(html):
    tags = Read(html).tags
    assert not {tag for tag, _ in tags} & {"script", "link", "iframe", "img", "object", "embed", "form", "base"}
    for tag, attributes in tags:
        assert not any(name.startswith("on") or name in {"src", "srcset", "style"} for name in attributes), tag
        assert (attributes.get("href") or "#").startswith("#")
    assert "@import" not in html and "url(" not in html
    assert "default-src 'none'" in html


def test_headings_step_down_one_at_a_time_and_ids_are_unique(html):
    tags = Read(html).tags
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    targets = {(attributes.get("href") or "#main")[1:] for tag, attributes in tags if tag == "a"}
    assert targets <= set(ids)


def test_texts_are_escaped():
    text = '<script>alert(1)</script> "quoted" & <b>bold</b>'
    html = page.render(with_text(text)).decode()
    assert "<script>" not in html and "<b>bold" not in html
    assert Read(html).text.count('alert(1)</script> "quoted" & <b>bold</b>') >= 6


def test_same_report_is_the_same_page(html):
    assert page.render(report()).decode() == html


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)])
def test_axe_finds_nothing_and_the_page_fits(chromium, html, tmp_path: Path, scheme, width):
    file = tmp_path / "index.html"
    file.write_text(html)
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.goto(file.as_uri())
    opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert violations(opened) == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []
    context.close()


@pytest.mark.browser
def test_paper_shows_what_is_folded_on_the_screen(chromium, html, tmp_path: Path):
    file = tmp_path / "index.html"
    file.write_text(html)
    context = chromium.new_context()
    opened = context.new_page()
    opened.goto(file.as_uri())
    assert not opened.get_by_text("Row 59", exact=True).is_visible()
    opened.emulate_media(media="print")
    assert opened.get_by_text("Row 59", exact=True).is_visible()
    context.close()
