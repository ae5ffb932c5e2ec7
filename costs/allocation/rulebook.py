"""The rules in force: those of this file's folder, or the installation's own in its home folder."""

import hashlib
from pathlib import Path
from typing import Final

import yaml
from django.conf import settings

from audit.base.errors import InvalidInput
from costs.allocation.domain import Rules

OWN: Final = "allocation.yaml"
GIVEN: Final = Path(__file__).with_name("rules.yaml")


def in_force() -> tuple[Rules, str]:
    """The rules, and the SHA-256 (hex) of their text.

    Raises:
        InvalidInput: the installation's own file cannot be used.
    """
    own: Path = settings.TOLLGATE_HOME / OWN
    text = (own if own.is_file() else GIVEN).read_bytes()
    try:
        return Rules.of(yaml.safe_load(text)), hashlib.sha256(text).hexdigest()
    except (ValueError, TypeError, yaml.YAMLError) as error:
        raise InvalidInput(f"{error}", where=OWN, mend="Mend the file, then allocate again.") from error
