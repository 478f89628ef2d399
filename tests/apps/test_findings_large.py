"""A large upload is left to a job: answered item by item as a small one, stopped and resumed, refused as a whole."""

import random
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.cast import Cast

from watchbell.apps.findings import items, queries, reading, services
from watchbell.apps.findings.banners import cannot_hold_one, has_banner
from watchbell.apps.findings.models import Answers, Finding, Submission
from watchbell.apps.findings.services import intake, taking
from watchbell.apps.findings.words import Channel, Stage, UploadFormat
from watchbell.apps.jobs.models import Job
from watchbell.apps.jobs.progress import Cancelled, Progress
from watchbell.apps.journal.models import Entry
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Actor
from watchbell.domain.refusal import Refused
from watchbell.doors import keys
from watchbell.worker.run import run_until_idle

pytestmark = pytest.mark.django_db

COLUMNS = ("index", "item_id", "title", "purl", "product", "claim", "digest", "root_cause", "state", "level", "marking")


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "MANY_ITEMS", 5)
    monkeypatch.setattr(taking, "CHUNK", 3)


def line(number: int, **more: Any) -> bytes:
    said = {"id": f"f-{number}", "title": f"Overflow {number}", "products": [{"purl": "pkg:pypi/infusepump@2.1.0"}]}
    return canonical(said | more)


def document(count: int = 10) -> bytes:
    """Return lines with one repeated, one reworded, one refused by its codec and one that cannot be kept."""
    good = [line(number) for number in range(count)]
    odd = [line(0), line(1, title="Reworded"), b'{"id": "f-x"}', line(77, title="  "), b"", line(78)]
    return b"\n".join(good + odd)


def upload(content: bytes | None = None, key: str = "") -> services.Upload:
    return reading.upload(content or document(), UploadFormat.NDJSON, channel=Channel.API, key=key)


class Held:
    """A claim on a job that notes what it is told, and asks it to stop once so much is done."""

    done_before, total_before = 0, None

    def __init__(self, stop_at: int = 10**9) -> None:
        self.stop_at, self.said = stop_at, [0]

    def renew(self, *, now: datetime, done: int, total: int | None, note: str) -> bool:
        self.said.append(done)
        return done > self.stop_at


class Sender:
    """Hand in as somebody, on this node's own store, and work as its worker does."""

    def __init__(self, now: datetime, rng: random.Random) -> None:
        self.store, self.now, self.rng = keys.blob_store(), now, rng

    def submit(self, by: Actor, found: services.Upload | None = None) -> services.Received:
        return services.submit(found or upload(), store=self.store, by=by, now=self.now, rng=self.rng)

    def hand_in(self, by: Actor, found: services.Upload | None = None) -> services.Received:
        return services.hand_in(found or upload(), store=self.store, by=by, now=self.now, rng=self.rng)

    def work(self) -> None:
        run_until_idle(now=self.now, rng=self.rng)

    def take_in(self, row: Submission, held: Held) -> None:
        progress = Progress(held, lambda: self.now, is_stopping=lambda: False)
        services.take_in(row.public_id, store=self.store, progress=progress, now=self.now, rng=self.rng)


@pytest.fixture
def sender(cast: Cast, noon: datetime, rng: random.Random) -> Sender:
    return Sender(noon, rng)


def told(received: services.Received) -> list[tuple[object, ...]]:
    return [
        (one.place, one.outcome, one.item_id, bool(one.finding), one.differs, one.needs_evidence, one.refusal)
        for one in received.results
    ]


def test_a_job_answers_every_item_as_the_sender_who_waits_is_answered(cast: Cast, sender: Sender) -> None:
    at_once = sender.submit(cast.lab.actor)
    waiting = sender.hand_in(cast.evaluator.actor)
    sender.work()
    later = sender.hand_in(cast.evaluator.actor)

    assert (waiting.is_over, waiting.results) == (False, ())
    assert told(later) == told(at_once)
    assert later.is_over
    ours, theirs = (
        list(Finding.objects.filter(submission=one.submission).order_by("index").values_list(*COLUMNS))
        for one in (at_once, later)
    )
    assert [tuple(map(str, row)) for row in ours] == [tuple(map(str, row)) for row in theirs]
    counts = [(one.submission.stored, one.submission.same, one.submission.refused) for one in (at_once, later)]
    assert counts == [(11, 2, 2)] * 2
    entries = Entry.objects.filter(action="finding.received")
    assert [
        sum(one.facts["count"] for one in entries.filter(subject_id=row.submission.public_id))
        for row in (at_once, later)
    ] == [11, 11]


def test_a_small_upload_is_answered_at_once_and_leaves_no_job(cast: Cast, sender: Sender) -> None:
    received = sender.hand_in(cast.lab.actor, upload(line(1)))

    assert received.is_over
    assert [one.outcome for one in received.results] == ["stored"]
    assert not Job.objects.exists()


def test_progress_only_grows_and_ends_with_every_item(cast: Cast, sender: Sender) -> None:
    row = sender.hand_in(cast.lab.actor).submission
    held = Held()

    sender.take_in(row, held)

    assert held.said == sorted(held.said)
    row.refresh_from_db()
    assert held.said[-1] == row.done == row.total == 15
    assert row.completed_at is not None


def test_an_upload_that_is_stopped_goes_on_where_it_stopped_and_repeats_nothing(
    cast: Cast, sender: Sender, noon: datetime
) -> None:
    row = sender.hand_in(cast.lab.actor).submission
    with pytest.raises(Cancelled):
        sender.take_in(row, Held(stop_at=6))
    half = Finding.objects.count()
    services.interrupt(row.public_id, by=cast.lab.actor, now=noon)
    row.refresh_from_db()
    stage = queries.taking_of(row).stage

    again = sender.hand_in(cast.lab.actor)
    sender.work()

    assert (half, stage, again.is_over) == (6, Stage.STOPPED, False)
    row.refresh_from_db()
    assert (row.done, row.stored, row.completed_at) == (15, 11, noon)
    assert Finding.objects.count() == 11
    assert list(Answers.objects.order_by("first").values_list("first", flat=True)) == [0, 3, 6, 9, 12]


def test_only_its_own_people_stop_an_upload_and_only_while_it_goes_on(
    cast: Cast, sender: Sender, noon: datetime, rng: random.Random
) -> None:
    row = sender.hand_in(cast.lab.actor).submission

    for other in (cast.evaluator.actor, cast.coordinator.actor):
        with pytest.raises(services.NotThere):
            services.interrupt(row.public_id, by=other, now=noon)
    with pytest.raises(services.NotAllowed):
        services.interrupt(row.public_id, by=cast.reader, now=noon)
    sender.work()
    with pytest.raises(services.NotThere):
        services.interrupt(row.public_id, by=cast.lab.actor, now=noon)
    with pytest.raises(services.NotThere):
        services.resume(row.public_id, by=cast.lab.actor, now=noon, rng=rng)


@pytest.mark.parametrize("banner", [b"SECRET", rb"\u0053ECRET", rb"x\n \u0043UI//SP-CTI \ny"])
def test_a_banner_in_the_last_of_many_items_refuses_the_whole_with_its_place_before_anything_is_kept(
    cast: Cast, sender: Sender, banner: bytes
) -> None:
    content = document() + b'\n{"id": "last", "title": "T", "description": "' + banner + b'"}'

    for hand_in in (sender.hand_in, sender.submit):
        with pytest.raises(Refused) as refused:
            hand_in(cast.lab.actor, upload(content))
        assert (refused.value.refusal.code, refused.value.refusal.place) == ("classified", "line 17")

    assert not Submission.objects.exists()
    assert not Job.objects.exists()


@given(
    st.from_regex(
        r"[a-z]{0,3}\n?[ \t]{0,2}(TOP SECRET|SECRET//X|CONFIDENTIAL//A|CUI|US//NOFORN|NOFORN)\n?", fullmatch=True
    ),
    st.data(),
)
def test_no_spelling_of_a_banner_in_json_escapes_the_quick_look(text: str, data: st.DataObject) -> None:
    spelled = "".join(data.draw(st.sampled_from([one, f"\\u{ord(one):04x}", f"\\u{ord(one):04X}"])) for one in text)

    assert not has_banner(text) or not cannot_hold_one(f'{{"title": "{spelled}"}}'.encode())


def test_one_submitter_cannot_fill_the_list_of_work(
    cast: Cast, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_WAITING", 1)
    sender.hand_in(cast.lab.actor, upload(key="monday"))

    with pytest.raises(services.TooManyWaiting):
        sender.hand_in(cast.lab.actor, upload(document(12), key="tuesday"))
    sender.hand_in(cast.lab.actor, upload(key="monday"))
    sender.hand_in(cast.evaluator.actor, upload(document(12)))
    sender.work()
    sender.hand_in(cast.lab.actor, upload(document(12), key="tuesday"))

    assert Job.objects.filter(kind="findings.take_in").count() == 3


def test_answers_are_read_from_any_item_on_and_refusals_by_themselves(
    cast: Cast, sender: Sender, noon: datetime
) -> None:
    row = sender.hand_in(cast.lab.actor).submission
    sender.work()

    def behind(after: int, viewer: Actor = cast.lab.actor) -> list[str]:
        return [one.place for one in queries.answered(viewer, row.public_id, now=noon, after=after)]

    assert behind(0) == [f"line {number}" for number in range(1, 13)]
    assert behind(10)[:2] == ["line 11", "line 12"]
    assert (behind(14), behind(15), behind(99)) == (["line 16"], [], [])
    assert behind(0, cast.evaluator.actor) == []
    refused = queries.refused_in(cast.lab.actor, row.public_id, now=noon, limit=9)
    assert [one.refusal.place for one in refused if one.refusal] == ["line 13 /title", "line 14 /title"]
