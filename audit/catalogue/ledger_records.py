"""Which records of the catalogue the ledger answers for, and in whose life each stands."""

from uuid import UUID

from audit.catalogue.models import (
    AliasPeriod,
    Dataset,
    DatasetVersion,
    Deployment,
    Model,
    ModelVersion,
    Pipeline,
    PipelineRun,
    UseCase,
)
from audit.ledger.audited import audited, every

Ids = tuple[UUID | None, UUID | None]


def of_model(model: Model) -> Ids:
    """The life of the model."""
    return model.pk, model.use_case_id


def of_version(version: ModelVersion) -> Ids:
    """The life of its model."""
    return version.model_id, version.model.use_case_id


audited(UseCase, fields=every(UseCase), within=lambda row: (None, row.pk))
audited(Model, fields=every(Model), within=of_model)
audited(Dataset, fields=every(Dataset))
audited(DatasetVersion, fields=every(DatasetVersion))
audited(Pipeline, fields=every(Pipeline), within=lambda row: of_model(row.model))
audited(PipelineRun, fields=every(PipelineRun), within=lambda row: of_model(row.pipeline.model))
audited(ModelVersion, fields=every(ModelVersion), within=of_version, personal=("registered_by",))
audited(AliasPeriod, fields=every(AliasPeriod), within=lambda row: of_version(row.version))
audited(Deployment, fields=every(Deployment), within=lambda row: of_version(row.version), personal=("actor_id",))
INPUTS, TRAINED_ON = PipelineRun.inputs.through, ModelVersion.training_data.through
audited(INPUTS, fields=every(INPUTS), within=lambda row: of_model(row.pipelinerun.pipeline.model))
audited(TRAINED_ON, fields=every(TRAINED_ON), within=lambda row: of_version(row.modelversion))
