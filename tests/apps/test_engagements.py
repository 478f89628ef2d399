"""Early access from offer to receipt: who may do what, when it ends, and what is left of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from tests.apps.scene_engagements import DICE, ENDPOINT, TERMS, admit, agreed, ask, drafted, offered, started, token
from tests.conftest import NOON
from tests.support.cast import CONSOLE, Cast, actor

from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.models import AccessLine, Engagement, UsedWindow
from watchbell.apps.engagements.services import ChangedMeanwhile, IsOver, NotAllowed, NotSigned, NotYet, Release
from watchbell.apps.journal import queries as journal
from watchbell.apps.journal.models import Entry
from watchbell.apps.orgs import services as orgs
from watchbell.apps.orgs.models import Person
from watchbell.domain.handling import Role
from watchbell.domain.lifecycle import NotPossible
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.metering import Admission, TurnedAway
from watchbell.domain.terms import Purpose
from watchbell.doors.keys import keystore
from watchbell.outside.keystore import KeyMissing

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def colleague_of(cast: Cast) -> str:
    person = orgs.create_person("second@evaluator.example", by=CONSOLE, now=NOON, rng=Random(2))
    orgs.add_member(person, cast.evaluator.organisation, Role.MEMBER, by=CONSOLE, now=NOON)
    return person.public_id


def test_a_lab_offers_an_evaluator_agrees_and_access_runs_for_thirty_days_of_24_hours(cast: Cast) -> None:
    scene = started(cast)

    assert scene.engagement.stands is State.ACTIVE
    assert scene.engagement.ends_at == NOON + timedelta(hours=720)
    assert isinstance(admit(ask(token(scene)))[0], Admission)


def test_nothing_is_to_be_seen_before_it_is_offered_and_then_by_the_two_alone(cast: Cast) -> None:
    scene = drafted(cast)
    everyone = [cast.lab, cast.evaluator, cast.coordinator, cast.vendor, cast.hospital]

    def seen_by() -> list[bool]:
        return [queries.visible_to(one.actor, now=NOON).exists() for one in everyone]

    assert seen_by() == [True, False, False, False, False]
    signature = scene.sign("lab", services.offer_to_sign(scene.engagement, keys=keystore()))
    services.offer(scene.engagement, signature, by=cast.lab.actor, now=NOON, keys=keystore())
    assert seen_by() == [True, True, False, False, False]


@pytest.mark.parametrize("who", ["evaluator", "coordinator", "vendor", "hospital"])
def test_nobody_but_the_developer_begins_or_ends_or_changes_anything_of_the_developers(cast: Cast, who: str) -> None:
    scene = started(cast)
    deed = {**scene.by("lab"), "by": getattr(cast, who).actor}
    without_dice = {name: value for name, value in deed.items() if name != "rng"}
    before = (scene.engagement.state, scene.engagement.ends_at, scene.model.partner_release_at)

    for attempt in (
        lambda: services.draft(scene.model, cast.evaluator.organisation.public_id, TERMS, **deed),
        lambda: services.change_terms(scene.engagement, TERMS, **without_dice),
        lambda: services.withdraw(scene.engagement, **deed),
        lambda: services.shorten(scene.engagement, NOON, **deed),
        lambda: services.pause(scene.engagement, by=deed["by"], now=NOON),
        lambda: services.set_endpoint(scene.engagement, ENDPOINT, **deed),
        lambda: services.release(scene.model, Release.PARTNERS, **deed),
        lambda: services.plan_release(scene.model, Release.PUBLIC, None, **deed),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    scene.model.refresh_from_db()
    assert (scene.fresh().state, scene.engagement.ends_at, scene.model.partner_release_at) == before


def test_a_signature_by_another_key_or_over_another_statement_is_refused(cast: Cast) -> None:
    scene = drafted(cast)
    signing = services.offer_to_sign(scene.engagement, keys=keystore())
    other = scene.sign("evaluator", signing)

    for wrong in (
        other,
        bytes(64),
        b"",
        scene.sign("lab", services.Signing(kind=signing.kind, statement=signing.statement))[::-1],
    ):
        with pytest.raises(NotSigned):
            services.offer(scene.engagement, wrong, by=cast.lab.actor, now=NOON, keys=keystore())

    assert scene.fresh().stands is State.DRAFT


def test_changed_terms_wait_for_both_signatures_again(cast: Cast) -> None:
    scene = agreed(cast)
    deed = scene.by("lab")
    changed = TERMS.__class__(model_digest=TERMS.model_digest, models=("northlight-1", "northlight-2"))

    services.change_terms(scene.engagement, changed, by=deed["by"], now=NOON, keys=keystore())
    assert services.offered_terms(scene.engagement, keys=keystore()).digest == TERMS.digest
    signature = scene.sign("lab", services.offer_to_sign(scene.engagement, keys=keystore()))
    services.offer(scene.engagement, signature, by=deed["by"], now=NOON, keys=keystore())

    assert scene.fresh().stands is State.OFFERED
    assert not scene.engagement.seats.filter(ended_at__isnull=True).exists()
    with pytest.raises(NotPossible):
        services.start(scene.engagement, b"", **deed)


def test_a_person_named_after_the_agreement_waits_for_a_signature_of_their_own(cast: Cast) -> None:
    scene = agreed(cast)
    orgs.add_member(cast.mallory_person, cast.evaluator.organisation, Role.MEMBER, by=CONSOLE, now=NOON)
    seat = services.name_person(scene.engagement, cast.mallory_person.public_id, **scene.by("evaluator"))

    services.start(scene.engagement, scene.sign("lab", services.start_to_sign(scene.engagement)), **scene.by("lab"))

    seat.refresh_from_db()
    assert seat.admitted_at is None
    signature = scene.sign("lab", services.admission_to_sign(seat))
    deed = {name: value for name, value in scene.by("lab").items() if name != "rng"}
    assert services.admit_person(seat, signature, **deed).admitted_at == NOON


def test_withdrawing_is_one_call_and_nothing_opens_afterwards(cast: Cast) -> None:
    scene = started(cast)
    text = token(scene)

    services.withdraw(scene.engagement, **scene.by("lab"))

    assert scene.fresh().stands is State.WITHDRAWN
    assert [one.code for one in admit(ask(text)) if isinstance(one, TurnedAway)] == ["window-over"]
    with pytest.raises(KeyMissing):
        keystore().seal(scene.engagement.access_key, b"", b"")
    with pytest.raises(KeyMissing):
        services.terms_of(scene.engagement, keys=keystore())
    assert [one.key for one in queries.receipts_of(scene.engagement)] == ["access", "evidence"]
    assert services.withdraw(scene.engagement, **scene.by("lab")).stands is State.WITHDRAWN


@pytest.mark.parametrize("stage", [drafted, offered, agreed, started])
def test_the_developer_withdraws_and_releases_at_every_stage(cast: Cast, stage: object) -> None:
    scene = stage(cast)  # type: ignore[operator]

    services.release(scene.model, Release.PARTNERS, **scene.by("lab"))
    services.withdraw(scene.engagement, **scene.by("lab"))

    scene.model.refresh_from_db()
    assert scene.fresh().stands is State.RELEASED
    assert scene.model.partner_release_at == NOON


def test_the_window_ends_by_itself_to_the_microsecond_and_a_clock_set_back_opens_nothing(cast: Cast) -> None:
    scene = started(cast)
    end = NOON + timedelta(hours=720)
    text = token(scene, now=end - timedelta(hours=1))
    last = end - timedelta(microseconds=1)

    assert isinstance(admit(ask(text), now=last)[0], Admission)
    assert isinstance(admit(ask(text), now=end)[0], TurnedAway)
    assert isinstance(admit(ask(text), now=last)[0], TurnedAway)
    assert scene.fresh().stands is State.ENDED


@pytest.mark.parametrize(
    ("local", "zone"), [("2027-03-14 01:30", "America/New_York"), ("2026-10-25 01:30", "Europe/Berlin")]
)
def test_hours_and_days_are_counted_past_a_change_of_clocks(cast: Cast, local: str, zone: str) -> None:
    start = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))
    hours = replace(TERMS, hours=700)

    scene = started(cast, hours, now=start)
    services.shorten(scene.engagement, start, **{**scene.by("lab"), "now": start})

    [window] = UsedWindow.objects.all()
    assert scene.engagement.ends_at == start.astimezone(UTC) + timedelta(hours=700)
    assert scene.fresh().evidence_until == start.astimezone(UTC) + 14 * DAY
    assert window.starts_at == window.ends_at


def test_an_active_row_without_its_key_is_over_and_says_so_at_the_next_use(cast: Cast) -> None:
    scene = started(cast)
    text = token(scene)
    keystore().destroy(scene.engagement.access_key)  # killed between the key and the commit

    answer = admit(ask(text))[0]

    assert isinstance(answer, TurnedAway)
    assert answer.status == 403
    assert scene.fresh().stands is State.ENDED
    assert scene.engagement.receipts.filter(key="access").exists()


def test_a_second_window_onto_the_same_model_has_only_what_the_first_left(cast: Cast) -> None:
    scene = started(cast)
    tenth = NOON + 10 * DAY
    services.shorten(scene.engagement, tenth, **{**scene.by("lab"), "now": tenth})

    again = started(cast, now=tenth + 5 * DAY)

    assert again.engagement.ends_at == tenth + 5 * DAY + 20 * DAY
    assert UsedWindow.objects.count() == 2
    services.withdraw(again.engagement, **{**scene.by("lab"), "now": again.engagement.ends_at})
    with pytest.raises(NotYet):
        started(cast, now=tenth + 60 * DAY)


def test_a_planned_release_cuts_the_window_short_and_a_later_plan_lengthens_nothing(cast: Cast) -> None:
    scene = started(cast)
    week = NOON + 7 * DAY

    services.plan_release(scene.model, Release.PARTNERS, week, **scene.by("lab"))
    services.plan_release(scene.model, Release.PARTNERS, NOON + 70 * DAY, **scene.by("lab"))

    assert scene.fresh().ends_at == week


def test_an_offer_nobody_answers_lapses(cast: Cast) -> None:
    scene = offered(cast)
    late = {**scene.by("evaluator"), "now": NOON + 15 * DAY}
    people = [cast.evaluator.person.public_id]

    with pytest.raises(IsOver):
        services.agree(scene.engagement, people, b"", **late)

    assert scene.fresh().stands is State.LAPSED


def test_pausing_stops_calls_at_once_and_the_window_does_not_grow(cast: Cast) -> None:
    scene = started(cast)
    text = token(scene)
    services.pause(scene.engagement, by=cast.lab.actor, now=NOON)

    answer = admit(ask(text))[0]
    services.resume(scene.engagement, by=cast.lab.actor, now=NOON + DAY)

    assert isinstance(answer, TurnedAway)
    assert (answer.status, answer.retry_after) == (503, 30)
    assert isinstance(admit(ask(text))[0], Admission)
    assert scene.fresh().ends_at == NOON + timedelta(hours=720)


def test_each_deed_leaves_one_entry_and_each_touch_one_line_without_content(cast: Cast) -> None:
    scene = started(cast)
    admit(ask(token(scene)))
    services.withdraw(scene.engagement, **scene.by("lab"))

    actions = set(Entry.objects.filter(subject_id=scene.engagement.public_id).values_list("action", flat=True))
    assert {"engagement.offered", "engagement.agreed", "engagement.started", "engagement.withdrawn"} <= actions
    lines = [bytes(one.entry) for one in AccessLine.objects.order_by("pk")]
    assert any(b'"what":"call"' in one for one in lines)
    assert not any(b"canary" in one or b"Northlight" in one for one in lines)


def test_evidence_goes_on_its_signed_date_and_not_before(cast: Cast) -> None:
    scene = started(cast)
    end = NOON + timedelta(hours=720)
    services.make_round(now=end, keys=keystore(), rng=DICE)

    services.make_round(now=end + 14 * DAY - timedelta(seconds=1), keys=keystore(), rng=DICE)
    kept = services.terms_of(scene.fresh(), keys=keystore())
    services.make_round(now=end + 14 * DAY, keys=keystore(), rng=DICE)

    assert kept.digest == TERMS.digest
    with pytest.raises(KeyMissing):
        services.terms_of(scene.fresh(), keys=keystore())
    assert {one.key for one in queries.receipts_of(scene.engagement)} == {"access", "evidence"}


def test_evidence_has_its_date_however_late_anybody_notices_the_end(cast: Cast) -> None:
    scene = started(cast)
    due = NOON + timedelta(hours=720) + 14 * DAY
    deed = {**scene.by("lab"), "now": due}

    with pytest.raises(IsOver):  # nobody went round since the start
        services.open_terms(scene.engagement, Purpose.AUDIT, **deed)

    assert scene.fresh().evidence_until == due
    assert scene.engagement.evidence_gone_at == due
    with pytest.raises(KeyMissing):
        services.terms_of(scene.engagement, keys=keystore())


def test_an_end_noticed_late_leaves_the_evidence_date_where_it_was_signed(cast: Cast) -> None:
    scene = started(cast)
    end = NOON + timedelta(hours=720)

    services.make_round(now=end + 10 * DAY, keys=keystore(), rng=DICE)

    assert scene.fresh().evidence_until == end + 14 * DAY


@pytest.mark.parametrize("who", ["coordinator", "vendor", "hospital", "mallory", "admin"])
def test_nobody_but_the_parties_takes_the_access_log_along(cast: Cast, who: str) -> None:
    scene = started(cast)
    player = getattr(cast, who)

    with pytest.raises(NotAllowed):
        services.export(scene.engagement, by=getattr(player, "actor", player), now=NOON, keys=keystore())

    assert list(services.export(scene.engagement, by=cast.lab.actor, now=NOON, keys=keystore()))


def test_nothing_of_an_engagement_lies_open_in_the_database(cast: Cast) -> None:
    scene = started(cast)
    found = str([list(Engagement.objects.values()), list(type(scene.model).objects.values())])

    assert "Northlight 1" not in found
    assert "canary" not in str(list(type(scene.engagement.grant).objects.values()))
    assert "lab.example" not in str(list(type(scene.engagement.grant).objects.values()))


def test_of_a_draft_that_is_read_and_withdrawn_the_evaluator_never_reads_anything_in_its_record(cast: Cast) -> None:
    scene = drafted(cast)
    deed = scene.by("lab")
    services.note_opening(scene.engagement, "terms", Purpose.HOUSEKEEPING, **deed)
    services.make_round(now=NOON, keys=keystore(), rng=DICE)
    services.withdraw(scene.engagement, **deed)
    services.make_round(now=NOON, keys=keystore(), rng=DICE)

    about = Entry.objects.filter(subject_id=scene.engagement.public_id)
    seen = journal.entries_concerning(cast.evaluator.actor, now=NOON)

    assert {"engagement.withdrawn", "engagement.key_destroyed", "engagement.log_anchored"} <= set(
        about.values_list("action", flat=True)
    )
    assert not seen.filter(pk__in=about).exists()
    with pytest.raises(NotAllowed):
        services.note_opening(scene.engagement, "terms", Purpose.RUN, **scene.by("evaluator"))
    with pytest.raises(NotAllowed):
        services.decline(scene.engagement, **scene.by("evaluator"))


def test_the_same_people_agree_to_the_same_offer_again_and_the_start_names_what_was_agreed_last(cast: Cast) -> None:
    scene = agreed(cast)
    person, colleague = cast.evaluator.person.public_id, colleague_of(cast)
    first = services.start_to_sign(scene.engagement).statement.content["agreement"]

    for people in ([person, colleague], [person]):
        services.offer(scene.engagement, b"", by=cast.lab.actor, now=NOON, keys=keystore())
        signature = scene.sign("evaluator", services.agreement_to_sign(scene.engagement, people))
        services.agree(scene.engagement, people, signature, **scene.by("evaluator"))

    live = scene.engagement.seats.filter(ended_at__isnull=True)
    assert [one.person for one in live] == [person]
    assert services.start_to_sign(scene.engagement).statement.content["agreement"] == first


def test_a_person_is_admitted_once_and_not_on_a_seat_that_was_taken_away(cast: Cast) -> None:
    scene = started(cast)
    colleague = colleague_of(cast)
    seat = services.name_person(scene.engagement, colleague, **scene.by("evaluator"))
    by = {"by": cast.lab.actor, "now": NOON}

    for _ in range(2):
        signature = scene.sign("lab", services.admission_to_sign(seat))
        services.admit_person(seat, signature, keys=keystore(), **by)
    entries = Entry.objects.filter(action="engagement.person_admitted").count()
    services.end_seat(seat, **by)
    with pytest.raises(NotYet):
        services.admit_person(seat, signature, keys=keystore(), **by)
    again = services.name_person(scene.engagement, colleague, **scene.by("evaluator"))
    services.admit_person(again, signature, keys=keystore(), **by)

    assert entries == 1
    assert again.pk != seat.pk


def test_what_is_over_is_neither_paused_nor_resumed(cast: Cast) -> None:
    scene = started(cast)
    services.withdraw(scene.engagement, **scene.by("lab"))

    for deed in (services.pause, services.resume):
        with pytest.raises(IsOver):
            deed(scene.engagement, by=cast.lab.actor, now=NOON)


def test_terms_are_replaced_only_where_they_are_still_as_they_were_seen(cast: Cast) -> None:
    scene = drafted(cast)
    changed = replace(TERMS, hours=24)
    services.change_terms(scene.engagement, changed, by=cast.lab.actor, now=NOON, keys=keystore(), seen=1)

    with pytest.raises(ChangedMeanwhile):
        services.change_terms(scene.engagement, TERMS, by=cast.lab.actor, now=NOON, keys=keystore(), seen=1)

    assert services.terms_of(scene.engagement, keys=keystore()).hours == 24


def test_a_colleague_without_a_seat_does_nothing_for_the_evaluator(cast: Cast) -> None:
    scene = started(cast)
    seat = scene.engagement.seats.get()
    person = Person.objects.get(public_id=colleague_of(cast))
    deed = {**scene.by("evaluator"), "by": actor(person, NOON)}

    for attempt in (
        lambda: services.leave(scene.engagement, **deed),
        lambda: services.decline(scene.engagement, **deed),
        lambda: services.name_person(scene.engagement, person.public_id, **deed),
        lambda: services.end_seat(seat, by=deed["by"], now=NOON),
        lambda: services.export(scene.engagement, by=deed["by"], now=NOON, keys=keystore()),
    ):
        with pytest.raises(NotAllowed):
            attempt()

    assert scene.fresh().stands is State.ACTIVE
    assert not queries.visible_to(deed["by"], now=NOON).exists()
