"""What the two parties of early access hear of each other, how little a mail says, and that nobody else hears."""

from datetime import datetime, timedelta
from random import Random

import pytest
from tests.apps.scene_engagements import DICE, TERMS, Scene, agreed, drafted, offered, started
from tests.apps.test_engagements import colleague_of
from tests.apps.test_notices import BASE, Outbox, announce_everything
from tests.conftest import NOON
from tests.support.cast import CONSOLE, Cast, Player

from watchbell.apps.engagements import services
from watchbell.apps.engagements.services import Release
from watchbell.apps.jobs import queries as work
from watchbell.apps.jobs.models import Job
from watchbell.apps.notices import queries
from watchbell.apps.notices import services as notices
from watchbell.apps.notices.models import Notice
from watchbell.apps.notices.news import NEWS
from watchbell.apps.orgs import services as orgs
from watchbell.apps.orgs.models import Membership
from watchbell.domain.handling import Tlp
from watchbell.domain.terms import Purpose
from watchbell.doors.keys import keystore
from watchbell.worker.run import run_until_idle
from watchbell.worker.subscriptions import SUBSCRIPTIONS

pytestmark = pytest.mark.django_db
ONLY_NOTICES = tuple(one for one in SUBSCRIPTIONS if one.kind.startswith("notices.announce"))


def carry(now: datetime = NOON) -> None:
    """Let the worker carry every entry to those it concerns."""
    run_until_idle(now=now, rng=DICE, subscriptions=ONLY_NOTICES)


def heard(player: Player, now: datetime = NOON) -> set[str]:
    return {one.kind for one in queries.for_viewer(player.actor, now=now)}


def everyone_else(cast: Cast) -> list[Player]:
    return [cast.coordinator, cast.vendor, cast.hospital, cast.bank]


def test_each_party_hears_what_the_other_did_and_nobody_else_hears_anything(cast: Cast) -> None:
    scene = started(cast)
    services.name_person(scene.engagement, colleague_of(cast), **scene.by("evaluator"))
    services.withdraw(scene.engagement, **scene.by("lab"))
    carry()

    assert heard(cast.lab) == {"engagement.agreed", "engagement.person_named", "engagement.key_destroyed"}
    assert heard(cast.evaluator) == {
        *("engagement.offered", "engagement.started", "engagement.withdrawn", "engagement.key_destroyed"),
    }
    assert [heard(one) for one in everyone_else(cast)] == [set()] * 4
    assert queries.for_viewer(cast.admin, now=NOON) == queries.for_viewer(cast.mallory, now=NOON) == []


@pytest.mark.parametrize(
    ("stage", "deed", "kind"),
    [
        (offered, services.rescind, "engagement.rescinded"),
        (started, services.withdraw, "engagement.withdrawn"),
    ],
)
def test_the_evaluator_hears_how_the_developer_ended_it(cast: Cast, stage: object, deed: object, kind: str) -> None:
    scene: Scene = stage(cast)  # type: ignore[operator]
    deed(scene.engagement, **scene.by("lab"))  # type: ignore[operator]
    carry()

    assert kind in heard(cast.evaluator)
    assert kind not in heard(cast.lab)


@pytest.mark.parametrize(
    ("stage", "deed", "kind"),
    [
        (offered, services.decline, "engagement.declined"),
        (agreed, services.leave, "engagement.ended"),
    ],
)
def test_the_developer_hears_how_the_evaluator_answered(cast: Cast, stage: object, deed: object, kind: str) -> None:
    scene: Scene = stage(cast)  # type: ignore[operator]
    deed(scene.engagement, **scene.by("evaluator"))  # type: ignore[operator]
    carry()

    assert kind in heard(cast.lab)
    assert kind not in heard(cast.evaluator)


def test_both_hear_what_came_by_itself(cast: Cast) -> None:
    scene, lapsing = started(cast), NOON + timedelta(days=30)
    second = services.draft(scene.model, scene.engagement.evaluator, TERMS, **scene.by("lab"))
    services.offer(
        second,
        scene.sign("lab", services.offer_to_sign(second, keys=keystore())),
        by=cast.lab.actor, now=NOON, keys=keystore(),
    )  # fmt: skip
    services.make_round(now=lapsing, keys=keystore(), rng=DICE)
    carry(lapsing)

    for player in (cast.lab, cast.evaluator):
        assert {"engagement.ended", "engagement.lapsed"} <= heard(player, lapsing)


def test_of_a_draft_the_evaluator_hears_nothing_whatever_becomes_of_it(cast: Cast) -> None:
    scene = drafted(cast)
    services.note_opening(scene.engagement, "terms", Purpose.AUDIT, **scene.by("lab"))
    services.release(scene.model, Release.PUBLIC, **scene.by("lab"))
    services.make_round(now=NOON, keys=keystore(), rng=DICE)
    carry()

    assert Notice.objects.filter(organisation=cast.evaluator.organisation.public_id).count() == 0
    assert scene.fresh().state == "released"


def test_unusually_many_openings_are_news_to_the_developer_alone(cast: Cast) -> None:
    scene = started(cast)
    type(scene.engagement.grant).objects.update(opened_a_day=2)
    for _ in range(3):
        services.open_terms(scene.fresh(), Purpose.READ_RESULTS, **scene.by("evaluator"))
    carry()

    assert "engagement.unusual_volume" in heard(cast.lab)
    assert "engagement.unusual_volume" not in heard(cast.evaluator)


def test_a_mail_says_only_that_something_waits_and_goes_to_no_one_who_may_not_know(cast: Cast) -> None:
    colleague = colleague_of(cast)
    offered(cast)
    announce_everything(NOON, DICE)
    outbox = Outbox()

    told = Notice.objects.get(kind="engagement.offered")
    notices.deliver(told.public_id, mailer=outbox, base_url=BASE, now=NOON)

    [mail] = outbox.sent
    said = mail.subject + mail.text
    assert (told.marking, mail.to) == (Tlp.AMBER_STRICT, cast.evaluator.person.email)
    assert "Something waits for you" in said
    assert not any(word in said for word in ("early", "access", "offer", "Northlight", "developer", colleague))


def test_who_left_between_notice_and_mail_is_asked_for_again_and_gets_none(cast: Cast) -> None:
    offered(cast)
    announce_everything(NOON, DICE)
    successor = orgs.create_person("new@evaluator.example", by=CONSOLE, now=NOON, rng=Random(3))
    orgs.add_member(
        successor, cast.evaluator.organisation, Membership.objects.filter(person=cast.evaluator.person)[0].role,
        by=CONSOLE, now=NOON,
    )  # fmt: skip
    orgs.remove_member(Membership.objects.get(person=cast.evaluator.person), by=CONSOLE, now=NOON)
    outbox = Outbox()

    told = Notice.objects.get(kind="engagement.offered")
    notices.deliver(told.public_id, mailer=outbox, base_url=BASE, now=NOON)

    assert [mail.to for mail in outbox.sent] == [successor.email]


def test_an_end_that_nears_is_no_news_and_nobody_is_reminded_of_it(cast: Cast) -> None:
    started(cast)
    carry()
    before = {player.person.email: heard(player) for player in (cast.lab, cast.evaluator)}

    for day in range(1, 30):
        notices.remind(now=NOON + timedelta(days=day), rng=DICE)

    assert {player.person.email: heard(player) for player in (cast.lab, cast.evaluator)} == before


def test_partners_hear_of_each_other_and_nobody_else_does(cast: Cast) -> None:
    scene = drafted(cast)
    chosen = services.choose_partner(
        scene.model, cast.vendor.organisation.public_id, by=cast.lab.actor, now=NOON, rng=DICE
    )
    services.consent(chosen, by=cast.vendor.actor, now=NOON)
    services.end_partnership(chosen, by=cast.vendor.actor, now=NOON)
    carry()

    assert heard(cast.vendor) == {"partner.chosen"}
    assert heard(cast.lab) == {"partner.consented", "partner.ended"}
    assert [heard(one) for one in (cast.coordinator, cast.hospital, cast.bank, cast.evaluator)] == [set()] * 4


def test_tokens_anchors_and_settings_start_no_work(cast: Cast) -> None:
    scene = started(cast)
    carry()
    before = Job.objects.filter(kind="notices.announce_apart").count()

    services.mint(scene.engagement, Purpose.RUN, **scene.by("evaluator"))
    services.pause(scene.engagement, by=cast.lab.actor, now=NOON)
    services.make_round(now=NOON, keys=keystore(), rng=DICE)
    carry()

    assert Job.objects.filter(kind="notices.announce_apart").count() == before


def test_those_who_look_after_the_nodes_work_do_not_see_that_anybody_was_told(cast: Cast) -> None:
    started(cast)
    carry()

    seen = {one.kind for viewer in (cast.admin, cast.coordinator.actor) for one in work.recent(viewer)}

    assert not any(kind.endswith("_apart") for kind in seen)
    assert Job.objects.filter(kind="notices.deliver_apart", state=Job.State.DONE).exists()


def test_no_news_of_early_access_asks_anybody_to_offer_extend_or_begin_it_again() -> None:
    words = " ".join(str(news.text).lower() for kind, news in NEWS.items() if kind.startswith("engagement."))

    assert not any(word in words for word in ("extend", "renew", "again", "invite", "request", "soon", "reminder"))
