"""What it costs to receive an event, and to ask a large graph: beside a plain insert, and a search in memory."""

from collections.abc import Iterator

from bench.apart import DATABASES, figures
from bench.harness import Figure, bench


@bench("audit.lineage.receive")
def receive() -> Iterator[Figure]:
    """Events a second, each a whole request, and by the hundred; against one insert of the body, a commit each."""
    for database in DATABASES:
        found = figures("bench.of_lineage:receiving", database, rounds=3, events=400)
        for name, target in (("one", ">= 0.005"), ("many", ">= 0.05")):
            yield Figure(
                f"audit.lineage.receive.{name}.{database}",
                found[name],
                "1/s",
                "plain inserts of the body",
                found["plain"],
                target,
            )


@bench("audit.lineage.downstream")
def downstream() -> Iterator[Figure]:
    """A million edges, from the busiest node to depth 20."""
    for database in DATABASES:
        found = figures("bench.of_lineage:questions", database, graph="wide", depth=20, rounds=7)
        reached = f"a search in memory, {found['reached']:,} nodes"
        yield Figure(f"audit.lineage.downstream.{database}", found["ours"], "ms", reached, found["memory"], "<= 2.5")


@bench("audit.lineage.deep")
def deep() -> Iterator[Figure]:
    """Edges that skip: depth 300."""
    for database in DATABASES:
        found = figures("bench.of_lineage:questions", database, graph="long", depth=300, rounds=3)
        yield Figure(f"audit.lineage.deep.{database}", found["ours"], "ms", "the most", 1000)
