"""Nothing an outsider can ask for tells of an embargoed case, another's finding, or another's inventory."""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
from django.test import Client
from tests.doors import worlds
from tests.support.cast import Cast
from tests.support.desk import Desk
from tests.support.visitors import signed_in

from watchbell.apps.cases import services as case_services
from watchbell.apps.findings import services as findings
from watchbell.apps.findings.models import Finding
from watchbell.apps.findings.words import RejectionReason
from watchbell.apps.inventory import services as inventory
from watchbell.apps.orgs import services as orgs
from watchbell.domain.advisory import EvidenceLevel
from watchbell.domain.handling import Scope
from watchbell.domain.priority import Exposure
from watchbell.doors import keys, moment
from watchbell.worker.run import run_until_idle

pytestmark = pytest.mark.django_db

SECRET = "Whispering Meadow"
SAME_CLAIM = {"id": "mine-1", "title": "Overflow 1", "product": {"purl": "pkg:pypi/infusepump", "name": "infusepump"}}


def embargoed_case(cast: Cast, rng: random.Random, now: datetime) -> None:
    Desk(cast, keys.blob_store(), now, rng).accepted()


def two_embargoed_cases(cast: Cast, rng: random.Random, now: datetime) -> None:
    desk = Desk(cast, keys.blob_store(), now, rng)
    desk.accepted()
    desk.case()


def inventory_of_another(cast: Cast, rng: random.Random, now: datetime) -> None:
    by = cast.hospital.actor
    details = inventory.NewAsset(name="Whispering Meadow", exposed=Exposure.YES)
    asset = inventory.add_asset(details, organisation=str(by.organisation), by=by, now=now, rng=rng)
    parts = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [{"type": "library", "name": "requests", "version": "2.1", "purl": "pkg:pypi/requests@2.1"}],
    }
    received = inventory.Received(content=json.dumps(parts).encode())
    inventory.load_sbom(received, asset=asset, by=by, now=now, rng=rng)


def everything(cast: Cast, rng: random.Random, now: datetime) -> None:
    desk = Desk(cast, keys.blob_store(), now, rng)
    desk.accepted()
    desk.finding()
    inventory_of_another(cast, rng, now)


def script(cast: Cast, now: datetime) -> list[worlds.Answer]:
    answers = []
    for name, client in worlds.visitors(cast, now).items():
        answers += worlds.look_everywhere(client, searching=name in ("public", "bank"))
    answers += file_the_same_flaw(cast, now)
    run_until_idle(now=now, rng=random.Random(96), signer=keys.keystore())
    answers += [worlds.exported(who.actor, now) for who in (cast.evaluator, cast.bank)]
    return answers


def file_the_same_flaw(cast: Cast, now: datetime) -> list[worlds.Answer]:
    rng = random.Random(5)
    _, token = orgs.mint_token(
        "script", list(Scope), by=cast.evaluator.actor, lasts=timedelta(days=1), now=now, rng=rng
    )
    answers = []
    for _ in range(2):
        answers.append(
            worlds.asked(
                Client(),
                "post",
                "/api/v1/submissions",
                data=json.dumps(SAME_CLAIM),
                content_type="application/x-ndjson",
                headers={"Authorization": f"Bearer {token}"},
            )
        )
    answers.append(
        worlds.asked(Client(), "get", "/api/v1/submissions/findings", headers={"Authorization": f"Bearer {token}"})
    )
    return answers


@pytest.mark.slow
@pytest.mark.parametrize(
    ("one", "other"),
    [(None, everything), (embargoed_case, two_embargoed_cases)],
    ids=["nothing, or a case, a finding and an inventory", "one case or two"],
)
def test_an_outsider_cannot_tell_the_two_worlds_apart(
    one: worlds.Secret | None, other: worlds.Secret, noon: datetime, tmp_path: Path
) -> None:
    first = worlds.seen(one, script, noon, tmp_path / "one")
    second = worlds.seen(other, script, noon, tmp_path / "two")

    assert len(first) == len(second)
    assert [(left.asked, left.status) for left in first] == [(right.asked, right.status) for right in second]
    for left, right in zip(first, second, strict=True):
        assert left == right, left.asked
    assert any(answer.status == 200 for answer in first)
    assert sum(b'"view":{' in answer.body for answer in first if answer.asked == "export") == 2


def embargoed_report(cast: Cast, rng: random.Random, now: datetime) -> None:
    """Let a lab report the flaw first, unproven, in a case under embargo."""
    desk = Desk(cast, keys.blob_store(), now, rng)
    case = desk.case(desk.finding(level=EvidenceLevel.E0_ASSERTED))
    desk.invite(case)
    case_services.accept(desk.propose(case), by=cast.vendor.actor, now=now)


def second_finder(cast: Cast, now: datetime) -> list[worlds.Answer]:
    """File what somebody else may have filed first, hear what is decided, and read every page that tells of it."""
    file_the_same_flaw(cast, now)
    second = Finding.objects.get(submitter=cast.evaluator.organisation.public_id)
    original = Finding.objects.filter(submitter=cast.lab.organisation.public_id).first()
    answers, rng = [], random.Random(3)
    for hours, decide in enumerate((settle, show, open_again, reject), start=1):
        later = now + timedelta(hours=hours)
        decide(cast, second, original, later)
        run_until_idle(now=later, rng=rng)
        with mock.patch.object(moment, "now", return_value=later):
            client = signed_in(cast.evaluator.person, later)
            for path in ("/", "/submissions/", f"/submissions/{second.submission.public_id}", "/notices", "/record/"):
                answers.append(worlds.asked(client, "get", path))
            answers.append(worlds.exported(cast.evaluator.actor, later))
    return answers


def settle(cast: Cast, second: Finding, original: Finding | None, now: datetime) -> None:
    """Find the flaw valid, or see that somebody else's report of it was."""
    by = cast.coordinator.actor
    if original is None:
        findings.confirm_valid(finding=second, by=by, now=now)
    else:
        findings.mark_duplicate(finding=second, original=original, by=by, now=now)


def show(cast: Cast, second: Finding, original: Finding | None, now: datetime) -> None:
    """Reproduce the only report, or the first one."""
    first = Finding.objects.get(pk=(original or second).pk)
    shown = findings.Evidence(
        level=EvidenceLevel.E2_REPRODUCED,
        party=str(cast.bank.organisation.public_id),
        entry_point="POST /import",
        controlled_by="anyone",
    )
    findings.raise_evidence(finding=first, evidence=shown, by=cast.coordinator.actor, now=now, rng=random.Random(4))


def open_again(cast: Cast, second: Finding, original: Finding | None, now: datetime) -> None:
    """Take the decision on the only report, or the first one, back."""
    first = Finding.objects.get(pk=(original or second).pk)
    findings.reopen(finding=first, by=cast.coordinator.actor, now=now)


def reject(cast: Cast, second: Finding, original: Finding | None, now: datetime) -> None:
    """Reject the only report, or the first one, each finder with words of their own."""
    first, note = Finding.objects.get(pk=(original or second).pk), "It needs a file that only the owner can write."
    words = {"note": note} if original is None else {"note": f"{SECRET}, as you wrote", "others_note": note}
    reason = RejectionReason.NOT_A_FLAW
    findings.reject(finding=first, reason=reason, by=cast.coordinator.actor, now=now, **words)


def test_a_second_finder_cannot_tell_that_somebody_reported_it_first_before_or_after_it_is_settled(
    noon: datetime, tmp_path: Path
) -> None:
    alone = worlds.seen(None, second_finder, noon, tmp_path / "one")
    second = worlds.seen(embargoed_report, second_finder, noon, tmp_path / "two")

    assert [left.asked for left in alone] == [right.asked for right in second]
    for left, right in zip(alone, second, strict=True):
        assert left == right, left.asked
    texts = {answer.asked: answer.body.decode() for answer in alone}
    assert "A flaw you reported was found valid." in texts["get /notices"]
    assert "finding.rejected" in texts["get /record/"]
    assert "It needs a file that only the owner can write." in "".join(texts.values())
    assert sum(answer.asked == "mail" for answer in alone) == 2
