"""Which records of monitoring the ledger answers for, and in whose life each stands."""

from audit.catalogue.ledger_records import of_model, of_version
from audit.ledger.audited import audited, every, not_audited
from audit.monitoring.estimate_models import EstimateDay, EstimateFit, EstimateWeek
from audit.monitoring.input_models import ColumnWeek, DayProfile, InputWeek, Reference
from audit.monitoring.mapping_models import LogMapping
from audit.monitoring.models import Measurement, Partition, ServedWeek, Upload, Window
from audit.monitoring.outcome_models import FairnessWeek, OutcomeDay, OutcomeMonth, SliceFigure
from audit.monitoring.quality_models import (
    ConceptSign,
    ConceptState,
    FeatureImportance,
    QualityFinding,
    QualityWeek,
    ShiftWeek,
)
from audit.monitoring.service_models import ServiceDay, ServiceHour

audited(Upload, fields=every(Upload, but=("error",)), within=lambda row: of_model(row.model), personal=("actor_name",))
audited(Window, fields=every(Window), within=lambda row: of_version(row.version))
audited(Measurement, fields=every(Measurement), within=lambda row: of_version(row.window.version))
not_audited(Partition, why="A day of an uploaded file, whose SHA-256 is audited: importing that file gives it again.")
not_audited(ServedWeek, why="Follows from windows, aliases and thresholds, which are audited; written again with each.")
audited(ServiceHour, fields=every(ServiceHour), within=lambda row: of_model(row.model))
not_audited(ServiceDay, why="Follows from hours of service metrics, which are audited; written again with each.")
audited(
    Reference,
    fields=every(Reference, but=("error",)),
    within=lambda row: of_version(row.version),
    personal=("chosen_by",),
)
audited(InputWeek, fields=every(InputWeek), within=lambda row: of_version(row.version))
not_audited(
    DayProfile,
    why="Follows from the day's files, whose SHA-256 are audited; of one that was sent, the entry has its own.",
)
not_audited(ColumnWeek, why="A part of a week of inputs, whose digest over all of its columns is audited.")
audited(LogMapping, fields=every(LogMapping), within=lambda row: of_model(row.model), personal=("stated_by",))
audited(QualityWeek, fields=every(QualityWeek), within=lambda row: of_version(row.version))
not_audited(QualityFinding, why="A part of a checked week, whose digest over all of its findings is audited.")
audited(ConceptSign, fields=every(ConceptSign), within=lambda row: of_version(row.version))
not_audited(ConceptState, why="How far a detector has read the log; each change that it found is audited.")
audited(FeatureImportance, fields=every(FeatureImportance), within=lambda row: of_version(row.version))
audited(ShiftWeek, fields=every(ShiftWeek), within=lambda row: of_version(row.version))
not_audited(
    OutcomeDay, why="Follows from the day's files, whose SHA-256 are audited: reading them again gives it again."
)
not_audited(OutcomeMonth, why="Follows from days, which follow from audited files; merged again with each.")
not_audited(SliceFigure, why="Follows from the same days as its window, which is audited; written again with each.")
not_audited(FairnessWeek, why="Follows from the same days as its window, which is audited; written again with each.")
audited(EstimateFit, fields=every(EstimateFit), within=lambda row: of_version(row.version))
not_audited(
    EstimateDay, why="Follows from the day's files, whose SHA-256 are audited: reading them again gives it again."
)
not_audited(EstimateWeek, why="Follows from an audited estimator, audited files and audited windows.")
