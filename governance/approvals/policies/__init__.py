"""The policies that are in force, read from the files in this folder: one for each environment."""

from functools import cache
from pathlib import Path

from audit.base.errors import InvalidInput
from governance.approvals.domain import Policy, parse_policy

FOLDER = Path(__file__).parent


@cache
def in_force() -> dict[str, Policy]:
    """Each environment's policy.

    Raises:
        InvalidInput: a file does not state a policy, or two are for the same environment.
    """
    found: dict[str, Policy] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        policy = parse_policy(path.read_text(encoding="utf-8"), where=path.name)
        if policy.environment in found:
            raise InvalidInput(f"There are two policies for {policy.environment}.", where=path.name)
        found[policy.environment] = policy
    return found


def policy_for(environment: str) -> Policy:
    """The policy of ``environment``.

    Raises:
        InvalidInput: there is none, so nobody could decide.
    """
    policy = in_force().get(environment)
    if policy is None:
        known = ", ".join(in_force())
        raise InvalidInput(f"There is no policy for {environment}.", where="environment", mend=f"Use {known}.")
    return policy
