"""A clearinghouse in the middle of its week: a queue, look-alikes, two cases, a draft and a published advisory."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from tests.support.cast import Cast, Player
from tests.support.desk import Desk, fresh
from tests.support.visitors import signed_in

from watchbell.apps.advisories import queries as advisories
from watchbell.apps.advisories import services as publishing
from watchbell.apps.cases import services as cases
from watchbell.apps.cases.words import Standing
from watchbell.apps.findings import reading
from watchbell.apps.findings import services as findings
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.notices.services import ToTell, notify
from watchbell.domain.advisory import (
    Claim,
    ClaimedEvidence,
    ClaimedProduct,
    Location,
    Publisher,
    Reference,
)
from watchbell.domain.handling import Tlp
from watchbell.doors import keys

HARBOUR = Publisher("Harbour Clearinghouse", "https://harbour.example")
CODE = "The upload's file name is joined to the folder: ../../etc/passwd <script>alert(1)</script>"


@dataclass(frozen=True, slots=True)
class Scene:
    """What tests point at."""

    desk: Desk
    waiting: Any
    twin: Any
    case: Any
    proposed: Any
    draft: Any
    published: Any
    receipt: str
    notice: Any


def play(cast: Cast, now: datetime) -> Scene:
    """Fill the node through the services everyone uses."""
    desk = Desk(cast, keys.blob_store(), now, random.Random(14409))
    waiting, twin = (
        _claimed(desk, "Path traversal in archive upload"),
        _claimed(desk, "Upload escapes the archive folder"),
    )
    receipt = _reported(desk)
    _compared(now)
    published = _published(desk)
    case = _answered(desk)
    proposed = desk.case(desk.finding())
    desk.invite(proposed)
    desk.propose(proposed)
    desk.finding()
    draft = publishing.draft_from_case(case.public_id, publisher=HARBOUR, by=desk.by, now=now, rng=desk.rng)
    told = ToTell(
        kind="vendor.fix_ready",
        organisation=cast.coordinator.organisation.public_id,
        subject_kind="cases.case",
        subject=case.public_id,
        marking=Tlp.AMBER_STRICT,
        key="one",
    )
    notice = notify(told, now=now - timedelta(hours=3), rng=desk.rng)
    notify(replace(told, kind="message.posted", key="two"), now=now, rng=desk.rng)
    return Scene(desk, waiting, twin, fresh(case), fresh(proposed), draft, published, receipt, notice)


class _Unhurried:
    """A claim on a job that nobody else wants."""

    done_before, total_before = 0, None

    def renew(self, **said: object) -> bool:
        return False


def _compared(now: datetime) -> None:
    for work in (findings.compare_new, findings.order_queue):
        work(now=now, progress=Progress(_Unhurried(), lambda: now, is_stopping=lambda: False))


def _claimed(desk: Desk, title: str) -> Any:
    claim = Claim(
        submitter_item_id=title[:12],
        title=title,
        description=CODE,
        products=(ClaimedProduct(vendor="Fernwright", name="Records", version="4.2"),),
        locations=(Location(uri="records/archive.py", line=88),),
        cwes=("CWE-22",),
        evidence=ClaimedEvidence(text="Upload a record named ../../x and look at the parent folder."),
    )
    from watchbell.apps.findings.models import Finding
    from watchbell.apps.findings.words import Channel, UploadFormat
    from watchbell.formats import findings_ndjson

    upload = reading.upload(findings_ndjson.dumps(claim), UploadFormat.NDJSON, channel=Channel.API)
    by = desk.cast.lab.actor if title.startswith("Path") else desk.cast.vendor.actor
    received = findings.submit(upload, store=desk.store, by=by, now=desk.now - timedelta(days=3), rng=desk.rng)
    return Finding.objects.get(public_id=received.results[0].finding)


def _reported(desk: Desk) -> str:
    claim = Claim(
        submitter_item_id="",
        title="The pump's web page shows every patient",
        description="Open /patients without signing in.",
        products=(ClaimedProduct(vendor="Acme Infusion", name="PumpWeb", version="1.9"),),
    )
    upload = reading.form(claim, b"form", key="a-form")
    _, code = findings.report(upload, store=desk.store, by=desk.by, now=desk.now - timedelta(days=1), rng=desk.rng)
    return code


def _answered(desk: Desk) -> Any:
    case, vendor = desk.accepted(), desk.cast.vendor.actor
    flaw = case.vulnerabilities.get()
    answer = cases.ProductAnswer(
        product="infusepump", status=Standing.FIXED, purl="pkg:pypi/infusepump", affected_from="2.0", fixed_in="2.1.1"
    )
    cases.set_status(flaw, answer, by=vendor, now=desk.now)
    lane = case.lanes.get(participant__organisation=desk.cast.vendor.organisation.public_id)
    everyone = case.lanes.get(participant=None)
    cases.post(lane, "We can reproduce it. A fix is being tested.", by=vendor, now=desk.now, rng=desk.rng)
    cases.post(everyone, "Thank you. The advisory is being drafted.", by=desk.by, now=desk.now, rng=desk.rng)
    desk.propose(case, days=45)
    return fresh(case)


def _published(desk: Desk) -> Any:
    case = desk.accepted()
    flaw, vendor = case.vulnerabilities.get(), desk.cast.vendor.actor
    answer = cases.ProductAnswer(
        product="infusepump", status=Standing.FIXED, purl="pkg:pypi/infusepump", affected_from="1.0", fixed_in="1.9.4"
    )
    cases.set_status(flaw, answer, by=vendor, now=desk.now)
    cases.terminate(case, by=desk.by, now=desk.now)
    row = publishing.draft_from_case(case.public_id, publisher=HARBOUR, by=desk.by, now=desk.now, rng=desk.rng)
    links = (Reference("https://acme.example/fix"), Reference("javascript:alert(1)"))
    content = replace(
        advisories.working_copy(row),
        title="Infusion pump: anyone on the network can crash the import",
        summary="Update infusepump to 1.9.4. A crafted file stops the pump's import service.",
        references=links,
    )
    row = publishing.edit(row, content, etag=row.etag, by=desk.by, now=desk.now)
    return publishing.publish(row, label=Tlp.CLEAR, etag=row.etag, by=desk.by, now=desk.now, rng=desk.rng)


def as_(player: Player) -> Client:
    return signed_in(player.person)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def do(client: Client, case: Any, deed: str, **answers: Any) -> Any:
    return client.post(reverse("case_deed", args=[case.public_id, deed]), answers)
