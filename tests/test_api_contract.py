"""The API keeps what its OpenAPI document says, whatever is sent: no server error, only declared answers."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from config.wsgi import application
from tests.support.cast import Cast

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]

HURRIED = settings(
    max_examples=6, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def test_every_operation_answers_as_its_document_says(cast: Cast, program, model, version) -> None:
    headers = {"Authorization": f"Bearer {program('owner').token}"}
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application, headers=headers)
    wrong, tried = [], 0
    for found in document.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]

        @given(case=operation.as_strategy())
        @settings(
            max_examples=6, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        def answers(case: Case) -> None:
            case.call_and_validate(checks=CHECKS, headers=headers)

        try:
            answers()
        except FailureGroup as error:
            wrong.append(f"{operation.method.upper()} {operation.path}: {[str(one)[:300] for one in error.exceptions]}")
        tried += 1
    assert tried > 30
    assert wrong == []
