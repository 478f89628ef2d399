"""Two people at the same moment: one wins, the other is told, and nothing is left half done. On both databases."""

import random
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection
from tests.support.cast import make_cast
from tests.support.desk import Desk, blob_store

from watchbell.apps.cases import services
from watchbell.apps.cases.models import Case, Participant
from watchbell.apps.findings import reading
from watchbell.apps.findings import services as findings
from watchbell.apps.findings.models import Finding, Submission
from watchbell.apps.findings.words import Channel, Outcome, UploadFormat
from watchbell.apps.journal.models import Entry
from watchbell.domain.advisory import Claim
from watchbell.domain.lifecycle import Finding as State
from watchbell.formats import findings_ndjson

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(transactional_db: None, tmp_path: Path, noon: datetime, rng: random.Random) -> Desk:
    if connection.vendor == "sqlite" and "memory" in str(connection.settings_dict["NAME"]):
        pytest.skip("threads of one test share an in-memory SQLite; writers queue there anyway")
    return Desk(make_cast(noon, rng), blob_store(tmp_path), noon, rng)


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """Return what each deed returned or raised, all having started together."""
    gate, said = threading.Barrier(len(deeds)), [object()] * len(deeds)

    def run(index: int, deed: Callable[[], object]) -> None:
        gate.wait()
        try:
            said[index] = deed()
        except Exception as error:
            said[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return said


def test_two_analysts_who_link_a_pair_in_opposite_directions_leave_no_circle(desk: Desk) -> None:
    one, other = desk.finding(), desk.finding()

    at_once(
        lambda: findings.mark_duplicate(finding=one, original=other, by=desk.by, now=desk.now),
        lambda: findings.mark_duplicate(finding=other, original=one, by=desk.by, now=desk.now),
    )

    assert Finding.objects.filter(state=State.DUPLICATE).count() == 1


def test_a_report_linked_while_the_first_is_settled_hears_of_it_all_the_same(desk: Desk) -> None:
    original, second = desk.finding(), desk.finding(by=desk.cast.evaluator.actor)
    for row in (original, second):
        findings.reopen(finding=row, by=desk.by, now=desk.now)
    heard = Entry.objects.filter(subject_id=second.public_id, action="finding.valid")
    before = heard.count()

    said = at_once(
        lambda: findings.mark_duplicate(finding=second, original=original, by=desk.by, now=desk.now),
        lambda: findings.confirm_valid(finding=original, by=desk.by, now=desk.now),
    )

    assert not [one for one in said if isinstance(one, Exception)], said
    told = heard.filter(concerns__organisation_id=desk.cast.evaluator.organisation.public_id)
    assert told.count() == before + 1


def test_a_silent_project_gets_one_report_when_two_are_sent_at_once(desk: Desk) -> None:
    cases = [desk.case(), desk.case()]
    invited = [desk.invite(case) for case in cases]

    said = at_once(
        lambda: desk.send(cases[0], invited[0]),
        lambda: desk.send(cases[1], invited[1]),
    )

    assert sum(isinstance(one, services.NotYet) for one in said) == 1, said
    assert Participant.objects.filter(awaits_first_word=True).count() == 1


def test_one_finding_opens_one_case_when_two_coordinators_open_it_at_once(desk: Desk) -> None:
    row = desk.finding()

    said = at_once(lambda: desk.case(row), lambda: desk.case(row))

    assert sum(isinstance(one, services.AlreadyCoordinated) for one in said) == 1, said
    assert Case.objects.count() == 1


def test_one_upload_sent_twice_at_once_is_stored_once(desk: Desk, rng: random.Random) -> None:
    content = b"\n".join(
        findings_ndjson.dumps(Claim(submitter_item_id=f"x-{number}", title=f"Flaw {number}")) for number in range(20)
    )
    upload = reading.upload(content, UploadFormat.NDJSON, channel=Channel.API, key="monday")
    lab = desk.cast.lab.actor

    said = at_once(
        *[lambda: findings.submit(upload, store=desk.store, by=lab, now=desk.now, rng=random.SystemRandom())] * 3
    )

    for one in said:
        assert isinstance(one, findings.Received), one
        assert [each.outcome for each in one.results] == [Outcome.STORED] * 20
    assert Submission.objects.count() == 1
    assert Finding.objects.count() == 20
