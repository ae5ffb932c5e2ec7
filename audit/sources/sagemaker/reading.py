"""One reading of SageMaker: each stage lists what is there, and asks further only about what has changed."""

import copy
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from audit.base.errors import InvalidInput
from audit.sources.aws import NotSignedIn
from audit.sources.contract import Cursor, PullContext
from audit.sources.domain.answers import Answer, moment, part, rows, text
from audit.sources.domain.told import Happening, Kind, RunTold, Variant
from audit.sources.http import Forbidden, Missing
from audit.sources.sagemaker import mapping
from audit.sources.sagemaker.client import SageMaker
from audit.sources.sagemaker.piece import Made, Piece, Rules

OVERLAP: Final = timedelta(minutes=10)
PIECE: Final = 200


class Reading:
    """Hands in through ``context``; ``cursor`` (a copy) holds a mark of each thing as it was when it was told.

    ``keeps`` says whether the cursor is handed in too: a delivery changes nothing about where a pull goes on.
    """

    def __init__(
        self,
        maker: SageMaker,
        rules: Rules,
        context: PullContext,
        cursor: Mapping[str, Any],
        *,
        at: datetime,
        keeps: bool,
    ) -> None:
        self.maker, self.rules, self.context, self.at, self.keeps = maker, rules, context, at, keeps
        self.cursor: Cursor = copy.deepcopy(dict(cursor))
        self.piece = Piece()
        self.made: dict[str, Made] = {}
        self.later: list[Happening] = []
        self.changed = 0
        self._refused: set[str] = set()

    def marks(self, of: str) -> dict[str, Any]:
        """The marks of one kind of thing, by name."""
        found: dict[str, Any] = self.cursor.setdefault(of, {})
        return found

    def hand_in(self, *, least: int = 1) -> None:
        """Hands in what there is, when it is as much as ``least`` statements: first things, then what befell them."""
        pieces = [told for told in self.piece.told() if len(told)]
        if sum(len(told) for told in pieces) < least:
            return
        for told in pieces:
            last = self.keeps and told is pieces[-1]
            self.context.take(told, cursor=copy.deepcopy(self.cursor) if last else None)
            self.changed += len(told)
        self.piece = Piece()

    def whole(self) -> None:
        """Everything that a pull reads, stage by stage; a stage for which a right is missing is a problem."""
        began = self.at.isoformat()
        stages: Sequence[tuple[str, Callable[[], None]]] = (
            ("pipelines", self.pipelines),
            ("model packages", self.packages),
            ("training jobs", self.jobs),
            ("endpoints", self.endpoints),
            ("model cards", self.cards),
        )
        self.context.run.progress(0, len(stages) + 1, "model package groups")
        self.groups()
        for done, (label, stage) in enumerate(stages, start=1):
            self.context.run.progress(done, len(stages) + 1, label)
            self.allowed(stage)
        self.piece.happenings += self.later
        self.cursor["since"] = began
        self.hand_in()

    def allowed(self, ask: Callable[[], object]) -> None:
        """Does it; a missing right is a problem, once for each right."""
        try:
            ask()
        except NotSignedIn:
            raise
        except Forbidden as error:
            if error.sentence not in self._refused:
                self._refused.add(error.sentence)
                self.context.problem(error.sentence)

    def there(self, ask: Callable[[], object]) -> None:
        """Does it; that there is no such thing, or none of this name, is no problem."""
        try:
            self.allowed(ask)
        except NotSignedIn:
            raise
        except (InvalidInput, Missing):
            return

    def since(self) -> datetime | None:
        """When the last whole reading began, and a little before."""
        last = moment(self.cursor.get("since"))
        return last - OVERLAP if last else None

    def tags(self, arn: object) -> dict[str, str]:
        """The tags of a thing; none where they may not be read."""
        found: dict[str, str] = {}

        def read() -> None:
            found.update(mapping.tags_of(self.maker.tags(text(arn))))

        self.there(read)
        return found

    def groups(self) -> None:
        """Models."""
        known, present = self.marks("groups"), []
        for group in self.maker.groups(self.rules.prefix):
            name = text(group.get("ModelPackageGroupName"), 300)
            present.append(name)
            mark = mapping.sign(group.get("ModelPackageGroupDescription"), group.get("CreationTime"))
            if name and known.get(name) != mark:
                self.group(group)
                known[name] = mark
            self.hand_in(least=PIECE)
        self.hand_in()
        self.gone(Kind.MODEL, present, "groups", present)

    def group(self, group: Answer) -> None:
        """One model."""
        self.piece.models.append(mapping.model_of(group, self.tags(group.get("ModelPackageGroupArn"))))

    def gone(self, kind: Kind, ids: Sequence[str], of: str, names: Sequence[str]) -> None:
        """Says what is left, within the prefix; and forgets the marks of what is not."""
        prefix = self.rules.prefix
        stem = next((one.removesuffix(mapping.tail(one)) for one in ids if kind != Kind.MODEL), "")
        if not prefix:
            self.context.gone(kind, ids)
        elif (stem or kind == Kind.MODEL) and all(one.startswith(stem + prefix) for one in ids):
            self.context.gone(kind, ids, within=stem + prefix)
        known = self.marks(of)
        for name in set(known) - set(names):
            del known[name]

    def pipelines(self) -> None:
        """Which executions made which training jobs and packages; told with these, and after them."""
        since, open_ = self.since(), set(self.cursor.get("open", ()))
        for pipeline in self.maker.pipelines():
            name, last = text(pipeline.get("PipelineName"), 200), moment(pipeline.get("LastExecutionTime"))
            if name and last is not None and (since is None or last >= since):
                found = self.maker.executions(name, since)
                open_ |= {text(row["PipelineExecutionArn"]) for row in found if row.get("PipelineExecutionArn")}
        running = [arn for arn in sorted(open_) if self.execution(arn)]
        self.cursor["open"] = running

    def execution(self, arn: str) -> bool:
        """Reads one execution; whether it still runs."""
        try:
            found, steps = self.maker.execution(arn), self.maker.steps(arn)
        except Missing:
            return False
        pipeline = mapping.tail(arn).partition("/")[0]
        trigger, (jobs, packages) = mapping.trigger_of(found), mapping.made_by(steps)
        for job in jobs:
            self.made[job] = Made(pipeline, trigger)
        for package in packages:
            self.made[package] = Made(pipeline, trigger, jobs[0] if jobs else "")
        happening = mapping.execution_of(found, pipeline, steps)
        self.later += [happening] if happening else []
        return mapping.EXECUTION_STATES.get(text(found.get("PipelineExecutionStatus"))) == "running"

    def packages(self) -> None:
        """Versions: the list tells each one's approval status; those that are new or changed are asked about."""
        known, ids, names = self.marks("packages"), [], []
        for row in self.maker.packages(self.rules.prefix):
            arn, name = text(row.get("ModelPackageArn"), 600), mapping.tail(row.get("ModelPackageArn"))
            ids.append(arn)
            names.append(name)
            if arn in self.made or not str(known.get(name, "")).startswith(_mark(row)):
                self.package(arn, before=str(known.get(name, "")), row=row)
                self.hand_in(least=PIECE)
        self.hand_in()
        self.gone(Kind.VERSION, ids, "packages", names)

    def package(self, arn: str, *, before: str, row: Answer | None = None) -> bool:
        """Tells one version with its run and data, and, when its approval status is another than ``before``, that.

        ``before`` is the mark that it had, ``row`` what the list tells of it. Returns whether there is such a version.
        """
        try:
            package = self.maker.package(arn)
        except Missing:
            return False
        group = text(package.get("ModelPackageGroupName"), 300)
        if group not in self.marks("groups"):
            try:
                found = self.maker.group(group) if group else {}
            except Missing:
                return False
            if not found:
                return False
            self.group(found)
            self.marks("groups")[group] = ""
        job = self.origin(package)
        run = self.run(job, group, part(package.get("MetadataProperties"))) if job else None
        metrics = mapping.metrics_of_job(job) | self.metrics(package)
        version = mapping.version_of(package, run=run, metrics=metrics, owner=self.trained_by(job))
        if version is None:
            self.context.problem(f"The model package {arn} has no group, version or time; it is left out.")
            return False
        self.piece.versions.append(version)
        _, _, last = before.partition("|")
        pending = not last and version.status == "PendingManualApproval"
        if version.status != last and not pending:
            happening = mapping.approval_of(package)
            self.piece.happenings += [happening] if happening else []
        self.marks("packages")[mapping.tail(arn)] = f"{_mark(row or package)}|{version.status}"
        return True

    def run(self, job: Answer, model: str, metadata: Answer) -> RunTold | None:
        """Tells a training job, with the data that went in."""
        made = self.made.get(text(job.get("TrainingJobArn")), Made("", ""))
        run = mapping.run_of(job, model=model, pipeline=made.pipeline, trigger=made.trigger, metadata=metadata)
        if run is not None:
            self.piece.data += mapping.data_of(job)
            self.piece.runs.append(run)
            self.marks("lines")[run.pipeline] = model
            self.marks("jobs")[text(job.get("TrainingJobName"))] = _changed(job)
        return run

    def origin(self, package: Answer) -> Answer:
        """The training job that made the package: as it says itself, as its pipeline says, or as its artefact lies."""
        said = text(part(package.get("MetadataProperties")).get("GeneratedBy"))
        if mapping.kind_of(said) == "pipeline" and text(package.get("ModelPackageArn")) not in self.made:
            self.allowed(lambda: self.execution(said))
        named = [said] if mapping.kind_of(said) == "training-job" else []
        made = self.made.get(text(package.get("ModelPackageArn")))
        named += [made.job] if made and made.job else []
        for arn in named:
            found = self.job(mapping.tail(arn))
            if found:
                return found
        artefact = mapping.artefact_of(package)
        for name in artefact.removeprefix("s3://").split("/")[1:-1]:
            found = self.job(name) if mapping.is_name(name) and name != "output" else {}
            if text(part(found.get("ModelArtifacts")).get("S3ModelArtifacts")) == artefact:
                return found
        return {}

    def job(self, name: str) -> Answer:
        """A training job; empty where there is none, or none that may be read."""
        found: dict[str, Any] = {}

        def read() -> None:
            found.update(self.maker.job(name))

        self.there(read)
        return found

    def trained_by(self, job: Answer) -> str:
        """Who trained, as the tags of the training job say."""
        return mapping.owner_of(self.tags(job.get("TrainingJobArn"))) if job else ""

    def metrics(self, package: Answer) -> dict[str, float]:
        """The figures in the package's file of model quality."""
        quality = part(part(package.get("ModelMetrics")).get("ModelQuality"))
        address, found = text(part(quality.get("Statistics")).get("S3Uri")), dict[str, float]()
        if not address:
            return found

        def read() -> None:
            found.update(mapping.metrics_of_report(self.maker.report(address)))

        try:
            self.allowed(read)
        except Missing:
            self.context.problem(f"The metrics at {address} are not there.")
        except InvalidInput as error:
            self.context.problem(f"The metrics cannot be used: {error.sentence}")
        return found

    def jobs(self) -> None:
        """Training jobs of lines that have made a version: those that still run, or failed, are told as well."""
        since, lines, known = self.since(), self.marks("lines"), self.marks("jobs")
        for row in self.maker.jobs(since):
            name, arn = text(row.get("TrainingJobName")), text(row.get("TrainingJobArn"))
            made = self.made.get(arn)
            line = made.pipeline if made else mapping.pipeline_of(name)
            if line in lines and known.get(name) != _changed(row):
                self.run(self.job(name), lines[line], {})
                self.hand_in(least=PIECE)
        oldest = (since or self.at - OVERLAP).isoformat()
        self.cursor["jobs"] = {name: at for name, at in known.items() if at >= oldest}
        self.hand_in()

    def endpoints(self) -> None:
        """What answers."""
        known, ids, names = self.marks("endpoints"), [], []
        for row in self.maker.endpoints(self.rules.prefix):
            arn, name = text(row.get("EndpointArn"), 600), text(row.get("EndpointName"), 200)
            names.append(name)
            ids.append(arn)
            mark = mapping.sign(row.get("LastModifiedTime"), row.get("EndpointStatus"))
            shadowed = str(known.get(name, "")).endswith("|shadow")
            if str(known.get(name, "")).partition("|")[0] != mark:
                shadowed = self.endpoint(name)
                known[name] = mark + ("|shadow" if shadowed else "")
                self.hand_in(least=PIECE)
            ids += [f"{arn}#shadow"] if shadowed else []
        self.hand_in()
        self.gone(Kind.ENDPOINT, ids, "endpoints", names)

    def endpoint(self, name: str, *, arn: str = "") -> bool:
        """Tells one endpoint, as serving nothing where there is none (then by ``arn``); whether it has a shadow."""
        try:
            found = self.maker.endpoint(name)
        except Missing:
            if not arn:
                return False
            found = {"EndpointArn": arn, "EndpointName": name}
        tags = self.tags(found["EndpointArn"]) if found.get("EndpointStatus") else {}
        environment = mapping.environment_of(name, tags, tag=self.rules.tag, staging=self.rules.staging)
        serves = self.serves(text(found.get("EndpointConfigName")))
        told = mapping.endpoint_of(
            found,
            environment=environment,
            variants=mapping.variants_of(found, "ProductionVariants", serves),
            at=self.at,
        )
        self.piece.endpoints.append(told)
        shadow = mapping.variants_of(found, "ShadowProductionVariants", serves)
        if shadow:
            self.piece.endpoints.append(mapping.shadow_of(told, shadow))
        return bool(shadow)

    def serves(self, configuration: str) -> dict[str, Variant]:
        """What each variant of a configuration serves, by the variant's name."""
        found = self.maker.configuration(configuration) if configuration else {}
        served = {}
        for row in (*rows(found.get("ProductionVariants")), *rows(found.get("ShadowProductionVariants"))):
            name, model = text(row.get("VariantName"), 200), text(row.get("ModelName"), 200)
            version = self.served(self.maker.model(model)) if model else ""
            unknown = "" if version else model or "inference components"
            served[name] = Variant(name=name, version=version, unknown=unknown)
        return served

    def served(self, model: Answer) -> str:
        """The version that a model is, told before or now; empty where it is of no versioned package."""
        for container in (part(model.get("PrimaryContainer")), *rows(model.get("Containers"))):
            arn = text(container.get("ModelPackageName"), 600)
            if mapping.kind_of(arn) == "model-package" and (
                mapping.tail(arn) in self.marks("packages") or self.package(arn, before="")
            ):
                return arn
        return ""

    def cards(self) -> None:
        """Model cards, under the package that they name."""
        known, names = self.marks("cards"), []
        for row in self.maker.cards():
            name = text(row.get("ModelCardName"), 200)
            names.append(name)
            mark = mapping.sign(row.get("ModelCardStatus"), row.get("LastModifiedTime") or row.get("CreationTime"))
            if name and known.get(name) != mark:
                self.card(name)
                known[name] = mark
                self.hand_in(least=PIECE)
        for name in set(known) - set(names):
            del known[name]

    def card(self, name: str) -> None:
        """One model card."""
        try:
            happening = mapping.card_of(self.maker.card(name))
        except Missing:
            return
        self.piece.happenings += [happening] if happening else []


def _mark(package: Answer) -> str:
    """The mark of a package, from what the list tells of it."""
    stage = part(package.get("ModelLifeCycle"))
    return mapping.sign(
        package.get("ModelApprovalStatus"),
        package.get("ModelPackageStatus"),
        package.get("ModelPackageDescription"),
        stage.get("Stage"),
        stage.get("StageStatus"),
    )


def _changed(job: Answer) -> str:
    """When a training job was changed last."""
    at = moment(job.get("LastModifiedTime")) or moment(job.get("CreationTime"))
    return at.isoformat() if at else ""
