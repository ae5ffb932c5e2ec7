"""The step of a new installation that ends with a bill."""

from audit.base.actors import Actor
from audit.people.steps import Step, register
from costs.billing import selectors


def _done(viewer: Actor) -> bool:
    """A bill of the whole organisation is seen by few; that there is one is no secret."""
    return selectors.bill_files(viewer=Actor.service("first steps")).exists()


def register_own() -> None:
    """A bill in FOCUS."""
    register(
        Step(
            order=60,
            title="Hand in a bill",
            text="A cloud bill, FOCUS or an AWS report, as CSV or Parquet. Tags and resource names tie it to models.",
            done=_done,
            link="billing:bills",
            link_words="Bills",
            example='curl -X POST {url}/api/v1/bills -H "Authorization: Bearer $TOKEN" \\\n'
            "  -F source=aws -F file=@focus.parquet",
        )
    )
