"""What tests of feeds share."""

from tests.audit.sources.conftest import inbox  # noqa: F401
