"""Each record's page says what happened to it, newest first, as far as the viewer may read, and leads to all of it."""

import pytest
from django.db import transaction
from django.db.models import Model as Row
from django.urls import reverse

from audit.base.actors import Actor
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion
from audit.ledger import services, timeline
from audit.ledger.sealing import seal
from tests.support.cast import SYSTEM, Cast
from tests.support.world import World


def whole(viewer: Actor, subject: Row) -> timeline.Timeline:
    """What the viewer is told of the subject."""
    found = timeline.of(viewer=viewer, subject=subject)
    assert found is not None
    return found


def sentences(viewer: Actor, subject: Row) -> list[str]:
    """What is told, as sentences."""
    return [str(line.sentence) for line in whole(viewer, subject).lines]


def test_record_has_the_entries_about_it_and_no_others(cast: Cast, model: Model, version: ModelVersion) -> None:
    viewer = cast.actor("manager")
    assert sentences(viewer, version) == ["registered the version late-arrival v1"]
    found = whole(viewer, version)
    assert (found.total, found.url) == (1, f"/audit/?q=subject%3Acatalogue.modelversion%3A{version.pk}")


def test_model_use_case_and_team_have_their_whole_life(cast: Cast, model: Model, version: ModelVersion) -> None:
    viewer = cast.actor("manager")
    life = ["registered the version late-arrival v1", "registered the model late-arrival"]
    assert sentences(viewer, model) == life
    assert sentences(viewer, model.use_case) == [*life, "registered the use case Late arrival alert"]
    assert sentences(viewer, cast.team)[:3] == [*life, "registered the use case Late arrival alert"]
    assert whole(viewer, model).url == "/audit/?q=model%3Alate-arrival"
    assert whole(viewer, cast.team).url == "/audit/?q=team%3Aflight-operations"


def test_viewer_of_another_team_is_told_nothing(cast: Cast, model: Model, version: ModelVersion) -> None:
    assert sentences(cast.actor("outsider"), version) == []
    assert sentences(cast.actor("outsider"), model) == []
    assert timeline.of(viewer=Actor.nobody(), subject=model) is None


def test_newest_are_shown_and_all_are_counted(cast: Cast, version: ModelVersion) -> None:
    with transaction.atomic():
        for number in range(timeline.SHOWN + 3):
            services.record(
                actor=SYSTEM, action="ledger.refused", subject=version, subject_name=f"n{number}", team=cast.team.pk
            )
    found = whole(cast.actor("manager"), version)
    assert (len(found.lines), found.total) == (timeline.SHOWN, timeline.SHOWN + 4)
    assert found.lines[0].entry.subject_name == f"n{timeline.SHOWN + 2}"


def test_pages_of_records_say_what_happened_to_them(world: World) -> None:
    seal()
    catalogue.register_dataset(actor=SYSTEM, team=world.cast.team, slug="more", name="More")
    client = world.cast.client("owner")
    pages = {
        "/use-cases/late-arrival-alert/": "use-case%3Alate-arrival-alert",
        "/models/late-arrival/": "model%3Alate-arrival",
        "/models/late-arrival/versions/1/": "subject%3Acatalogue.modelversion%3A",
        f"/jobs/{world.id_of('job')}/": "",
        f"/sources/{world.id_of('source')}/": f"subject%3Asources.source%3A{world.id_of('source')}",
        f"/models/late-arrival/upload/{world.id_of('upload')}/": "subject%3Amonitoring.upload%3A",
        f"/decisions/{world.id_of('request')}/": f"subject%3Aapprovals.promotionrequest%3A{world.id_of('request')}",
        f"/retraining/{world.id_of('retraining')}/": "subject%3Aretraining.retraining%3A",
        f"/retraining/rules/{world.id_of('rule')}/": f"subject%3Aretraining.rule%3A{world.id_of('rule')}",
        f"/retraining/reviews/{world.id_of('review')}/": "subject%3Aretraining.review%3A",
    }
    for address, search in pages.items():
        text = client.get(address).content.decode()
        if address.startswith("/jobs/"):
            assert "The ledger says nothing of it that you may read." in text
        else:
            assert f'href="/audit/?q={search}' in text, address


PAGES = (
    "assurance:witness", "streaming:stream", "retention:hold", "exports:export", "documents:document", "sources:source",
    "retraining:rule", "retraining:review", "retraining:retraining", "approvals:request",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_page_of_a_record_leads_to_everything_that_happened_to_it(world: World, page: str) -> None:
    row = world.rows[page.partition(":")[2]]
    address = reverse("retraining:run" if page == "retraining:retraining" else page, args=[row.pk])
    said = world.cast.client("administrator").get(address).content.decode()
    assert 'class="timeline"' in said
    assert f'href="/audit/?q=subject%3A{row._meta.label_lower}%3A{row.pk}"' in said
