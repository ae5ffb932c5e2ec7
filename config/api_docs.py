"""The API's reference as a page of ours, made from the OpenAPI document: no script, no foreign address."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config.api import api

Schema = dict[str, Any]
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a member of a body or answer."""

    name: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    ident: str
    method: str
    path: str
    title: str
    text: str
    parameters: list[Field]
    body: list[Field]
    answer: list[Field]
    codes: list[tuple[str, str]]
    example: str


def docs(request: HttpRequest) -> HttpResponse:
    """Every operation, by subject, with its fields, answers and an example."""
    document = api.get_openapi_schema(path_prefix="/api/v1")
    groups: dict[str, list[Operation]] = {}
    for tag, operation in _operations(document):
        groups.setdefault(tag, []).append(operation)
    return render(
        request, "ui/api_docs.html", {"groups": groups, "base": f"{settings.TOLLGATE_URL.rstrip('/')}/api/v1"}
    )


def _operations(document: Schema) -> Iterator[tuple[str, Operation]]:
    for path, methods in document["paths"].items():
        for method, raw in methods.items():
            content = raw.get("requestBody", {}).get("content", {})
            kind, body = next(((kind, part["schema"]) for kind, part in content.items()), ("", {}))
            operation = Operation(
                ident=raw["operationId"],
                method=method.upper(),
                path=path,
                title=raw.get("summary", ""),
                text=raw.get("description", ""),
                parameters=[_parameter(document, row) for row in raw.get("parameters", ())],
                body=_fields(document, body),
                answer=_answer(document, raw["responses"]),
                codes=[(str(code), row.get("description", "")) for code, row in raw["responses"].items()],
                example=_example(document, method.upper(), path, kind, body),
            )
            yield (raw.get("tags") or ["Other"])[0], operation


def _resolved(document: Schema, schema: Schema) -> Schema:
    reference = schema.get("$ref")
    return document["components"]["schemas"][reference.rsplit("/", 1)[1]] if reference else schema


def _parameter(document: Schema, row: Schema) -> Field:
    text = row.get("description") or row["schema"].get("description", "")
    return Field(f"{row['name']} ({row['in']})", _kind(document, row["schema"]), row.get("required", False), text)


def _fields(document: Schema, schema: Schema) -> list[Field]:
    whole = _resolved(document, schema)
    required = set(whole.get("required", ()))
    return [
        Field(name, _kind(document, part), name in required, part.get("description", ""))
        for name, part in whole.get("properties", {}).items()
    ]


def _answer(document: Schema, responses: dict[Any, Schema]) -> list[Field]:
    for code, row in responses.items():
        if str(code).startswith("2"):
            for part in row.get("content", {}).values():
                return _fields(document, part["schema"])
    return []


def _kind(document: Schema, schema: Schema) -> str:
    """The type of a field in a word or two."""
    if "$ref" in schema:
        whole = _resolved(document, schema)
        return " | ".join(whole["enum"]) if "enum" in whole else str(whole.get("title", "object"))
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(document, part) for part in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type", "any"))


def _example(document: Schema, method: str, path: str, kind: str, body: Schema) -> str:
    """A command that can be pasted once TOKEN is set."""
    lines = [f'curl -H "Authorization: Bearer $TOKEN" -X {method} {settings.TOLLGATE_URL.rstrip("/")}{path}']
    if kind.startswith("multipart/"):
        for field in _fields(document, body):
            value = "@file" if field.kind == "binary" else "…"
            lines.append(f"  -F {field.name}={value}")
    elif kind and method in WRITES:
        members = ", ".join(f'"{field.name}": …' for field in _fields(document, body) if field.required)
        lines += ["  -H 'Content-Type: application/json'", f"  -d '{{{members}}}'"]
    return " \\\n".join(lines)
