"""``manage.py changepassword E-MAIL``: in place of Django's own command, so that the change is an entry."""

import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.base.actors import Actor
from audit.people.models import User
from audit.people.services import change_password


class Command(BaseCommand):
    """Asks twice for the new password of a user, and sets it."""

    help = "Set the password of the user with this e-mail."

    def add_arguments(self, parser: CommandParser) -> None:
        """The user's e-mail."""
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sets it, unless the two differ or it is easy to guess."""
        user = User.objects.filter(email=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError(f"There is no user {options['email']}.")
        password = getpass.getpass("New password: ")
        if password != getpass.getpass("Again: "):
            raise CommandError("The two differ; nothing was changed.")
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        change_password(actor=Actor.service("command line"), user=user, password=password)
        self.stdout.write("The password is changed.")
