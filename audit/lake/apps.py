"""Names the app."""

from django.apps import AppConfig


class LakeConfig(AppConfig):
    """Floor 1, lake."""

    name = "audit.lake"
    label = "lake"
