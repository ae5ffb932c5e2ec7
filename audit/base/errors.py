"""Each error that a person may see is one of these four, and carries a full sentence for that person."""


class TollgateError(Exception):
    """``sentence`` is shown to people: it says what is wrong and, where possible, how to mend it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Refused(TollgateError):
    """The state of the record does not allow this (HTTP 409)."""


class NotPermitted(TollgateError):
    """The actor lacks the right (HTTP 403). Refusals are ledger entries."""

    def __init__(self, sentence: str, *, right: str = "") -> None:
        super().__init__(sentence)
        self.right = right


class NotFound(TollgateError):
    """There is no such record, or none that the actor may see (HTTP 404)."""


class InvalidInput(TollgateError):
    """What was sent cannot be used (HTTP 422).

    ``where`` names the place (row and column, field), ``mend`` says what to do.
    """

    def __init__(self, sentence: str, *, where: str = "", mend: str = "") -> None:
        super().__init__(" ".join(part for part in (f"{where}:" if where else "", sentence, mend) if part))
        self.where = where
        self.mend = mend
