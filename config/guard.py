"""A wrong or missing setting stops a server with one line that says how to mend it, not with a trace."""

import os
import sys


def settings_or_exit() -> None:
    """Load the settings; end this process with exit code 1 and one sentence when they cannot be loaded."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        settings.INSTALLED_APPS  # noqa: B018 - settings load when the first of them is read
    except ImproperlyConfigured as error:
        sys.exit(f"Tollgate cannot start: {error}")
