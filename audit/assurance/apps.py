"""Names the app."""

from django.apps import AppConfig


class AssuranceConfig(AppConfig):
    """Floor 1, assurance."""

    name = "audit.assurance"
    label = "assurance"

    def ready(self) -> None:
        """Registers kinds of witnesses, actions, jobs, what pages say, and the look before a process seals."""
        from audit.assurance import checking, ledger_actions, ledger_records, shown, tasks, witnesses  # noqa: F401
        from audit.assurance.witnesses.bucket import Bucket
        from audit.assurance.witnesses.folder import Folder
        from audit.assurance.witnesses.http import Http
        from audit.assurance.witnesses.timestamp import Timestamp
        from audit.ledger import sealing

        for place in (Folder, Bucket, Http, Timestamp):
            witnesses.register(place)
        shown.register()
        if checking.before_first_seal not in sealing.BEFORE_FIRST_SEAL:
            sealing.BEFORE_FIRST_SEAL.append(checking.before_first_seal)
