"""What the page of the log's standing says first: yes as far as it was looked at, or no, and why."""

from collections.abc import Sequence

from audit.assurance.models import Witness
from audit.assurance.selectors import State
from config.ui import format as say


def answer(found: State) -> tuple[str, str]:
    """The state and the word at the head of the page."""
    verification = found.verification
    if found.halted is not None or (verification is not None and verification.broken_at is not None):
        return "bad", "Not to be trusted as it is"
    if found.incidents:
        return "watch", "Open incident"
    if verification is None:
        return "unknown", "Not verified yet"
    return "ok", "Holds"


def lede(found: State, witnesses: Sequence[Witness]) -> str:
    """The answer in two or three sentences."""
    return _own(found) if found.halted else " ".join((_own(found), _others(found, witnesses)))


def _own(found: State) -> str:
    verification = found.verification
    if found.halted is not None:
        return f"No: sealing has stopped. {found.halted.sentence}"
    if verification is None:
        return "It has not been verified yet: nobody has computed its entries anew."
    when = say.moment(verification.at, "short")
    if verification.broken_at is not None:
        return f"No: the verification of {when} found that entry {verification.broken_at:,} does not hold."
    unseen = found.head.size - verification.size
    more = f" {say.count(unseen, 'entry', 'entries')} came since." if unseen > 0 else ""
    return f"Computed anew on {when}: {verification.sentence}{more}"


def _others(found: State, witnesses: Sequence[Witness]) -> str:
    asked = [witness for witness in witnesses if witness.enabled]
    if not asked:
        return "Nobody else vouches for it: no witness is switched on."
    agree = [witness.name for witness in asked if witness.agrees]
    against = [witness.name for witness in asked if witness.agrees is False]
    if against:
        return f"{_and(against)} {'has' if len(against) == 1 else 'have'} another log."
    if not agree:
        if len(asked) == 1:
            return f"Its witness, {asked[0].name}, has not told yet whether it has this log."
        return f"None of its {len(asked)} witnesses has told yet whether it has this log."
    words = f"{_and(agree)} {'vouches' if len(agree) == 1 else 'vouch'} for it from outside of this database."
    silent = len(asked) - len(agree)
    return f"{words} {say.count(silent, 'witness', 'witnesses')} did not tell." if silent else words


def _and(names: list[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
