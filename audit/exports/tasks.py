"""Building a bundle is a job."""

from typing import Any

from audit.base.errors import TollgateError
from audit.exports import services
from audit.exports.models import Export
from audit.jobs.registry import job
from audit.jobs.run import Run


@job(services.BUILD, title="Put evidence together", permanent=(TollgateError, RuntimeError), attempts=3)
def build(run: Run, *, export: str) -> dict[str, Any]:
    """Writes the bundle of an export."""
    found = Export.objects.select_related("team").get(pk=export)
    built = services.build_export(actor=run.actor, export=found, progress=run.progress)
    return {"entries": built.entries, "bytes": built.bytes, "digest": built.digest}
