"""SQL over partitions in the lake: only those that are asked for, and of labels the newest of each id."""

from __future__ import annotations

from collections.abc import Iterable

from audit.lake import store as lake
from audit.lake.engine import literal
from audit.monitoring.models import Partition


def files(partitions: Iterable[Partition], *, tagged: bool = False) -> str:
    """SQL for a FROM clause over the partitions' files; there must be at least one.

    With ``tagged`` the column filename says from which file a row is.
    """
    paths = ", ".join(literal(str(lake.local(partition.path))) for partition in partitions)
    return f"read_parquet([{paths}], union_by_name=true, hive_partitioning=false{', filename=true' if tagged else ''})"


def labels(partitions: Iterable[Partition]) -> str:
    """SQL for a FROM clause over label partitions: prediction_id and label, one row an id, the newest import's.

    There must be at least one partition.
    """
    rows = list(partitions)
    ranks = ", ".join(f"({literal(str(lake.local(row.path)))}, {row.sequence})" for row in rows)
    if len({row.sequence for row in rows}) == 1 and len({row.day for row in rows}) == len(rows):
        return f"(SELECT prediction_id, label FROM {files(rows)})"
    return (
        "(SELECT prediction_id, arg_max(label, sequence) AS label "
        f"FROM {files(rows, tagged=True)} JOIN (VALUES {ranks}) AS ranks(filename, sequence) USING (filename) "
        "GROUP BY prediction_id)"
    )
