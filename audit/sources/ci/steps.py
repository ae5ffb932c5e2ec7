"""Which step of the process a job is part of is read from its name, by rules that people may put before ours."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

STEPS: Final = ("data", "build", "validate", "train", "register", "approve", "release", "deploy", "retrain", "none")
MOST: Final = 50


class Rule(NamedTuple):
    """Names, or words of names, that ``pattern`` (with * and ?) matches are part of ``step``."""

    pattern: str
    step: str


OWN: Final = (
    Rule("deploy*", "deploy"),
    Rule("rollout*", "deploy"),
    Rule("rollback*", "deploy"),
    Rule("promot*", "deploy"),
    Rule("release*", "release"),
    Rule("publish*", "release"),
    Rule("retrain*", "retrain"),
    Rule("train*", "train"),
    Rule("pretrain*", "train"),
    Rule("finetun*", "train"),
    Rule("validat*", "validate"),
    Rule("evaluat*", "validate"),
    Rule("*test*", "validate"),
    Rule("build*", "build"),
)
OTHERWISE: Final = "build"
_PARTS: Final = re.compile(r"[^a-z0-9]+")
_HUMPS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class UnreadableRuleError(ValueError):
    """A line that is no rule; its text says why."""


def rules_of(lines: str) -> tuple[Rule, ...]:
    """The rules in ``lines``, each "pattern = step".

    Raises:
        UnreadableRuleError: a line is no rule, or there are too many.
    """
    found = []
    for number, line in enumerate(lines.splitlines(), 1):
        if not line.strip():
            continue
        pattern, equals, step = (part.strip() for part in line.partition("="))
        if not equals or not pattern or step.lower() not in STEPS:
            raise UnreadableRuleError(f"Line {number} is not “pattern = step”. Steps are {', '.join(STEPS)}.")
        found.append(Rule(pattern.lower(), step.lower()))
    if len(found) > MOST:
        raise UnreadableRuleError(f"At most {MOST} rules.")
    return tuple(found)


def step_of(names: Sequence[str], rules: Sequence[Rule] = ()) -> str:
    """The step of a job with these names, its own first: by the first rule that matches a name, ours last; else build.

    Empty where a rule says "none".
    """
    for name in names:
        for rule in (*rules, *OWN):
            if any(fnmatchcase(word, rule.pattern) for word in _words(name)):
                return "" if rule.step == "none" else rule.step
    return OTHERWISE


def _words(name: str) -> list[str]:
    """The whole name in lower case, and its words: "TrainModel-v2" is "trainmodel-v2", "train", "model", "v2"."""
    split = _PARTS.split(_HUMPS.sub(" ", name[:200]).lower())
    return [name[:200].lower(), *filter(None, split)]
