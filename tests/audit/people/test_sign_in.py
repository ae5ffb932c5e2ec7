"""Who signs in is who they say; guesses are throttled; nobody gets past the sign-in page."""

from django.conf import settings
from django.test import Client

from audit.people.models import User
from tests.support import told
from tests.support.cast import PASSWORD, Cast

SIGN_IN = "/sign-in/"


def sign_in(client: Client, name: str = "owner@example.org", password: str = PASSWORD, **more: str):
    """Sends the form."""
    return client.post(SIGN_IN, {"username": name, "password": password, **more})


def test_right_password_signs_in_and_is_an_entry(cast: Cast) -> None:
    answer = sign_in(Client(), " Owner@Example.org ", next="/people/")
    assert (answer.status_code, answer["Location"]) == (302, "/people/")
    entry = told.entry(action="people.signed_in")
    assert (entry.actor_id, entry.address) == ("owner@example.org", "127.0.0.1")


def test_wrong_password_says_one_sentence_for_all_and_is_an_entry(cast: Cast) -> None:
    sentences = set()
    for name in ("owner@example.org", "nobody@example.org"):
        answer = sign_in(Client(), name, "wrong")
        assert answer.status_code == 200
        sentences |= {str(error) for error in answer.context["form"].non_field_errors()}
    assert sentences == {"This e-mail and password do not belong together. Check both and try again."}
    assert [failed.subject_name for failed in told.entries(action="people.sign_in_failed")] == [
        "owner@example.org",
        "nobody@example.org",
    ]


def test_address_of_another_host_is_not_followed(cast: Cast) -> None:
    for place in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert sign_in(Client(), next=place)["Location"] == settings.LOGIN_REDIRECT_URL


def test_sixth_guess_finds_the_account_at_rest_however_it_is_written(cast: Cast) -> None:
    client = Client()
    for name in (
        "owner@example.org",
        "OWNER@example.org",
        "Owner@Example.org",
        " owner@example.org",
        "owner@example.org",
    ):
        answer = sign_in(client, name, "wrong")
    assert answer.status_code == 429
    answer = sign_in(client)
    assert answer.status_code == 429
    assert "This account rests after five wrong guesses" in answer.content.decode()
    assert answer["Retry-After"] == "900"
    assert sign_in(Client(), "manager@example.org").status_code == 302


def test_four_guesses_do_not_lock(cast: Cast) -> None:
    client = Client()
    for _ in range(4):
        sign_in(client, password="wrong")
    assert sign_in(client).status_code == 302


def test_person_who_is_switched_off_cannot_sign_in(cast: Cast) -> None:
    User.objects.filter(email="owner@example.org").update(is_active=False)
    assert sign_in(Client()).status_code == 200


def test_pages_lead_nobody_to_the_sign_in_and_back(cast: Cast) -> None:
    answer = Client().get("/people/?a=1")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/people/%3Fa%3D1")


def test_sign_out_needs_post_and_ends_the_session(cast: Cast) -> None:
    client = cast.client("owner")
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == SIGN_IN
    assert client.get("/people/").status_code == 302
    assert told.entry(action="people.signed_out").actor_id == "owner@example.org"


def test_form_without_its_token_is_refused(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client).status_code == 403


def test_session_cookie_is_out_of_reach_of_scripts(cast: Cast) -> None:
    cookie = sign_in(Client()).cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
