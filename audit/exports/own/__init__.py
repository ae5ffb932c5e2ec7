"""The sections that the first floor knows: models, versions, where they ran, how well, who stands behind them."""

from audit.exports import documents
from audit.exports.own import attached, models, people, performance, running, sources, versions
from audit.exports.sections import register as add


def register() -> None:
    """Adds them to every report."""
    for module in (models, versions, running, performance, people, sources, attached):
        add(module.section, claims=module.CLAIMS)
    documents.register(attached.attached)
