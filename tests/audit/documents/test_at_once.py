"""Of several who attach the same file, or a successor of the same document, at once, one does."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from audit.base.errors import Refused
from audit.documents.models import Document
from audit.ledger.models import Entry
from tests.audit.documents import files

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 4


def _at_once(attach, contents: list[bytes], **said) -> list[str]:
    """What became of each: "attached", or the sentence of the refusal."""
    barrier = Barrier(len(contents))

    def one(content: bytes) -> str:
        try:
            barrier.wait(10)
            attach(content=content, **said)
            return "attached"
        except Refused as error:
            return error.sentence
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(contents)) as pool:
        return list(pool.map(one, contents))


def test_attach_the_same_file_at_once_is_one_document(attach) -> None:
    found = _at_once(attach, [files.pdf()] * AT_ONCE)
    assert found.count("attached") == 1
    assert all("attached already" in one or "at the same moment" in one for one in found if one != "attached")
    assert Document.objects.count() == Entry.objects.filter(action="documents.attached").count() == 1


def test_replace_the_same_document_at_once_leaves_one_successor(attach) -> None:
    first = attach()
    found = _at_once(attach, [files.pdf(str(number)) for number in range(AT_ONCE)], replaces=first)
    assert found.count("attached") == 1
    assert all("replaces it already" in one or "at the same moment" in one for one in found if one != "attached")
    assert Document.objects.filter(replaces=first).count() == 1
