#!/usr/bin/env python
"""Every command of Tollgate starts here; a wrong setting ends it with one line that says how to mend it."""

import os
import sys


def main() -> None:
    """Run the management command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Tollgate cannot start: {error}")


if __name__ == "__main__":
    main()
