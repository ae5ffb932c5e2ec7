"""An Athena that runs the query that it is given, with DuckDB, and answers in the shapes of Athena's API reference.

Athena speaks the SQL of Trino; what our query takes of it means the same in both, but for ``element_at`` of a map,
which is defined here as Trino has it (https://trino.io/docs/current/functions/map.html#element_at).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb

from tests.audit.sources.aws_server import AwsServer, aws_server

PAGE = 3
"""Rows of a page, so that there are several."""


@dataclass
class Athena:
    """``states`` are told in turn before a query has ended; ``scanned`` is how much each one reads."""

    server: AwsServer
    connection: Any
    scanned: int = 250_000_000
    cutoff: int | None = 1_000_000_000
    states: tuple[str, ...] = ("QUEUED", "RUNNING")
    ends: str = "SUCCEEDED"
    reason: str = ""
    queries: dict[str, str] = field(default_factory=dict)
    answers: dict[str, list[Any]] = field(default_factory=dict)
    polls: dict[str, int] = field(default_factory=dict)

    def work_group(self, asked: dict[str, Any]) -> dict[str, Any]:
        """GetWorkGroup."""
        limit = {"BytesScannedCutoffPerQuery": self.cutoff} if self.cutoff else {}
        return {"WorkGroup": {"Name": asked["WorkGroup"], "State": "ENABLED", "Configuration": limit}}

    def start(self, asked: dict[str, Any]) -> dict[str, Any]:
        """StartQueryExecution: the same token is the same query."""
        token = asked["ClientRequestToken"]
        assert 32 <= len(token) <= 128
        self.queries[token] = asked["QueryString"]
        self.polls.setdefault(token, 0)
        return {"QueryExecutionId": token}

    def execution(self, asked: dict[str, Any]) -> dict[str, Any]:
        """GetQueryExecution."""
        name = asked["QueryExecutionId"]
        told = self.states[self.polls[name]] if self.polls[name] < len(self.states) else self.ends
        self.polls[name] += 1
        status = {"State": told} | ({"StateChangeReason": self.reason} if self.reason else {})
        statistics = {"DataScannedInBytes": self.scanned}
        return {"QueryExecution": {"QueryExecutionId": name, "Status": status, "Statistics": statistics}}

    def results(self, asked: dict[str, Any]) -> dict[str, Any]:
        """GetQueryResults: pages of text, the heading as the first row of the first; a null has no value."""
        every = self.answers.get(asked["QueryExecutionId"])
        if every is None:
            found = self.connection.execute(self.queries[asked["QueryExecutionId"]])
            every = [[column[0].lower() for column in found.description], *found.fetchall()]
            self.answers[asked["QueryExecutionId"]] = every
        heading = every[0]
        at = int(asked.get("NextToken") or 0)
        rows = [
            {"Data": [{} if value is None else {"VarCharValue": str(value)} for value in row]}
            for row in every[at : at + PAGE]
        ]
        columns = [{"Name": name, "Type": "varchar"} for name in heading]
        more = {"NextToken": str(at + PAGE)} if at + PAGE < len(every) else {}
        return {"ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": columns}}, **more}


@contextmanager
def athena() -> Iterator[Athena]:
    """Runs it on a free port, with an empty database ``bills``."""
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA bills")
    connection.execute("CREATE MACRO element_at(of, key) AS map_extract_value(of, key)")
    with aws_server() as server:
        found = Athena(server, connection)
        server.answers |= {
            "GetWorkGroup": found.work_group,
            "StartQueryExecution": found.start,
            "GetQueryExecution": found.execution,
            "GetQueryResults": found.results,
            "StopQueryExecution": {},
        }
        yield found
    connection.close()
