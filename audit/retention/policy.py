"""The policy in force: the one of this slice, or the installation's own in its home folder."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from audit.base.errors import InvalidInput
from audit.ledger.registry import ACTIONS
from audit.retention.documents import PROVIDERS
from audit.retention.domain.clocks import Policy, parse

OWN: Final = "retention.yaml"
GIVEN: Final = Path(__file__).parent / "policies" / "default.yaml"


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy with its text, the SHA-256 (hex) of that, and the name of its file."""

    policy: Policy
    text: str
    digest: str
    file: str


def in_force() -> InForce:
    """The policy that rules here.

    Raises:
        InvalidInput: the installation's own file states none; the sentence says at which line and column.
    """
    own: Path = settings.TOLLGATE_HOME / OWN
    path = own if own.is_file() else GIVEN
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput("The file is not UTF-8 text.", where=path.name) from error
    policy = parse(text, where=path.name, actions=ACTIONS, kinds=PROVIDERS)
    return InForce(policy, text, hashlib.sha256(text.encode()).hexdigest(), path.name)
