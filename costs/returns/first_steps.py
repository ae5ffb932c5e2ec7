"""The step of a new installation that ends with the value of an outcome."""

from audit.people.steps import Step, register
from costs.returns import selectors


def register_own() -> None:
    """A value for each outcome."""
    register(
        Step(
            order=70,
            title="State what outcomes are worth",
            text="The value of a right and the cost of a wrong answer, on the use case: then returns are known.",
            done=lambda viewer: selectors.statements(viewer=viewer).exists(),
            link="returns:returns",
            link_words="Returns",
        )
    )
