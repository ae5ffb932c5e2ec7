"""What the ledger says about the catalogue."""

from audit.ledger.registry import Action, register

USE_CASE_REGISTERED = register(
    Action("catalogue.use_case_registered", "registered the use case {subject}", weighty=True)
)
MODEL_REGISTERED = register(
    Action(
        "catalogue.model_registered",
        "registered the model {subject}",
        link="catalogue:model_by_id",
        personal=("changes.owner",),
        weighty=True,
    )
)
MODEL_HANDED_OVER = register(
    Action(
        "catalogue.model_handed_over",
        "gave another owner to the model {subject}",
        link="catalogue:model_by_id",
        personal=("changes.owner", "reason"),
        weighty=True,
    )
)
DATASET_REGISTERED = register(
    Action(
        "catalogue.dataset_registered",
        "registered the dataset {subject}",
        link="catalogue:dataset_by_id",
        personal=("changes.owner",),
    )
)
DATASET_DESCRIBED = register(
    Action(
        "catalogue.dataset_described",
        "described the dataset {subject}",
        link="catalogue:dataset_by_id",
        personal=("changes.owner",),
    )
)
DATASET_VERSION_REGISTERED = register(
    Action("catalogue.dataset_version_registered", "registered the data {subject}", link="catalogue:dataset_by_id")
)
PIPELINE_REGISTERED = register(Action("catalogue.pipeline_registered", "registered the pipeline {subject}"))
RUN_STARTED = register(Action("catalogue.run_started", "started the pipeline run {subject}"))
RUN_FINISHED = register(Action("catalogue.run_finished", "finished the pipeline run {subject}"))
VERSION_REGISTERED = register(
    Action(
        "catalogue.version_registered", "registered the version {subject}", personal=("changes.author",), weighty=True
    )
)
ALIAS_MOVED = register(Action("catalogue.alias_moved", "moved the alias {subject}", weighty=True))
DEPLOYED = register(Action("catalogue.deployed", "deployed {subject}", weighty=True))
RETIRED = register(Action("catalogue.retired", "ended the deployment of {subject}", weighty=True))
MODEL_CHANGED = register(
    Action(
        "catalogue.model_changed",
        "changed what is known of the model {subject}",
        link="catalogue:model_by_id",
        personal=("changes.owner",),
    )
)
RUN_CHANGED = register(Action("catalogue.run_changed", "changed what is known of the pipeline run {subject}"))
VERSION_CHANGED = register(
    Action(
        "catalogue.version_changed",
        "changed what is known of the version {subject}",
        personal=("changes.author",),
        weighty=True,
    )
)
ALIAS_ENDED = register(Action("catalogue.alias_ended", "took away the alias {subject}", weighty=True))
