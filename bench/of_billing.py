"""What the benchmarks of bills run, each in a process of its own, so that its memory is its own too."""

import resource
import time
from pathlib import Path

from bench import inside
from bench.harness import best

RESOURCES = 2_400
MODELS = 200
COSTS = "sum(BilledCost), sum(EffectiveCost), sum(ListCost), sum(ContractedCost), sum(ConsumedQuantity), count(*)"
KEYS = (
    "BillingAccountId", "BillingAccountName", "BillingPeriodStart", "BillingPeriodEnd", "ProviderName", "SubAccountId",
    "ServiceName", "ServiceCategory", "RegionId", "ResourceId", "ResourceName", "ResourceType", "ChargeCategory",
    "ChargeClass", "SkuId", "x_UsageType", "Tags", "BillingCurrency", "ConsumedUnit",
)  # fmt: skip


def write(folder: str, rows: int) -> None:
    """A FOCUS 1.2 bill of so many hourly rows as Parquet; simulated: two in three resources tell their model."""
    import duckdb

    base = duckdb.connect(config={"threads": 2, "memory_limit": "1GB"})
    number = f"i % {RESOURCES}"
    model = f"'model-' || lpad(({number} % {MODELS})::VARCHAR, 4, '0')"
    hour = f"(TIMESTAMP '2026-01-01' + to_hours((i // {RESOURCES})::INTEGER))"
    stage = f"(['training-job', 'endpoint', 'transform-job', 'instance'])[1 + {number} % 4]"
    base.execute(
        f"COPY (SELECT cost::DECIMAL(18, 6) AS BilledCost, (cost * 0.9)::DECIMAL(18, 6) AS EffectiveCost, "
        "(cost * 1.2)::DECIMAL(18, 6) AS ListCost, cost::DECIMAL(18, 6) AS ContractedCost, "
        "date_trunc('month', start) AS BillingPeriodStart, date_trunc('month', start) + INTERVAL 1 MONTH "
        "AS BillingPeriodEnd, start AS ChargePeriodStart, start + INTERVAL 1 HOUR AS ChargePeriodEnd, "
        "'000123456789' AS BillingAccountId, 'Main' AS BillingAccountName, 'USD' AS BillingCurrency, "
        "'Usage' AS ChargeCategory, NULL::VARCHAR AS ChargeClass, 'AI and Machine Learning' AS ServiceCategory, "
        "'Amazon SageMaker' AS ServiceName, 'AWS' AS ProviderName, 'AWS' AS PublisherName, "
        "'AWS' AS InvoiceIssuerName, '1' AS SubAccountId, 'us-east-1' AS RegionId, "
        f"'arn:aws:sagemaker:us-east-1:000123456789:' || {stage} || '/' || CASE WHEN {number} % 3 = 0 THEN {model} "
        f"ELSE 'r' END || '-' || {number} AS ResourceId, NULL::VARCHAR AS ResourceName, {stage} AS ResourceType, "
        f"'sku-' || {number} % 40 AS SkuId, 'USE1-Host:ml.m5.large' AS x_UsageType, CASE WHEN {number} % 3 = 1 "
        f"THEN '{{\"tollgate:model\": \"' || {model} || '\"}}' END AS Tags, 1.0::DECIMAL(18, 6) AS ConsumedQuantity, "
        "'Hours' AS ConsumedUnit, 'charge ' || sku AS ChargeDescription "
        f"FROM (SELECT i, {hour} AS start, (i * 7919 % 100003) / 100000.0 AS cost, {number} % 40 AS sku "
        f"FROM range({rows}) AS of(i))) TO '{_bill(folder)}' (FORMAT parquet, COMPRESSION zstd)"
    )


def _bill(folder: str) -> Path:
    return Path(folder) / "bill.parquet"


def take(folder: str, tries: int) -> dict[str, float]:
    """Receives, reads and attributes the bill, into rollups. Best seconds, most megabytes."""
    from audit.base.actors import Actor
    from costs.allocation import services as allocation
    from costs.billing import services as billing

    _, register = inside.organisation({})
    for number in range(MODELS):
        register(f"model-{number:04d}")
    actor = Actor.service("bench")

    def once() -> None:
        source = f"bench-{time.monotonic_ns()}"
        with _bill(folder).open("rb") as file:
            parts = [billing.Part("bill.parquet", iter(lambda: file.read(1 << 20), b""))]
            bill = billing.receive_bill(actor=actor, source=source, parts=parts)
        billing.read_bill(actor=actor, bill_file=bill)
        allocation.allocate(actor=actor, source=source)

    return {"seconds": best(once, tries), "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def group(folder: str, tries: int) -> dict[str, float]:
    """DuckDB adds the same file up to days, with the threads that the import has: best seconds."""
    import duckdb

    base = duckdb.connect(config={"threads": 2, "memory_limit": "1GB"})

    def once() -> None:
        base.execute(
            f"CREATE OR REPLACE TEMP TABLE daily AS SELECT {', '.join(KEYS)}, CAST(ChargePeriodStart AS DATE) AS day, "
            f"{COSTS} FROM read_parquet('{_bill(folder)}') GROUP BY ALL"
        )

    return {"seconds": best(once, tries)}
