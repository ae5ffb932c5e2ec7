"""A page as a tree of elements, so that a test can ask for parts of it by XPath."""

import re
from html.parser import HTMLParser
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder

from django.test import Client

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class _Reader(HTMLParser):
    """Builds the tree; the pages close all that they open."""

    def __init__(self) -> None:
        super().__init__()
        self.builder = TreeBuilder()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.builder.end(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.builder.end(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.builder.end(tag)

    def handle_data(self, data: str) -> None:
        self.builder.data(data)


def page(client: Client, address: str, status: int = 200) -> Element:
    """The page at ``address``, which answers with ``status``."""
    response = client.get(address)
    assert response.status_code == status, response.content
    reader = _Reader()
    reader.feed(response.content.decode())
    root: Element = reader.builder.close()
    return root


def words(part: Any) -> str:
    """The text of an element, its white space as single blanks."""
    assert part is not None, "there is no such element"
    return re.sub(r"\s+", " ", "".join(part.itertext())).strip()
