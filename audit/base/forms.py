"""Two small things that every page with a form of settings needs."""

from collections.abc import Mapping
from typing import Any

from django import forms

from audit.base.errors import InvalidInput


def blame(error: InvalidInput, *candidates: forms.Form) -> None:
    """Puts the error at its field, in the first form that has it; where none has, at the top of the last one."""
    form = next((one for one in candidates if error.where in one.fields), candidates[-1])
    form.add_error(error.where if error.where in form.fields else None, error.sentence)


def own_form(settings: Mapping[str, Any], kind: type[forms.Form], posted: Any = None) -> forms.Form:
    """The form of a kind of place: as it was posted, or filled with these settings; secrets are never filled in."""
    return kind(posted) if posted is not None else kind(initial=dict(settings))
