"""Drives the replay: a model's next week starts when all that its present week caused has ended well.

Each model is its own chain, so the result is the same whatever the number of workers and whichever of them dies.
"""

from audit.base.actors import Actor
from audit.jobs import readiness, registry, services
from audit.jobs.models import OPEN, Job, State
from governance.demo import organisation

ROOT, TRAIN, WEEK, BILL, FINISH = "demo.fill", "demo.train", "demo.week", "demo.bill", "demo.finish"
CAUSED = (
    "monitoring.import", "monitoring.measure", "monitoring.reference", "monitoring.profile", "monitoring.compare",
    "monitoring.outcomes", "monitoring.month",
    "monitoring.check", "monitoring.concept", "monitoring.shift", "alerts.weigh",
    "monitoring.estimate",
    "retraining.evaluate", "retraining.run", "retraining.compare",
)  # fmt: skip
BILLED = ("billing.import", "allocation.allocate", "budgets.evaluate", "maturity.assess")
ACTOR = Actor.service("demo")


def register() -> None:
    """Follows every kind of job that a replayed week can cause."""
    for kind in (TRAIN, WEEK, *CAUSED, BILL, *BILLED):
        registry.follow(kind, go_on)
    readiness.register("demo", unready)


def go_on(job: Job) -> None:
    """Starts the next step of the demo, when ``job`` was the last that the present step waited for."""
    step = _step_of(job)
    if step is None or not _ended_well(step):
        return
    if step.kind in (TRAIN, WEEK):
        _next_week(step)
    elif step.kind == BILL:
        _start(FINISH, key="", root=_root(step))


def _next_week(step: Job) -> None:
    """A step after the last week carries the last labels; after it, and when the other models are there, the bill."""
    weeks = [organisation.week_key(week) for week in organisation.load().weeks]
    steps = [*weeks, "end"]
    slug = step.args["model"]
    done = step.args.get("week")
    index = steps.index(done) + 1 if done else 0
    if index < len(steps):
        _start(WEEK, key=f"{slug}:{steps[index]}", root=_root(step), args={"model": slug, "week": steps[index]})
        return
    ends = Job.objects.filter(root=_root(step), kind=WEEK, args__week="end", state=State.SUCCEEDED)
    if all(_ended_well(end) for end in ends) and ends.count() == len(organisation.load().models):
        _start(BILL, key="", root=_root(step))


def _start(kind: str, *, key: str, root: Job, args: dict[str, str] | None = None) -> None:
    services.start(kind, actor=ACTOR, trigger="chain", args=args or {}, key=key or str(root.pk), parent=root)


def _root(step: Job) -> Job:
    assert step.root is not None
    return step.root


def _step_of(job: Job) -> Job | None:
    """The demo's step that caused ``job``, or ``job`` itself; None outside the demo."""
    at: Job | None = job
    while at is not None and at.kind not in (TRAIN, WEEK, BILL):
        at = at.parent
    return at if at is not None and at.root_id else None


def _ended_well(step: Job) -> bool:
    """Whether ``step`` and all that it caused have succeeded."""
    if step.state != State.SUCCEEDED:
        return False
    parents = [step.pk]
    while parents:
        rows = list(Job.objects.filter(parent_id__in=parents).values_list("pk", "state"))
        if any(state != State.SUCCEEDED for _, state in rows):
            return False
        parents = [pk for pk, _ in rows]
    return True


def unready() -> str | None:
    """The sentence that says why the demo is not filled; None when it is, or when there is no demo."""
    root = Job.objects.filter(kind=ROOT).order_by("created_at").first()
    if root is None or Job.objects.filter(kind=FINISH, state=State.SUCCEEDED).exists():
        return None
    failed = Job.objects.filter(root=root, state=State.FAILED).order_by("finished_at").first()
    if failed:
        return f"Filling the demo stopped: {failed} failed."
    if Job.objects.filter(root=root, state__in=OPEN).exists() or root.is_open:
        done, total = progress()
        return f"The demo is being filled: {done} of {total} weeks are replayed."
    return "Filling the demo stopped; see Jobs."


def progress() -> tuple[int, int]:
    """Weeks replayed, of all models together, and how many there are."""
    about = organisation.load()
    done = Job.objects.filter(kind=WEEK, state=State.SUCCEEDED).exclude(args__week="end").count()
    return done, len(about.weeks) * len(about.models)
