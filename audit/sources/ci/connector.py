"""What a connector of continuous integration does, whichever system it is: prove, read, and tell what happened."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django import forms

from audit.sources.ci import counts
from audit.sources.ci.proving import check_hmac, key_or_digest
from audit.sources.ci.reading import parsed
from audit.sources.ci.steps import Rule, UnreadableRuleError, rules_of
from audit.sources.contract import Check, Cursor, Malformed, Opened, Parcel, PullContext, PullResult, Settings
from audit.sources.domain.told import Happening, Told

STEPS_HELP = (
    "One rule a line, such as “nightly* = train”: jobs with such a name, or such a word in it, are part of that step."
    " Names with deploy, release, train, test, validate and build are known."
)


class CiForm(forms.Form):
    """The secret that deliveries are proven by, and what names of jobs mean."""

    secret = forms.CharField(
        label="Secret",
        max_length=500,
        widget=forms.PasswordInput(render_value=False),
        help_text="The same as in the system’s webhook. A delivery without it is refused",
    )
    steps = forms.CharField(
        label="Steps by name",
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=STEPS_HELP,
    )

    def clean_steps(self) -> str:
        """The lines, when each is a rule."""
        lines = str(self.cleaned_data["steps"])
        try:
            rules_of(lines)
        except UnreadableRuleError as error:
            raise forms.ValidationError(str(error)) from None
        return lines


class CiConnector(ABC):
    """A system that tells of code: it sends deliveries, and may be read for what was missed."""

    form: type[forms.Form] = CiForm
    secret: tuple[str, ...] = ("secret",)

    @abstractmethod
    def check(self, parcel: Parcel, settings: Settings) -> None:
        """Nothing, when the delivery is from the system.

        Raises:
            Unproven: nothing shows it.
        """

    @abstractmethod
    def read(self, parcel: Parcel) -> Opened:
        """Reads a delivery of the system.

        Raises:
            Malformed: it is no JSON.
        """

    @abstractmethod
    def told(self, event: str, body: Any, rules: tuple[Rule, ...]) -> Iterable[Happening]:
        """What a delivery tells; nothing for events that are of no use here.

        Raises:
            Malformed: what it needs is not in it.
        """

    def prove(self, parcel: Parcel, settings: Settings) -> None:
        """Nothing, when it is from the system, or holds counts of tests that a step of a pipeline signed."""
        if _of_tests(parcel):
            check_hmac(parcel, "x-tollgate-signature-256", secret_of(settings))
        else:
            self.check(parcel, settings)

    def open(self, parcel: Parcel) -> Opened:
        """Reads a delivery of the system, or counts of tests."""
        if _of_tests(parcel):
            return Opened(key_or_digest(body=parcel.body), counts.EVENT, parsed(parcel.body))
        return self.read(parcel)

    def take(self, context: PullContext, settings: Settings, opened: Opened) -> None:
        """Hands in what the delivery tells."""
        if opened.event == counts.EVENT:
            found = [counts.happening(opened.body)]
        else:
            found = list(self.told(opened.event, opened.body, rules(settings)))
        if found:
            context.take(Told(happenings=tuple(found)))

    def test(self, settings: Settings) -> list[Check]:
        """Whether deliveries can be proven; what the system allows is asked only where it is read as well."""
        if not secret_of(settings):
            return [Check(False, "There is no secret, so every delivery is refused. Set one here and in the webhook.")]
        return [Check(True, "Deliveries are proven by the secret. Send one from the system to see it arrive.")]

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """Reads nothing: everything comes as deliveries."""
        return PullResult(cursor)


class ReadBackConnector(CiConnector):
    """A system that is read, where a token is given, for what was missed: project by project.

    ``places`` is the field of the form that names them, one a line; ``place`` what one is called.
    """

    places: str
    place: str
    secret: tuple[str, ...] = ("secret", "token")

    @abstractmethod
    def check_places(self, settings: Settings, names: list[str]) -> list[Check]:
        """What of each can be read."""

    @abstractmethod
    def read_back(self, context: PullContext, settings: Settings, names: list[str], cursor: Cursor) -> PullResult:
        """Reads what is new since the cursor."""

    def names(self, settings: Settings) -> list[str]:
        """What is named, each once."""
        return named(str(settings.get(self.places) or ""))

    def test(self, settings: Settings) -> list[Check]:
        """Whether deliveries can be proven and, with a token, what can be read."""
        found, names = super().test(settings), self.names(settings)
        if not settings.get("token"):
            return [*found, Check(True, "There is no token: what was sent while nothing listened is not read back.")]
        if not names:
            return [*found, Check(False, f"There is a token, and no {self.place} is named that it is to read.")]
        return [*found, *self.check_places(settings, names)]

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """What was missed; without a token nothing."""
        names = self.names(settings)
        if not settings.get("token") or not names:
            return PullResult(cursor)
        return self.read_back(context, settings, names, dict(cursor))


def _of_tests(parcel: Parcel) -> bool:
    return parcel.headers.get("x-tollgate-event") == "tests"


def gathered(
    context: PullContext, name: str, tellings: Iterable[Callable[[], Happening | Sequence[Happening | None] | None]]
) -> tuple[Happening, ...]:
    """What the rows of a list of ``name`` tell; one that cannot be read is a problem, and the others are told."""
    told: list[Happening] = []
    for telling in tellings:
        try:
            found = telling()
        except Malformed as error:
            context.problem(f"{name}: {error.sentence}")
            continue
        several = found if isinstance(found, Sequence) else [found]
        told += [one for one in several if one is not None]
    return tuple(told)


def named(text: str) -> list[str]:
    """What stands there, one a line, each once."""
    return list(dict.fromkeys(filter(None, (line.strip() for line in text.splitlines()))))


def secret_of(settings: Settings) -> str:
    """The secret; empty when there is none."""
    return str(settings.get("secret") or "")


def rules(settings: Settings) -> tuple[Rule, ...]:
    """The rules that people gave; the form has checked them."""
    return rules_of(str(settings.get("steps") or ""))
