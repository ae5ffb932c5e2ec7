"""What may happen in which state is one table; whatever does not stand in it is refused with a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass

from audit.base.errors import Refused


@dataclass(frozen=True, slots=True)
class Transitions:
    """The life of one kind of record.

    ``table`` maps (state, event) to the state after it. ``refusals`` maps a state to the sentence that people read
    when something is not allowed there. States that no row starts from are ends.
    """

    noun: str
    table: Mapping[tuple[str, str], str]
    refusals: Mapping[str, str]

    def allows(self, state: str, event: str) -> bool:
        """Whether ``event`` may happen in ``state``."""
        return (state, event) in self.table

    def after(self, state: str, event: str) -> str:
        """The state after ``event``.

        Raises:
            Refused: the table has no such row.
        """
        if not self.allows(state, event):
            raise Refused(self.why_not(state))
        return self.table[state, event]

    def why_not(self, state: str) -> str:
        """The sentence for an event that ``state`` does not allow."""
        return self.refusals.get(state, f"The {self.noun} is {state.replace('_', ' ')}, so this cannot be done.")

    def is_end(self, state: str) -> bool:
        """Whether nothing more can happen in ``state``."""
        return all(before != state for before, _ in self.table)
