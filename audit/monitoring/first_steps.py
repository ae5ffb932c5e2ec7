"""The steps of a new installation that end with a measured week."""

from audit.monitoring import selectors
from audit.monitoring.models import Kind
from audit.people.steps import Step, register

SEND = (
    'curl -X POST "{url}/api/v1/models/late-arrival/%s" \\\n'
    '  -H "Authorization: Bearer $TOKEN" -H "Content-Type: text/csv" --data-binary @%s'
)


def register_own() -> None:
    """Predictions, then labels."""
    register(
        Step(
            order=40,
            title="Send predictions",
            text="Each with an id, its time and its features, as CSV, Parquet or NDJSON; by program, hand or folder.",
            done=lambda viewer: selectors.uploads(viewer=viewer).filter(kind=Kind.PREDICTIONS).exists(),
            link="sources:sources",
            link_words="Connect a folder",
            example=SEND % ("predictions?version=1", "predictions.csv"),
        )
    )
    register(
        Step(
            order=50,
            title="Send labels",
            text="What became known of earlier predictions, joined by their ids, however late it comes.",
            done=lambda viewer: selectors.uploads(viewer=viewer).filter(kind=Kind.LABELS).exists(),
            link="sources:sources",
            link_words="Connect a folder",
            example=SEND % ("labels", "labels.csv"),
        )
    )
