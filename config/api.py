"""The API's front door: one OpenAPI document, one kind of answer for errors, routers named by strings."""

import json
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.utils.module_loading import import_string
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser

ROUTERS = (
    ("audit.people.api", "People"),
    ("audit.catalogue.api", "Catalogue"),
    ("audit.lineage.api", "Lineage"),
    ("audit.lineage.recall_api", "Lineage"),
    ("audit.documents.api", "Documents"),
    ("audit.monitoring.api", "Monitoring"),
    ("audit.monitoring.input_api", "Monitoring"),
    ("audit.monitoring.quality_api", "Monitoring"),
    ("audit.monitoring.mapping_api", "Monitoring"),
    ("audit.alerts.api", "Alerts"),
    ("audit.jobs.api", "Jobs"),
    ("audit.notifications.api", "Notifications"),
    ("audit.ledger.api", "Ledger"),
    ("audit.assurance.api", "Ledger"),
    ("audit.exports.api", "Evidence"),
    ("audit.exports.bom_api", "Lineage"),
    ("costs.billing.api", "Billing"),
    ("costs.allocation.api", "Costs"),
    ("costs.budgets.api", "Budgets"),
    ("costs.returns.api", "Returns"),
    ("governance.approvals.api", "Approvals"),
    ("governance.retraining.api", "Retraining"),
    ("governance.maturity.api", "Maturity"),
)
DESCRIPTION = """
Register use cases, models, versions, data and deployments; send predictions, labels and metrics; read all of it back.

**Tokens.** Send `Authorization: Bearer <token>`; tokens are made under *Settings*. A token has its owner's roles,
narrowed by its scopes (`read`, `write`), and ends on a day.

**Errors** are problem details (RFC 9457, `application/problem+json`) with a sentence in `detail`.

**Lists** come in pages: send `next` of one answer as `?cursor=` for the next rows.

**Writes** may carry an `Idempotency-Key` header: the same request with the same key takes effect once within a day
and gets the same answer again; another request with that key is refused (422).

Times are ISO 8601 with a zone; digests are SHA-256 in lower-case hex.
"""


class StrictParser(Parser):
    """Takes JSON that every database can keep: no NaN or Infinity, no NUL, no half of a surrogate pair."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body.

        Raises:
            ValueError: it is not such JSON.
        """
        body = json.loads(request.body, parse_constant=_no_number)
        if "\\u0000" in json.dumps(body, ensure_ascii=False).encode().decode():
            raise ValueError("The body holds a NUL character.")
        return body


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number.")


class TollgateAPI(NinjaAPI):
    """Says of errors what they are: problem details, in the media type of RFC 9457."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._documents: dict[str, OpenAPISchema] = {}

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The document, with every error answer under application/problem+json; made once for a process."""
        key = repr(sorted(options.items()))
        if key not in self._documents:
            self._documents[key] = self._made(options)
        return self._documents[key]

    def _made(self, options: dict[str, Any]) -> OpenAPISchema:
        document = super().get_openapi_schema(**options)
        for methods in document["paths"].values():
            for operation in methods.values():
                for code, answer in operation["responses"].items():
                    if int(code) >= 400 and "application/json" in answer.get("content", {}):
                        answer["content"] = {"application/problem+json": answer["content"]["application/json"]}
        return document


api = TollgateAPI(
    title="Tollgate",
    version="1.0.0",
    description=DESCRIPTION,
    urls_namespace="api",
    docs_url=None,
    parser=StrictParser(),
    auth=import_string("audit.people.gateway.TokenAuth")(),
    throttle=[import_string("audit.people.gateway.TokenThrottle")()],
)
import_string("audit.people.gateway.install")(api)


def _offered(module: str) -> bool:
    return apps.is_installed(module.rpartition(".")[0]) and find_spec(module) is not None


for _module, _tag in ROUTERS:
    if _offered(_module):
        api.add_router("", f"{_module}.router", tags=[_tag])
