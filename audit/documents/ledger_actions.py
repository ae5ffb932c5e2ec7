"""What the ledger says about documents."""

from audit.ledger.registry import Action, register

LINK = "documents:document"
ATTACHED = register(
    Action(
        "documents.attached",
        "attached the document {subject}",
        link=LINK,
        personal=("changes.signed_by",),
        weighty=True,
    )
)
WITHDRAWN = register(Action("documents.withdrawn", "withdrew the document {subject}", link=LINK, weighty=True))
CONTENT_REMOVED = register(
    Action("documents.content_removed", "removed the content of the document {subject}", link=LINK, weighty=True)
)
