"""The rail shows the floors in their order, what the viewer may see, and where the viewer is."""

from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import include, path

from config.ui import navigation, notices, shell


def page(request):
    return HttpResponse()


lists = [path("m/", page, name="list"), path("m/1/", page, name="one"), path("n/", page, name="news")]
urlpatterns = [
    path("", page, name="home"),
    path("", include((lists, "models"))),
    path("s/", page, name="spend"),
]


@pytest.fixture
def rail(monkeypatch, settings):
    settings.ROOT_URLCONF = __name__
    monkeypatch.setattr(navigation, "_entries", {})
    monkeypatch.setattr(notices, "_notices", [])
    monkeypatch.setattr(shell, "_footers", [])
    return navigation


def request_at(view_name):
    request = RequestFactory().get("/")
    request.resolver_match = SimpleNamespace(view_name=view_name)
    return request


def test_sections_follow_the_floors_and_leave_out_empty_ones(rail):
    rail.register(floor="What it costs", label="Spend", url_name="spend")
    rail.register(floor=None, label="Overview", url_name="home")
    found = rail.sections(request_at("home"))
    assert [(section.name, [line.label for line in section.lines]) for section in found] == [
        ("", ["Overview"]),
        ("What it costs", ["Spend"]),
    ]


def test_sections_entry_not_visible_or_without_address_is_left_out(rail):
    rail.register(floor=None, label="Overview", url_name="home", visible=lambda request: False)
    rail.register(floor=None, label="Later", url_name="not:there")
    assert rail.sections(request_at("home")) == []


def test_current_is_the_exact_name_before_the_namespace(rail):
    rail.register(floor="What happened", label="Models", url_name="models:list", order=1)
    rail.register(floor="What happened", label="News", url_name="models:news", order=2)

    def current(view_name):
        lines = rail.sections(request_at(view_name))[0].lines
        return [line.label for line in lines if line.current]

    assert current("models:one") == ["Models"]
    assert current("models:news") == ["News"]
    assert current("spend") == []


def test_register_twice_keeps_one_and_a_taken_key_stays_with_the_first(rail):
    for _ in range(2):
        rail.register(floor=None, label="Overview", url_name="home", key="o")
    assert len(rail.sections(request_at("home"))[0].lines) == 1
    rail.register(floor=None, label="Zoo", url_name="spend", key="o")
    assert [line.key for line in rail.sections(request_at("home"))[0].lines] == ["o", ""]
    assert rail.clashes() == ["The go key 'o' of 'Zoo' is taken by 'Overview': choose another."]
    with pytest.raises(ValueError, match="not a floor"):
        rail.register(floor="Attic", label="Other", url_name="spend")


def test_count_is_asked_with_the_request_and_may_be_unknown(rail):
    rail.register(floor=None, label="Overview", url_name="home", count=lambda request: 3, count_words="wait for you")
    rail.register(floor=None, label="Spend", url_name="spend", count=lambda request: None)
    lines = rail.sections(request_at("home"))[0].lines
    assert [(line.count, line.count_words) for line in lines] == [(3, "wait for you"), (None, "open")]


def test_notices_and_footers_without_words_are_left_out(rail):
    notices.register(lambda request: None)
    notices.register(lambda request: "The bill is simulated.")
    shell.register_footer(lambda request: "Entry 12")
    shell.register_footer(lambda request: None)
    request = request_at("home")
    assert notices.sentences(request) == ["The bill is simulated."]
    assert shell.Shell(request).footers == ["Entry 12"]
