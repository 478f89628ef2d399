"""Whose turn is it at the desk? The order is worked out from what was judged, and its numbers stand beside each."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.apps.test_findings import Desk, claim
from tests.support.cast import Cast
from tests.support.desk import blob_store

from watchbell.apps.findings import queries, services
from watchbell.apps.findings.models import Finding, Place, Turn, Weighed
from watchbell.apps.findings.services import ordering
from watchbell.apps.findings.words import RejectionReason
from watchbell.apps.jobs.progress import Interrupted, Progress
from watchbell.domain.advisory import Severity
from watchbell.domain.handling import Actor
from watchbell.domain.reviewing.queue import EVERY

pytestmark = pytest.mark.django_db
GRAVE = Severity(vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")
SLIGHT = Severity(vector="CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N")


class Holder:
    """A claim on a job that is never lost."""

    done_before, total_before = 0, None

    def renew(self, *, now: datetime, done: int, total: int | None, note: str) -> bool:
        return False


@pytest.fixture
def desk(tmp_path: Path, noon: datetime, rng: random.Random) -> Desk:
    return Desk(blob_store(tmp_path), noon, rng)


def order(now: datetime, *, is_stopping: bool = False) -> None:
    services.order_queue(now=now, progress=Progress(Holder(), lambda: now, is_stopping=lambda: is_stopping))


def judged(desk: Desk, by: Actor, judge: Actor, *, real: int, wrong: int, first: int) -> None:
    """Have this finder be right and wrong so often."""
    for number in range(first, first + real + wrong):
        one = desk.one(by, claim(number, cwes=("CWE-787",)))
        if number < first + real:
            services.confirm_valid(finding=one, by=judge, now=desk.now)
        else:
            reason = RejectionReason.NOT_A_FLAW
            services.reject(finding=one, reason=reason, note="No.", by=judge, now=desk.now)


def test_who_was_right_more_often_stands_first_and_every_number_stands_beside_it(
    cast: Cast, desk: Desk, noon: datetime
) -> None:
    judge = cast.coordinator.actor
    judged(desk, cast.lab.actor, judge, real=8, wrong=2, first=100)
    judged(desk, cast.evaluator.actor, judge, real=0, wrong=10, first=200)
    poor = desk.one(cast.evaluator.actor, claim(1, cwes=("CWE-787",), severities=(GRAVE,)))
    good = desk.one(cast.lab.actor, claim(2, cwes=("CWE-787",), severities=(GRAVE,)))
    slight = desk.one(cast.lab.actor, claim(3, cwes=("CWE-787",), severities=(SLIGHT,)))

    order(noon)

    first, second, third = queries.places(judge, now=noon)
    assert (first.finding, {second.finding, third.finding}) == (good, {poor, slight})
    assert first.low <= first.chance <= first.high
    assert 600 < first.chance < 900
    assert (first.judged, first.real, first.finding.weighed.impact) == (10, 8, 980)
    assert [one.number for one in (first, second, third)] == [1, 2, 3]
    assert not queries.places(cast.lab.actor, now=noon).exists()


def test_what_was_out_of_scope_teaches_nothing_and_a_duplicate_is_as_real_as_its_original(
    cast: Cast, desk: Desk, noon: datetime
) -> None:
    judge, kind = cast.coordinator.actor, {"cwes": ("CWE-787",)}
    outside, original, again = (
        desk.one(by, claim(number, **kind))
        for number, by in ((1, cast.lab.actor), (2, cast.evaluator.actor), (3, cast.lab.actor))
    )
    services.reject(finding=outside, reason=RejectionReason.OUT_OF_SCOPE, note="Not ours.", by=judge, now=noon)
    services.confirm_valid(finding=original, by=judge, now=noon)
    services.mark_duplicate(finding=again, original=original, by=judge, now=noon)
    desk.one(cast.lab.actor, claim(4, **kind))

    order(noon)

    (place,) = queries.places(judge, now=noon)
    assert (place.judged, place.real) == (1, 1)


def test_a_decision_takes_a_finding_out_of_the_queue_and_a_turn_by_age_is_counted(
    cast: Cast, desk: Desk, noon: datetime
) -> None:
    judge = cast.coordinator.actor
    found = [desk.one(cast.lab.actor, claim(number)) for number in range(2 * EVERY)]
    order(noon)
    aged = Place.objects.get(by_age=True, number=EVERY)

    for place in list(queries.places(judge, now=noon)[:EVERY]):
        services.confirm_valid(finding=place.finding, by=judge, now=noon)

    assert not Place.objects.filter(finding=aged.finding).exists()
    assert Turn.objects.get().number == EVERY
    order(noon)
    assert queries.places(judge, now=noon).count() == len(found) - EVERY
    services.reopen(finding=Finding.objects.get(pk=aged.finding_id), by=judge, now=noon)
    order(noon)
    assert queries.places(judge, now=noon).count() == len(found) - EVERY + 1


def test_ordering_that_was_stopped_goes_on_and_the_same_facts_give_the_same_order(
    cast: Cast, desk: Desk, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering, "AT_ONCE", 2)
    for number in range(7):
        desk.one(cast.lab.actor, claim(number, severities=(GRAVE, Severity(vector="no vector at all"))))
    with pytest.raises(Interrupted):
        order(noon, is_stopping=True)
    assert Place.objects.count() == 0

    order(noon)
    before = list(Place.objects.order_by("number").values_list("finding", "chance", "by_age"))
    order(noon + timedelta(minutes=5))

    assert Weighed.objects.count() == 7
    assert list(Place.objects.order_by("number").values_list("finding", "chance", "by_age")) == before
