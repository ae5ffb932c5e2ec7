"""The steps of a new installation that end with a registered model."""

from audit.catalogue import selectors
from audit.people.steps import Step, register

POST = """curl -X POST {url}/api/v1/%s \\
  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '%s'"""
USE_CASE = POST % (
    "use-cases",
    """{"team": "my-team", "slug": "late-arrival-alert", "name": "Late arrival alert",
       "problem": "Ground staff learn too late of flights that land late."}""",
)
MODEL = POST % (
    "models",
    """{"use_case": "late-arrival-alert", "slug": "late-arrival", "name": "late-arrival",
       "task": "classification", "outcome": "lands more than 15 minutes late", "threshold": 0.5,
       "features": {"hour": "number", "carrier": "category"}}""",
)
VERSION = POST % (
    "models/late-arrival/versions",
    '{"artefact": "s3://models/late-arrival/1", "artefact_digest": "<SHA-256 of the file>"}',
)


def register_own() -> None:
    """Use case, then model with a version."""
    register(
        Step(
            order=20,
            title="Register a use case",
            text="The problem that models are built for, and the team that answers for it.",
            done=lambda viewer: selectors.use_cases(viewer=viewer).exists(),
            example=USE_CASE,
        )
    )
    register(
        Step(
            order=30,
            title="Register a model and its version",
            text="What it predicts, from what, and the artefact that runs. A training pipeline does this itself.",
            done=lambda viewer: selectors.versions(viewer=viewer).exists(),
            link="catalogue:models",
            link_words="Models",
            example=f"{MODEL}\n\n{VERSION}",
        )
    )
