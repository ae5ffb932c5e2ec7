"""Whatever is sent for a model that exists, attaching and listing answer as the document of the API says."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from audit.documents.models import Document
from config.wsgi import application

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]


def test_operations_on_a_model_that_exists_answer_as_their_document_says(program, attach, model) -> None:
    headers = {"Authorization": f"Bearer {program('owner').token}"}
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application, headers=headers)
    known, tried = {"slug": model.slug, "document_id": str(attach().pk)}, []
    for found in document.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]
        if "/documents" not in operation.path:
            continue

        @given(case=operation.as_strategy())
        @settings(
            max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        def answers(case: Case) -> None:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = known[name]
            case.call_and_validate(checks=CHECKS, headers=headers)

        answers()
        tried.append(f"{operation.method.upper()} {operation.path}")
    assert len(tried) == 5, tried
    assert Document.objects.filter(pk=known["document_id"]).exists()
