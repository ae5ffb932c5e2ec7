"""What every stream needs, whatever its kind."""

from django import forms


class StreamForm(forms.Form):
    """Its name, and whether names of people go out; the form of its kind stands beside it."""

    name = forms.CharField(label="Name", max_length=100, help_text="As people call it, such as “SIEM of the group”")
    reveal = forms.BooleanField(
        label="Personal values go out in clear",
        required=False,
        help_text="Names, e-mails and addresses of people. Without it they are commitments; what has gone out in clear "
        "cannot be erased there by us.",
    )


class NewStreamForm(StreamForm):
    """And where it begins."""

    from_beginning = forms.BooleanField(
        label="Begin with the first entry", required=False, help_text="Otherwise with the next one that is sealed"
    )
