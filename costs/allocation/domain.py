"""Every charge goes to exactly one share: a model with version and stage, or a residue that says why not.

A share carries the whole amount of its charge, so shares add up to the bill by construction. Order of evidence: a
tag that names the model; a known kind of resource whose name holds the model's short name; any other resource whose
name does. Nothing is guessed: a tag that names no model, or a name that holds two, is residue.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

STAGES: Final[Mapping[str, str]] = {
    "data": "Data",
    "process": "Processing",
    "train": "Training",
    "serve_online": "Serving, online",
    "serve_batch": "Serving, batch",
    "store": "Storage",
    "notebook": "Notebooks",
    "idle": "Idle endpoints",
    "other": "Stage not known",
}
OTHER: Final = "other"
RESOURCE, TAG, NAME, RESIDUE = "resource", "tag", "name", "residue"
EVIDENCE: Final[Mapping[str, str]] = {
    TAG: "by tag",
    RESOURCE: "by resource",
    NAME: "by name",
    RESIDUE: "not yet",
}
REASONS: Final[Mapping[str, str]] = {
    "unknown_model": "Its tag names a model that is not registered",
    "ambiguous": "Its name holds the names of several models",
    "tax": "Tax, which belongs to the account and not to a model",
    "credit": "A credit without a resource",
    "purchase": "A purchase or fee without a resource",
    "adjustment": "An adjustment without a resource",
    "no_resource": "No tag and no resource",
    "unknown_resource": "No tag, and no model's name in that of the resource",
}
WITHOUT_RESOURCE: Final = {"Tax": "tax", "Credit": "credit", "Purchase": "purchase", "Adjustment": "adjustment"}
REGION: Final = re.compile(r"^[A-Z]{2,4}\d?-")
VERSION: Final = re.compile(r"[-_./]v(\d{1,9})(?![a-z0-9])", re.IGNORECASE)
TAGGED_VERSION: Final = re.compile(r"v?(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """A charge, as far as attribution looks at it. ``key`` is handed back in the share."""

    key: Any
    day: date
    currency: str
    billed: Decimal
    effective: Decimal
    tags: Mapping[str, str] = field(default_factory=dict)
    resource_id: str = ""
    resource_name: str = ""
    resource_type: str = ""
    service: str = ""
    usage: str = ""
    charge_category: str = "Usage"


@dataclass(frozen=True, slots=True)
class Share:
    """Where a charge went. ``residue`` is a key of REASONS, empty when there is a model (its short name)."""

    key: Any
    day: date
    model: str | None
    version: int | None
    stage: str
    residue: str
    evidence: str
    currency: str
    billed: Decimal
    effective: Decimal


@dataclass(frozen=True)
class Rules:
    """The rules as data; keys of tags and kinds of resources in lower case."""

    model_tags: tuple[str, ...]
    version_tags: tuple[str, ...]
    stage_tags: tuple[str, ...]
    resources: Mapping[str, str]
    usage: Mapping[str, str]
    services: Mapping[str, str]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Rules":
        """The rules that a mapping with tags, resources, usage and services states.

        Raises:
            ValueError: a part is missing, or a stage is none of STAGES.
        """
        try:
            model, version, stage_ = (
                tuple(str(key).casefold() for key in data["tags"][name]) for name in ("model", "version", "stage")
            )
            resources, usage, services = (dict(data[name]) for name in ("resources", "usage", "services"))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"The rules lack {error}.") from error
        for stage in (*resources.values(), *usage.values(), *services.values()):
            if stage not in STAGES:
                raise ValueError(f"{stage!r} is no stage; the stages are {', '.join(STAGES)}.")
        kinds = {str(kind).casefold(): stage for kind, stage in resources.items()}
        return cls(model, version, stage_, kinds, usage, services)


class Names:
    """Finds the one model whose short name stands in a text, between signs that are neither letters nor digits."""

    def __init__(self, slugs: Iterable[str]) -> None:
        self.slugs = frozenset(slugs)

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        # Longest first, so that "late-arrival-night" is not taken for "late-arrival".
        ordered = sorted(self.slugs, key=lambda slug: (-len(slug), slug))
        if not ordered:
            return None
        return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(map(re.escape, ordered))})(?![a-z0-9])", re.IGNORECASE)

    def found(self, text: str) -> list[tuple[str, int]]:
        """The different short names in ``text`` with the end of each, in order; a longer name hides those within."""
        seen: dict[str, int] = {}
        if self._pattern is not None:
            for match in self._pattern.finditer(text):
                seen.setdefault(match[0].lower(), match.end())
        return list(seen.items())


def attribute(item: Item, names: Names, rules: Rules) -> Share:
    """The share of one charge: all of it, to one model or to one residue."""
    tags = {key.casefold(): value.strip() for key, value in item.tags.items()}
    stage, known_kind = _stage(item, tags, rules)
    tagged = _first(tags, rules.model_tags)
    if tagged:
        model = tagged.lower()
        if model not in names.slugs:
            return _share(item, None, None, stage, "unknown_model", RESIDUE)
        return _share(item, model, _tagged_version(tags, rules), stage, "", TAG)
    for text in (item.resource_id, item.resource_name):
        found = names.found(text)
        if len(found) > 1:
            return _share(item, None, None, stage, "ambiguous", RESIDUE)
        if found:
            model, end = found[0]
            version = _tagged_version(tags, rules) or _named_version(text, end)
            return _share(item, model, version, stage, "", RESOURCE if known_kind else NAME)
    return _share(item, None, None, stage, _reason(item), RESIDUE)


def allocate(items: Iterable[Item], names: Names, rules: Rules) -> list[Share]:
    """One share for each charge, in order."""
    return [attribute(item, names, rules) for item in items]


def _share(item: Item, model: str | None, version: int | None, stage: str, residue: str, evidence: str) -> Share:
    return Share(
        item.key, item.day, model, version, stage, residue, evidence, item.currency, item.billed, item.effective
    )


def _first(tags: Mapping[str, str], keys: Iterable[str]) -> str:
    return next((tags[key] for key in keys if tags.get(key)), "")


def _tagged_version(tags: Mapping[str, str], rules: Rules) -> int | None:
    match = TAGGED_VERSION.fullmatch(_first(tags, rules.version_tags))
    return int(match[1]) if match else None


def _named_version(text: str, end: int) -> int | None:
    match = VERSION.search(text, end)
    return int(match[1]) if match else None


def _stage(item: Item, tags: Mapping[str, str], rules: Rules) -> tuple[str, bool]:
    """The stage, and whether the kind of resource is one that the rules know."""
    kind = _kind(item, rules)
    tagged = _first(tags, rules.stage_tags).lower()
    if tagged in STAGES:
        return tagged, bool(kind)
    if kind:
        return kind, True
    usage = REGION.sub("", item.usage)
    for start, stage in rules.usage.items():
        if usage.startswith(start):
            return stage, False
    return rules.services.get(item.service, OTHER), False


def _kind(item: Item, rules: Rules) -> str:
    """The stage of the resource's kind: the part before the slash in "…:training-job/name", an S3 ARN, or the type."""
    if item.resource_id.startswith("arn:") and item.resource_id.split(":")[2:3] == ["s3"]:
        return rules.resources.get("bucket", "")
    last = item.resource_id.rpartition(":")[2]
    before, slash, _ = last.partition("/")
    if slash and before.casefold() in rules.resources:
        return rules.resources[before.casefold()]
    return rules.resources.get(item.resource_type.casefold(), "")


def _reason(item: Item) -> str:
    if item.charge_category == "Tax":
        return "tax"
    if item.resource_id or item.resource_name:
        return "unknown_resource"
    return WITHOUT_RESOURCE.get(item.charge_category, "no_resource")
