"""Takes in what SageMaker has registered, trained and serves; its events only say what to look at again."""

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django import forms

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.sources.aws import SECRETS, Aws, AwsForm, NotSignedIn
from audit.sources.contract import (
    Check,
    Cursor,
    Malformed,
    Opened,
    Parcel,
    PullContext,
    PullResult,
    Settings,
    Unavailable,
    Unproven,
)
from audit.sources.domain.answers import part, text
from audit.sources.http import Forbidden, Missing
from audit.sources.sagemaker import mapping
from audit.sources.sagemaker.client import SageMaker
from audit.sources.sagemaker.piece import Rules
from audit.sources.sagemaker.reading import Reading

HEADER: Final = "x-tollgate-token"
SOURCE: Final = "aws.sagemaker"
NOBODY: Final = "tollgate-test-of-settings"


class SageMakerForm(AwsForm):
    """Where, as whom, what, and how events are proven."""

    name_prefix = forms.CharField(
        label="Names begin with",
        max_length=63,
        required=False,
        help_text="Of model package groups and endpoints; empty for all",
    )
    environment_tag = forms.CharField(
        label="Tag of the environment",
        max_length=128,
        required=False,
        initial="environment",
        help_text="An endpoint is production, unless this tag says staging, test, shadow or the like",
    )
    staging_names = forms.CharField(
        label="Names of what is not production",
        max_length=500,
        required=False,
        help_text="Such as *-staging, test-*: for endpoints without the tag",
    )
    hook_token = forms.CharField(
        label="Token of events",
        max_length=200,
        min_length=16,
        required=False,
        widget=forms.PasswordInput(render_value=False),
        help_text=f"The API destination of EventBridge sends it as {HEADER}; empty: events are refused",
    )


class SageMakerConnector:
    """One region of one account."""

    kind = "sagemaker"
    title = "Amazon SageMaker"
    description = "Model packages and their approval, training jobs, pipelines, endpoints and model cards of a region"
    form: type[forms.Form] = SageMakerForm
    secret: tuple[str, ...] = (*SECRETS, "hook_token")
    hook = (
        "In EventBridge, make a connection with an API key named X-Tollgate-Token and the token of events as its value,"
        " an API destination (POST) with this address, and a rule for the source aws.sagemaker that sends to it."
    )

    def test(self, settings: Settings) -> list[Check]:
        """Whether each call that is made is allowed; it asks about things that do not exist."""
        aws, checks = Aws(settings), []
        try:
            account = text(aws.ask("sts", "GetCallerIdentity").get("Account"))
        except (NotSignedIn, Unavailable) as error:
            return [Check(False, error.sentence)]
        except InvalidInput:
            account = "000000000000"
        for action, wanted in _calls(aws.region, account):
            checks.append(_check(aws, action, wanted))
        proven = bool(settings.get("hook_token"))
        checks.append(Check(proven, "Events are taken in." if proven else "Events are refused: no token is set."))
        return checks

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """Reads what has changed since the marks in the cursor."""
        reading = _reading(context, settings, cursor, at=clock.now(), keeps=True)
        reading.whole()
        return PullResult(reading.cursor, {"changed": reading.changed})

    def prove(self, parcel: Parcel, settings: Settings) -> None:
        """That the delivery carries the token of events.

        Raises:
            Unproven: none is set, or the delivery carries none, or another one.
        """
        token, sent = str(settings.get("hook_token") or ""), parcel.headers.get(HEADER, "")
        if not token:
            raise Unproven("No token of events is set for this source.")
        if not hmac.compare_digest(token.encode(), sent.encode("utf-8", "replace")):
            raise Unproven(f"The header {HEADER} is missing, or is not the token of this source.")

    def open(self, parcel: Parcel) -> Opened:
        """An event of EventBridge.

        Raises:
            Malformed: it is no event of SageMaker.
        """
        try:
            body = json.loads(parcel.body)
        except ValueError:
            raise Malformed("The body is no JSON.") from None
        if not isinstance(body, dict):
            raise Malformed("The body is no JSON object.")
        key, event, source = text(body.get("id"), 200), text(body.get("detail-type"), 200), body.get("source")
        if not key or not event:
            raise Malformed("id or detail-type is missing: this is no event of EventBridge.")
        if SOURCE not in (source if isinstance(source, list) else [source]):
            raise Malformed(f"source is not {SOURCE}.")
        return Opened(key=key, event=event, body=body)

    def take(self, context: PullContext, settings: Settings, opened: Opened) -> None:
        """Reads the thing that the event is about; what else the event says is not used.

        Raises:
            Malformed: the event is from another region, or does not say what it is about.
        """
        body = part(opened.body)
        if text(body.get("region")) != str(settings.get("region")):
            raise Malformed(f"region is {text(body.get('region'), 40) or 'missing'}, not that of this source.")
        ask = EVENTS.get(opened.event)
        if ask is None:
            return
        reading = _reading(context, settings, context.cursor, at=clock.now(), keeps=False)
        arn = _arn(body, ask.field, ask.kind)
        if not arn:
            raise Malformed(f"detail.{ask.field} is missing, and resources names no {ask.kind}.")
        if ask.kind == "pipeline" or mapping.tail(arn).startswith(reading.rules.prefix):
            ask.read(reading, arn, part(body.get("detail")))
            reading.hand_in()


class _Ask:
    """What an event is about: the field of its detail, the kind of its ARN, and how that is read."""

    def __init__(self, field: str, kind: str, read: Callable[[Reading, str, Mapping[str, Any]], object]) -> None:
        self.field, self.kind, self.read = field, kind, read


def _package(reading: Reading, arn: str, _: Mapping[str, Any]) -> None:
    reading.package(arn, before=str(reading.marks("packages").get(mapping.tail(arn), "")))


def _job(reading: Reading, arn: str, detail: Mapping[str, Any]) -> None:
    """A job of a line that is known; one of another line is told with the version that it makes."""
    name = text(detail.get("TrainingJobName")) or mapping.tail(arn)
    model = reading.marks("lines").get(mapping.pipeline_of(name))
    if model:
        reading.run(reading.job(name), model, {})


def _endpoint(reading: Reading, arn: str, detail: Mapping[str, Any]) -> None:
    reading.endpoint(text(detail.get("EndpointName")) or mapping.tail(arn), arn=arn)


def _execution(reading: Reading, arn: str, _: Mapping[str, Any]) -> None:
    """The packages that an execution registered are told with their training job; then, that it ran."""
    reading.execution(arn)
    for package in (one for one in list(reading.made) if mapping.kind_of(one) == "model-package"):
        reading.package(package, before=str(reading.marks("packages").get(mapping.tail(package), "")))
    reading.piece.happenings += reading.later


def _card(reading: Reading, arn: str, detail: Mapping[str, Any]) -> None:
    reading.card(text(detail.get("ModelCardName")) or mapping.tail(arn))


EVENTS: Final = {
    "SageMaker Model Package State Change": _Ask("ModelPackageArn", "model-package", _package),
    "SageMaker Training Job State Change": _Ask("TrainingJobArn", "training-job", _job),
    "SageMaker Endpoint State Change": _Ask("EndpointArn", "endpoint", _endpoint),
    "SageMaker Endpoint Deployment State Change": _Ask("EndpointArn", "endpoint", _endpoint),
    "SageMaker Model Building Pipeline Execution Status Change": _Ask("pipelineExecutionArn", "pipeline", _execution),
    "SageMaker Model Card State Change": _Ask("ModelCardArn", "model-card", _card),
}


def _arn(body: Mapping[str, Any], field: str, kind: str) -> str:
    """The ARN in the detail, or the longest one of that kind among the resources."""
    resources = body.get("resources")
    named = [part(body.get("detail")).get(field), *(resources if isinstance(resources, list) else [])]
    found = [one for one in named if isinstance(one, str) and mapping.kind_of(one) == kind]
    return found[0] if found and found[0] == named[0] else max(found, key=len, default="")


def _reading(context: PullContext, settings: Settings, cursor: Cursor, *, at: datetime, keeps: bool) -> Reading:
    names = str(settings.get("staging_names") or "").replace("\n", ",").split(",")
    rules = Rules(
        prefix=str(settings.get("name_prefix") or ""),
        tag=str(settings.get("environment_tag") or ""),
        staging=tuple(name.strip() for name in names if name.strip()),
    )
    return Reading(SageMaker(Aws(settings)), rules, context, cursor, at=at, keeps=keeps)


def _check(aws: Aws, action: str, wanted: Mapping[str, Any]) -> Check:
    """Whether a call is allowed: AWS looks at rights first, and only then whether there is such a thing."""
    try:
        aws.ask("sagemaker", action, **wanted)
    except (Forbidden, Unavailable) as error:
        return Check(False, error.sentence)
    except InvalidInput as error:
        if NOBODY not in str(wanted):
            return Check(False, error.sentence)
    except Missing:
        pass
    return Check(True, f"sagemaker:{action} is allowed.")


def _calls(region: str, account: str) -> list[tuple[str, dict[str, Any]]]:
    """Each call that is made, with the least that it can be asked."""
    stem = f"arn:aws:sagemaker:{region}:{account}"
    execution = {"PipelineExecutionArn": f"{stem}:pipeline/{NOBODY}/execution/000000000000"}
    return [
        ("ListModelPackageGroups", {"MaxResults": 1}),
        ("DescribeModelPackageGroup", {"ModelPackageGroupName": NOBODY}),
        ("ListModelPackages", {"MaxResults": 1, "ModelPackageType": "Versioned"}),
        ("DescribeModelPackage", {"ModelPackageName": NOBODY}),
        ("ListTrainingJobs", {"MaxResults": 1}),
        ("DescribeTrainingJob", {"TrainingJobName": NOBODY}),
        ("ListPipelines", {"MaxResults": 1}),
        ("ListPipelineExecutions", {"PipelineName": NOBODY}),
        ("DescribePipelineExecution", execution),
        ("ListPipelineExecutionSteps", execution),
        ("ListEndpoints", {"MaxResults": 1}),
        ("DescribeEndpoint", {"EndpointName": NOBODY}),
        ("DescribeEndpointConfig", {"EndpointConfigName": NOBODY}),
        ("DescribeModel", {"ModelName": NOBODY}),
        ("ListModelCards", {"MaxResults": 1}),
        ("DescribeModelCard", {"ModelCardName": NOBODY}),
        ("ListTags", {"ResourceArn": f"{stem}:endpoint/{NOBODY}"}),
    ]
