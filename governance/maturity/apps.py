"""Names the app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save


class MaturityConfig(AppConfig):
    """Floor 3, maturity."""

    name = "governance.maturity"
    label = "maturity"

    def ready(self) -> None:
        """Registers actions, jobs and the line of the rail, and follows decisions."""
        from config.ui import navigation
        from governance.approvals.models import PromotionRequest
        from governance.maturity import evidence, ledger_actions, ledger_records, tasks  # noqa: F401

        evidence.register()
        navigation.register(
            floor="What we decide",
            label="Maturity",
            url_name="maturity:page",
            order=30,
            key="t",
            prefixes=("maturity:",),
        )
        post_save.connect(_decided, sender=PromotionRequest, dispatch_uid="maturity.decided")


def _decided(instance: Any, **_: Any) -> None:
    """A decided request changes facts: assess again."""
    if instance.decided_at is not None:
        from governance.maturity.tasks import after_decision

        after_decision(key=f"{instance.pk}:{instance.state}")
