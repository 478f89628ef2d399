"""New findings are compared with the others: a coordinator sees what is alike and why, nobody else sees anything."""

import random
from datetime import datetime
from pathlib import Path

import pytest
from tests.apps.test_findings import Desk, claim
from tests.support.cast import Cast
from tests.support.desk import blob_store

from watchbell.apps.findings import queries, services
from watchbell.apps.findings.models import Comparison, Finding, Likeness
from watchbell.apps.findings.services import comparing
from watchbell.apps.jobs.progress import Interrupted, Progress
from watchbell.apps.journal.models import Entry
from watchbell.domain.advisory import Claim, ClaimedProduct, Location

pytestmark = pytest.mark.django_db


class Holder:
    """A claim on a job that is never lost, and counts how often it was renewed."""

    done_before, total_before = 0, None

    def __init__(self) -> None:
        self.renewed = 0

    def renew(self, *, now: datetime, done: int, total: int | None, note: str) -> bool:
        self.renewed += 1
        return False


@pytest.fixture
def desk(tmp_path: Path, noon: datetime, rng: random.Random) -> Desk:
    return Desk(blob_store(tmp_path), noon, rng)


def compare(now: datetime, *, steps: int = 100) -> None:
    """Compare what waits; the worker is told to stop after so many steps."""
    holder = Holder()
    services.compare_new(
        now=now, progress=Progress(holder, lambda: now, is_stopping=lambda: holder.renewed > steps + 1)
    )


def pump(number: int, title: str, text: str, version: str = "2.4.1") -> Claim:
    product = ClaimedProduct(purl="pkg:pypi/infusepump", version=version)
    return claim(number, title=title, description=text, products=(product,))


OVERREAD = pump(1, "Frame reader reads past its end", "A crafted telemetry frame makes read_frame read out of bounds.")
AGAIN = pump(
    2, "Out-of-bounds read on crafted telemetry frames", "The decoder in read_frame trusts the frame's length."
)
SIBLING = pump(3, "Stored script in the ward's name", "The ward page shows its name unescaped (XSS).", "1.9.0")


def test_a_flaw_reported_in_other_words_is_shown_to_a_coordinator_with_reasons(
    cast: Cast, desk: Desk, noon: datetime
) -> None:
    first, second = desk.one(cast.lab.actor, OVERREAD), desk.one(cast.evaluator.actor, AGAIN)
    desk.one(cast.lab.actor, SIBLING)

    compare(noon)

    (nearest, *_) = queries.likenesses(second, cast.coordinator.actor, now=noon)
    assert (nearest.other, nearest.is_same) == (first, True)
    assert 50 <= nearest.percent <= 99
    assert any("read_frame" in said and weight > 0 for said, weight in nearest.reasons)
    assert queries.likenesses(first, cast.coordinator.actor, now=noon)[0].other == second


def test_no_finder_learns_of_it_and_nothing_is_settled_or_recorded(cast: Cast, desk: Desk, noon: datetime) -> None:
    first, second = desk.one(cast.lab.actor, OVERREAD), desk.one(cast.evaluator.actor, AGAIN)
    before = Entry.objects.count()

    compare(noon)

    assert Likeness.objects.exists()
    for actor in (cast.lab.actor, cast.evaluator.actor, cast.vendor.actor, cast.mallory):
        assert queries.likenesses(first, actor, now=noon) == queries.likenesses(second, actor, now=noon) == []
    assert {row.state for row in Finding.objects.all()} == {Finding.State.RECEIVED}
    assert Entry.objects.count() == before


def test_comparing_again_changes_nothing_and_a_new_finding_is_compared_with_the_old(
    cast: Cast, desk: Desk, noon: datetime
) -> None:
    first = desk.one(cast.lab.actor, OVERREAD)
    compare(noon)
    compare(noon)

    second = desk.one(cast.evaluator.actor, AGAIN)
    compare(noon)
    kept = list(Likeness.objects.values_list("finding", "other", "probability"))
    compare(noon)

    assert [(finding, other) for finding, other, _ in kept] == [(second.pk, first.pk)]
    assert list(Likeness.objects.values_list("finding", "other", "probability")) == kept
    assert Comparison.objects.count() == 2


def test_work_that_was_stopped_goes_on_where_it_was(
    cast: Cast, desk: Desk, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "AT_ONCE", 1)
    for one in (OVERREAD, AGAIN, SIBLING):
        desk.one(cast.lab.actor, one)
    with pytest.raises(Interrupted):
        compare(noon, steps=1)
    done = Comparison.objects.count()

    compare(noon)

    assert 0 < done < 3
    assert Comparison.objects.count() == 3


def test_a_place_that_moved_is_shown_once_though_it_is_alike_in_two_ways(
    cast: Cast, desk: Desk, noon: datetime
) -> None:
    place = {"locations": (Location(uri="src/pump.c", line=10, symbol="read_frame"),), "cwes": ("CWE-125",)}
    first = desk.one(cast.lab.actor, claim(1, title="Overread in read_frame", **place))
    second = desk.one(cast.evaluator.actor, claim(2, title="Reads past the end in read_frame", **place))

    compare(noon)

    coordinator = cast.coordinator.actor
    assert queries.look_alikes(second, coordinator, now=noon) == [first]
    assert [row.other for row in queries.likenesses(second, coordinator, now=noon)] == [first]
