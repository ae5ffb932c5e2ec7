"""A model's process as the API says it; a count that nobody can tell is null, never 0."""

from ninja import Schema
from pydantic import AwareDatetime, Field

from audit.catalogue.domain.automation import Degree
from audit.catalogue.process import Process, StepState


class EvidenceOut(Schema):
    """A page that shows what a step rests on."""

    label: str
    url: str


class StepOut(Schema):
    """A step of the standard process."""

    key: str
    label: str
    question: str
    state: StepState
    answers_for_it: str = Field(description="A name or a role; unknown, when nobody is known")
    last: AwareDatetime | None
    degree: Degree = Field(description="How it ran in the days that are counted")
    automatic: int | None
    by_hand: int | None
    share_automatic: float | None = Field(description="0 to 1")
    sentence: str
    evidence: list[EvidenceOut]


class ProcessOut(Schema):
    """The steps of a model in their order; the counts are of [since, until)."""

    model: str
    since: AwareDatetime
    until: AwareDatetime
    sentence: str
    steps_by_themselves: int
    steps: list[StepOut]

    @classmethod
    def of(cls, process: Process) -> "ProcessOut":
        """The process, copied."""
        return cls(
            model=process.model.slug,
            since=process.since,
            until=process.until,
            sentence=process.sentence,
            steps_by_themselves=process.alone,
            steps=[
                StepOut(
                    key=one.step.key,
                    label=one.step.label,
                    question=one.step.question,
                    state=one.facts.state,
                    answers_for_it=one.facts.by,
                    last=one.facts.last,
                    degree=one.degree,
                    automatic=one.counts[0],
                    by_hand=one.counts[1],
                    share_automatic=one.doings.share,
                    sentence=one.facts.sentence,
                    evidence=[EvidenceOut(label=label, url=url) for label, url in one.facts.evidence],
                )
                for one in process.steps
            ],
        )
