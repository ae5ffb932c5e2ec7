"""A CloudTrail record as something that happened (CloudTrail user guide, "CloudTrail record contents")."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from audit.sources.domain.answers import Answer, moment, part, rows, text
from audit.sources.domain.told import Happening

MASKED: Final = "(removed)"
MOST, DEEPEST, LONGEST = 100, 10, 1000
NAMES_NO_SECRET: Final = frozenset({
    "clientrequesttoken", "clienttoken", "continuationtoken", "creationtoken", "idempotencytoken", "maxsecrets",
    "nexttoken", "paginationtoken", "secretarn", "secretid", "secretidlist", "secretname", "secretversionid",
    "secretversionstages",
})  # fmt: skip
SECRET: Final = re.compile(
    r"passw|passphrase|secret|token|credential|private_?key|key_?material|api_?key|plaintext|cipher_?text|user_?data$"
    r"|authorization|connection_?string|kubeconfig",
    re.IGNORECASE,
)
SECRET_VALUE: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{10,}\.[\w-]{10,}|\bBearer\s+\S{8,}|://[^/\s:@]+:[^/\s@]+@", re.IGNORECASE
)
KEY_ID: Final = re.compile(r"\b(AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12}([A-Z0-9]{4})\b")
SAGEMAKER: Final = "sagemaker.amazonaws.com"
STEPS: Final = {
    "CreateTrainingJob": "train",
    "StopTrainingJob": "train",
    "StartPipelineExecution": "train",
    "CreateModelPackage": "register",
    "CreateModelPackageGroup": "register",
    "DeleteModelPackage": "register",
    "CreateEndpoint": "deploy",
    "UpdateEndpoint": "deploy",
    "UpdateEndpointWeightsAndCapacities": "deploy",
    "DeleteEndpoint": "deploy",
}
RESOURCES: Final = {
    "endpointName": "endpoint",
    "modelPackageGroupName": "model-package-group",
    "trainingJobName": "training-job",
    "modelCardName": "model-card",
}
CONSOLES: Final = ("console.amazonaws.com", "console.aws.amazon.com", "signin.amazonaws.com", "AWS Internal")
PEOPLE: Final = frozenset({"IdentityCenterUser", "Root", "SAMLUser"})


def happening_of(record: Answer) -> Happening | None:
    """What a record says; None when it has no time."""
    at = moment(record.get("eventTime"))
    if at is None:
        return None
    service, name = text(record.get("eventSource"), 200), text(record.get("eventName"), 200)
    request = record.get("requestParameters")
    arns, error = arns_of(record), _error(record)
    package = next((one for one in arns if _kind(one) == "model-package"), "")
    group = _group(request, arns)
    return Happening(
        id=f"cloudtrail:{_id(record)}",
        at=at,
        kind="cloudtrail",
        sentence=_sentence(service, name, about(request, arns), error),
        actor=actor_of(part(record.get("userIdentity"))),
        automatic=automatic_of(record),
        step=_step(service, name, request),
        outcome="failed" if error else "succeeded",
        model=group,
        version=package,
        facts={
            "arns": arns,
            "call": f"{service}:{name}",
            "account": text(record.get("recipientAccountId"), 20),
            "region": text(record.get("awsRegion"), 40),
            "address": text(record.get("sourceIPAddress"), 200),
            "agent": masked(text(record.get("userAgent"), 300)),
            "identity": text(part(record.get("userIdentity")).get("type"), 40),
            "read only": record.get("readOnly") if isinstance(record.get("readOnly"), bool) else None,
            "error": error,
            "request": masked(request),
            "response": masked(record.get("responseElements")),
        },
    )


def _id(record: Answer) -> str:
    """The record's own id; where it has none, the digest of its content."""
    said = text(record.get("eventID"), 100)
    return said or hashlib.sha256(json.dumps(record, sort_keys=True, default=str).encode()).hexdigest()


def _sentence(service: str, name: str, thing: str, error: str) -> str:
    call = f"{service.removesuffix('.amazonaws.com') or 'an unknown service'} {name or 'unknown'}"
    return (
        (f"tried {call}" if error else f"called {call}")
        + (f" on {thing}" if thing else "")
        + (f" and was refused: {error[:120]}" if error else "")
    )


def _error(record: Answer) -> str:
    code, said = text(record.get("errorCode"), 100), text(masked(text(record.get("errorMessage"), 300)))
    if not code and part(record.get("responseElements")).get("ConsoleLogin") == "Failure":
        return said or "Failure"
    return ": ".join(one for one in (code, said) if one)


def _step(service: str, name: str, request: object) -> str:
    if service != SAGEMAKER:
        return ""
    if name == "UpdateModelPackage":
        return "approve" if part(request).get("modelApprovalStatus") else "register"
    return STEPS.get(name, "")


def actor_of(identity: Answer) -> str:
    """Who called, as text: the user, the session of a role, a service; empty when the record does not tell."""
    kind = text(identity.get("type"), 40)
    if kind == "AWSService":
        return text(identity.get("invokedBy"), 300)
    if kind == "Root":
        return f"root of {text(identity.get('accountId'), 20) or 'an unknown account'}"
    arn, name = text(identity.get("arn"), 300), text(identity.get("userName"), 300)
    issuer = part(part(identity.get("sessionContext")).get("sessionIssuer"))
    who = name or arn or text(issuer.get("arn"), 300) or text(issuer.get("userName"), 300)
    return who or text(identity.get("principalId") or identity.get("accountId"), 300)


def automatic_of(record: Answer) -> bool | None:
    """True for a service, or a role that a service assumed; False for a person at the console; None when unknown."""
    identity = part(record.get("userIdentity"))
    kind, session = text(identity.get("type"), 40), part(identity.get("sessionContext"))
    issuer = text(part(session.get("sessionIssuer")).get("arn"), 500)
    if kind == "AWSService" or identity.get("invokedBy") or ":role/aws-service-role/" in issuer:
        return True
    console = text(record.get("sessionCredentialFromConsole")).lower() == "true"
    login = record.get("eventName") == "ConsoleLogin"
    if kind in PEOPLE or console or login or text(record.get("userAgent")).startswith(CONSOLES):
        return False
    return None


def arns_of(record: Answer) -> list[str]:
    """The ARNs that a record names, each once, the resources first: of ids without ARN, the ARN is put together."""
    found: dict[str, None] = {}
    for resource in rows(record.get("resources")):
        found |= dict.fromkeys(_arns(resource.get("ARN") or resource.get("arn")))
    for said in (record.get("requestParameters"), record.get("responseElements")):
        found |= dict.fromkeys(_arns(said))
    if record.get("eventSource") == SAGEMAKER:
        found |= dict.fromkeys(_made(record))
    return [one for one in found if one][:MOST]


def _arns(found: object, depth: int = 0) -> Iterator[str]:
    if isinstance(found, str) and found.startswith("arn:") and len(found) <= 600 and not re.search(r"\s", found):
        yield found
    elif isinstance(found, Mapping) and depth < DEEPEST:
        for one in list(found.values())[:MOST]:
            yield from _arns(one, depth + 1)
    elif isinstance(found, list) and depth < DEEPEST:
        for one in found[:MOST]:
            yield from _arns(one, depth + 1)


def _made(record: Answer) -> Iterator[str]:
    region, account = text(record.get("awsRegion"), 40), text(record.get("recipientAccountId"), 20)
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    request = part(record.get("requestParameters"))
    for field, kind in RESOURCES.items():
        name = text(request.get(field), 300)
        if name and not name.startswith("arn:") and region and account:
            stem = f"arn:{partition}:sagemaker:{region}:{account}:{kind}/"
            yield stem + name
            yield stem + name.lower()


def _kind(arn: str) -> str:
    pieces = arn.split(":", 5)
    return pieces[5].partition("/")[0] if len(pieces) == 6 and pieces[2] == "sagemaker" else ""


def _group(request: object, arns: list[str]) -> str:
    """The name of the model package group: as it was asked for, or from an ARN of it or of one of its packages."""
    named = text(part(request).get("modelPackageGroupName"), 300)
    if named and not named.startswith("arn:"):
        return named
    found = [one.split(":", 5)[5].split("/") for one in arns if _kind(one) in {"model-package", "model-package-group"}]
    return next((pieces[1] for pieces in found if pieces[0] == "model-package-group" or len(pieces) == 3), "")


def about(request: object, arns: list[str]) -> str:
    """What the call was about, short: a name that was asked for, or the end of the first ARN."""
    asked = part(request)
    named = next((text(asked[field], 100) for field in RESOURCES if isinstance(asked.get(field), str)), "")
    return named or (arns[0].split(":", 5)[-1][:100] if arns else "")


def masked(found: Any, *, name: str = "", depth: int = 0) -> Any:
    """The value without secrets: what is called like one, or looks like one; long texts and lists are cut."""
    if depth > DEEPEST:
        return "…"
    if isinstance(found, Mapping):
        kept = list(found.items())[:MOST]
        inner = {str(key)[:200]: masked(one, name=str(key), depth=depth + 1) for key, one in kept}
        return inner | ({"…": f"{len(found)} in all"} if len(found) > MOST else {})
    if isinstance(found, list | tuple):
        inner_list = [masked(one, name=name, depth=depth + 1) for one in found[:MOST]]
        return [*inner_list, f"… {len(found)} in all"] if len(found) > MOST else inner_list
    if isinstance(found, str):
        return _text(found, name)
    return found


def _text(found: str, name: str) -> str:
    plain = name.replace("_", "").replace("-", "").lower()
    if found and SECRET.search(name) and plain not in NAMES_NO_SECRET:
        return MASKED
    if SECRET_VALUE.search(found):
        return MASKED
    cut = found if len(found) <= LONGEST else f"{found[:LONGEST]}…"
    return KEY_ID.sub(r"\1…\2", cut)
