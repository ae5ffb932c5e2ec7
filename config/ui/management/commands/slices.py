"""Prints the table of slices that docs/architecture.md holds; a test compares the two."""

from importlib import import_module
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand

FLOORS = (("governance", "3, what we decide"), ("costs", "2, what it costs"), ("audit", "1, what happened"))


def table() -> str:
    """The slices as a Markdown table, the highest floor first, each with its first line and its records."""
    lines = ["| floor | slice | what it is for | records |", "|---|---|---|---|"]
    for package, floor in FLOORS:
        configs = [config for config in apps.get_app_configs() if config.name.startswith(f"{package}.")]
        for config in reversed(configs):
            text = (import_module(config.name).__doc__ or "").split("\n")[0].strip()
            records = ", ".join(f"`{model.__name__}`" for model in config.get_models()) or "none"
            lines.append(f"| {floor} | `{config.name.replace('.', '/')}` | {text} | {records} |")
    return "\n".join(lines)


class Command(BaseCommand):
    """Prints the table."""

    help = "Print the table of slices for docs/architecture.md."

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints the table."""
        self.stdout.write(table())
