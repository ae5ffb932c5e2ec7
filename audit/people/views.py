"""Pages about people: sign-in, one's own settings, teams and roles, and the first steps of an installation."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView, redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from audit.base import clock
from audit.base.actors import Role
from audit.base.errors import InvalidInput, NotFound
from audit.base.forms import blame
from audit.people import forms, scopes, selectors, services, steps, words
from audit.people.links import LINKS
from audit.people.models import Membership

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    """Asks for e-mail and password; leads to where the person wanted to go, on this host only."""

    template_name = "people/sign_in.html"
    authentication_form = forms.SignInForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """An installation without people has nobody who could sign in."""
        if request.method == "GET" and not selectors.anybody():
            return redirect("people:first_steps")
        return super().dispatch(request, *args, **kwargs)


@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):
    """Ends the session."""


def locked_out(request: HttpRequest, credentials: dict[str, Any] | None = None, *_: Any, **__: Any) -> HttpResponse:
    """The page after too many wrong guesses."""
    minutes = round(60 * settings.AXES_COOLOFF_TIME)
    response = render(request, "people/locked_out.html", {"minutes": minutes}, status=429)
    response["Retry-After"] = str(60 * minutes)
    return response


@never_cache
def own_settings(request: HttpRequest) -> HttpResponse:
    """One's own name, time zone, roles and tokens. A new token's text is in this one answer and nowhere else."""
    user, actor, issued = selectors.signed_in(request.user), request.actor, ""
    profile = forms.ProfileForm(initial={"name": user.name, "zone": user.zone})
    allowed = selectors.token_scopes(actor)
    token = forms.TokenForm(initial={"scopes": ["read"], "days": 90}, allowed=allowed)
    if request.method == "POST" and request.POST.get("form") == "profile":
        profile = forms.ProfileForm(request.POST)
        if profile.is_valid():
            services.change_profile(actor=actor, user=user, **profile.cleaned_data)
            messages.success(request, "Your settings are saved.")
            return redirect("people:settings")
    elif request.method == "POST":
        token = forms.TokenForm(request.POST, allowed=allowed)
        if token.is_valid():
            _, issued = services.issue_token(actor=actor, user=user, **token.cleaned_data)
            token = forms.TokenForm(initial={"scopes": ["read"], "days": 90}, allowed=allowed)
    context = {
        "profile": profile,
        "token_form": token,
        "issued": issued,
        "roles": _held(list(selectors.roles_of(user))),
        "tokens": selectors.tokens(viewer=actor),
        "may_issue": actor.may_anywhere("people.issue_token"),
        "why_not": actor.why_not("people.issue_token"),
        "now": clock.now(),
    }
    return render(request, "people/settings.html", context, status=422 if profile.errors or token.errors else 200)


@require_POST
def revoke_token(request: HttpRequest, token_id: str) -> HttpResponse:
    """Ends one of one's own tokens."""
    token = services.revoke_token(actor=request.actor, token_id=token_id)
    messages.success(request, f"The token {token.name} is revoked.")
    return redirect("people:settings")


def people(request: HttpRequest) -> HttpResponse:
    """Teams, their members and roles; administrators change them here."""
    request.actor.check_whole("Roles are held for teams, and not for models")
    chosen = request.POST.get("form", "")
    kinds = {"user": forms.UserForm, "role": forms.RoleForm, "team": forms.TeamForm}
    bound = {name: kind(request.POST if chosen == name else None, prefix=name) for name, kind in kinds.items()}
    status = 200
    if request.method == "POST":
        request.actor.check("people.manage")
        if chosen in bound and bound[chosen].is_valid() and (done := _change(request, chosen, bound[chosen])):
            messages.success(request, done)
            return redirect("people:people")
        status = 422
    context = {
        "groups": _groups(request),
        "forms": bound,
        "may_manage": request.actor.may("people.manage"),
        "why_not": request.actor.why_not("people.manage"),
        "revoke_form": forms.RevokeForm(),
        "links": [link for link in LINKS if request.actor.may(link.right)],
    }
    return render(request, "people/people.html", context, status=status)


def _change(request: HttpRequest, chosen: str, form: Any) -> str:
    """Carries out one of the page's forms; the sentence that says so, or nothing when the form shows an error."""
    data, actor = form.cleaned_data, request.actor
    try:
        if chosen == "user":
            return f"{services.create_user(actor=actor, **data)} is added; grant a role next."
        if chosen == "team":
            return f"The team {services.create_team(actor=actor, **data)} exists."
        held = services.grant_role(actor=actor, **{**data, "role": Role(data["role"])})
        return f"Granted: {held}."
    except InvalidInput as error:
        blame(error, form)
        return ""


@dataclass(frozen=True, slots=True)
class Held:
    """A role that someone holds, with its limits and its last day in words, and whether it has ended."""

    row: Membership
    limits: str
    last_day: str
    ended: bool


def _held(rows: list[Membership]) -> list[Held]:
    """The roles with their limits in words; names of models are read once for all of them."""
    limited = any(row.only_models for row in rows)
    names = {model.id: model.name for model in scopes.Known.models()} if limited else {}
    now = clock.now()
    found = []
    for row in rows:
        limit = selectors.limit_of(row) if row.limited else None
        own = [name for pk, name in names.items() if limit and limit.models and pk in limit.models]
        limits = words.limit_words(limit, own) if limit else ""
        last_day = words.last_day(row.until) if row.until else ""
        found.append(Held(row, limits, last_day, row.until is not None and row.until <= now))
    return found


def _groups(request: HttpRequest) -> list[tuple[str, list[Held]]]:
    """Roles held, by team; the whole organisation first, teams without members too."""
    held: dict[str, list[Held]] = defaultdict(list)
    for one in _held(list(selectors.members(viewer=request.actor))):
        held[one.row.team.name if one.row.team else ""].append(one)
    whole = [("The whole organisation", held.pop(""))] if "" in held else []
    return whole + [(team.name, held.get(team.name, [])) for team in selectors.teams(viewer=request.actor)]


@require_POST
def revoke_role(request: HttpRequest, membership_id: str) -> HttpResponse:
    """Ends a role that someone holds, with the reason."""
    request.actor.check("people.manage")
    membership = selectors.members(viewer=request.actor).filter(pk=membership_id).first()
    if membership is None:
        raise NotFound("There is no such role, or it has been revoked before.")
    form = forms.RevokeForm(request.POST)
    if not form.is_valid():
        raise InvalidInput("A role is revoked with a reason.", where="reason", mend="Go back and say why.")
    services.revoke_role(actor=request.actor, membership=membership, reason=form.cleaned_data["reason"])
    messages.success(request, f"Revoked: {membership}.")
    return redirect("people:people")


@login_not_required
@never_cache
def first_steps(request: HttpRequest) -> HttpResponse:
    """What an installation needs next. While it has no people, the form that makes its first administrator."""
    if not selectors.anybody():
        return _set_up(request)
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    standings = steps.standings(request.actor, url=settings.TOLLGATE_URL)
    context = {
        "standings": standings,
        "done": sum(standing.done for standing in standings),
    }
    return render(request, "people/first_steps.html", context)


def _set_up(request: HttpRequest) -> HttpResponse:
    form = forms.SetUpForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        user = services.set_up(actor=request.actor, **form.cleaned_data)
        login(request, user, backend=MODEL_BACKEND)
        return redirect("people:first_steps")
    return render(request, "people/set_up.html", {"form": form}, status=422 if form.errors else 200)
