"""Every charge goes to exactly one target: a model with version and stage, or a residue that says why not.

It goes there whole, so what targets get adds up to the bill by construction. Order of evidence: a
tag that names the model; a known kind of resource whose name holds the model's short name; any other resource whose
name does. Nothing is guessed: a tag that names no model, or a name that holds two, is residue.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
class Traits:
    """What a charge says of itself, as far as attribution looks at it; charges with the same traits go one way."""

    tags: Mapping[str, str] = field(default_factory=dict)
    resource_id: str = ""
    resource_name: str = ""
    resource_type: str = ""
    service: str = ""
    usage: str = ""
    charge_category: str = "Usage"


@dataclass(frozen=True, slots=True)
class Target:
    """Where charges go. ``residue`` is a key of REASONS, empty when there is a model (its short name)."""

    model: str | None
    version: int | None
    stage: str
    residue: str
    evidence: str


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


def attribute(traits: Traits, names: Names, rules: Rules) -> Target:
    """Where charges with these traits go: to one model, or to one residue."""
    tags = {key.casefold(): value.strip() for key, value in traits.tags.items()}
    stage, known_kind = _stage(traits, tags, rules)
    tagged = _first(tags, rules.model_tags)
    if tagged:
        model = tagged.lower()
        if model not in names.slugs:
            return Target(None, None, stage, "unknown_model", RESIDUE)
        return Target(model, _tagged_version(tags, rules), stage, "", TAG)
    for text in (traits.resource_id, traits.resource_name):
        found = names.found(text)
        if len(found) > 1:
            return Target(None, None, stage, "ambiguous", RESIDUE)
        if found:
            model, end = found[0]
            version = _tagged_version(tags, rules) or _named_version(text, end)
            return Target(model, version, stage, "", RESOURCE if known_kind else NAME)
    return Target(None, None, stage, _reason(traits), RESIDUE)


def _first(tags: Mapping[str, str], keys: Iterable[str]) -> str:
    return next((tags[key] for key in keys if tags.get(key)), "")


def _tagged_version(tags: Mapping[str, str], rules: Rules) -> int | None:
    match = TAGGED_VERSION.fullmatch(_first(tags, rules.version_tags))
    return int(match[1]) if match else None


def _named_version(text: str, end: int) -> int | None:
    match = VERSION.search(text, end)
    return int(match[1]) if match else None


def _stage(traits: Traits, tags: Mapping[str, str], rules: Rules) -> tuple[str, bool]:
    """The stage, and whether the kind of resource is one that the rules know."""
    kind = _kind(traits, rules)
    tagged = _first(tags, rules.stage_tags).lower()
    if tagged in STAGES:
        return tagged, bool(kind)
    if kind:
        return kind, True
    usage = REGION.sub("", traits.usage)
    for start, stage in rules.usage.items():
        if usage.startswith(start):
            return stage, False
    return rules.services.get(traits.service, OTHER), False


def _kind(traits: Traits, rules: Rules) -> str:
    """The stage of the resource's kind: the part before the slash in "…:training-job/name", an S3 ARN, or the type."""
    if traits.resource_id.startswith("arn:") and traits.resource_id.split(":")[2:3] == ["s3"]:
        return rules.resources.get("bucket", "")
    last = traits.resource_id.rpartition(":")[2]
    before, slash, _ = last.partition("/")
    if slash and before.casefold() in rules.resources:
        return rules.resources[before.casefold()]
    return rules.resources.get(traits.resource_type.casefold(), "")


def _reason(traits: Traits) -> str:
    if traits.charge_category == "Tax":
        return "tax"
    if traits.resource_id or traits.resource_name:
        return "unknown_resource"
    return WITHOUT_RESOURCE.get(traits.charge_category, "no_resource")
