"""What the ledger says about evidence that leaves the house."""

from audit.exports.models import Export
from audit.ledger.audited import audited
from audit.ledger.registry import Action, register

ASKED = register(Action("exports.asked", "asked for evidence on the {subject}", link="exports:export", weighty=True))
BUILT = register(Action("exports.built", "put together the evidence on the {subject}", link="exports:export"))
TAKEN = register(Action("exports.taken", "took out the evidence on the {subject}", link="exports:export", weighty=True))

audited(
    Export,
    fields=("kind", "scope", "name", "since", "until", "size", "first", "last", "checkpoint", "digest"),
    within=lambda row: (
        row.scope if row.kind == "model" else None,
        row.scope if row.kind == "use_case" else None,
    ),
)
