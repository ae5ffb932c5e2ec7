"""What tests of sources share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Path]:
    """An inbox of this test alone."""
    before, settings.TOLLGATE_INBOX = settings.TOLLGATE_INBOX, tmp_path / "inbox"
    settings.TOLLGATE_INBOX.mkdir()
    yield settings.TOLLGATE_INBOX
    settings.TOLLGATE_INBOX = before
