"""A coordinator's desk: hand in, validate, reproduce, open a case, invite, propose, send."""

import random
from datetime import datetime, timedelta
from pathlib import Path

from tests.support.cast import CONSOLE, Cast, Player, actor

from watchbell.apps.cases import services
from watchbell.apps.cases.models import Case, Participant, Proposal
from watchbell.apps.findings import reading
from watchbell.apps.findings import services as findings
from watchbell.apps.findings.models import Finding
from watchbell.apps.findings.words import Channel, UploadFormat
from watchbell.apps.orgs import services as orgs
from watchbell.domain.advisory import Claim, ClaimedEvidence, ClaimedProduct, EvidenceLevel, Severity
from watchbell.domain.handling import Actor, OrganisationKind, Role
from watchbell.domain.lifecycle.rules import CaseRole
from watchbell.formats import findings_ndjson
from watchbell.outside.blobs import BlobStore
from watchbell.outside.keystore import FolderKeystore, KeyKind

VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def blob_store(folder: Path) -> BlobStore:
    """Return a store of its own in this folder."""
    keys = FolderKeystore(folder / "keys")
    keys.ensure("files", KeyKind.AEAD)
    return BlobStore(folder / "blobs", keys)


class Desk:
    """What a coordinator's morning needs: file, validate, reproduce, open, invite, propose."""

    def __init__(self, cast: Cast, store: BlobStore, now: datetime, rng: random.Random) -> None:
        self.cast, self.store, self.now, self.rng = cast, store, now, rng
        self.by = cast.coordinator.actor
        self.filed = 0

    def finding(self, *, level: EvidenceLevel = EvidenceLevel.E2_REPRODUCED, by: Actor | None = None) -> Finding:
        self.filed += 1
        claim = Claim(
            submitter_item_id=f"f-{self.filed}",
            title=f"Overflow {self.filed}",
            products=(ClaimedProduct(purl="pkg:pypi/infusepump", name="infusepump"),),
            cwes=("CWE-121",),
            severities=(Severity(vector=VECTOR),),
            evidence=ClaimedEvidence(text="crash"),
        )
        upload = reading.upload(findings_ndjson.dumps(claim), UploadFormat.NDJSON, channel=Channel.API)
        received = findings.submit(upload, store=self.store, by=by or self.cast.lab.actor, now=self.now, rng=self.rng)
        row = Finding.objects.get(public_id=received.results[0].finding)
        findings.confirm_valid(finding=row, by=self.by, now=self.now)
        if level >= EvidenceLevel.E2_REPRODUCED:
            shown = findings.Evidence(level=level, entry_point="POST /import", controlled_by="anyone")
            findings.raise_evidence(finding=row, evidence=shown, by=self.by, now=self.now, rng=self.rng)
        return row

    def case(self, *rows: Finding) -> Case:
        ids = [row.public_id for row in rows or (self.finding(),)]
        return services.open_case(ids, title="Pump overflow", by=self.by, now=self.now, rng=self.rng)

    def invite(self, case: Case, player: Player | None = None, role: CaseRole = CaseRole.VENDOR) -> Participant:
        party = services.Party((player or self.cast.vendor).organisation.public_id)
        return services.invite(case, party, [role], by=self.by, now=self.now, rng=self.rng)

    def propose(self, case: Case, days: int = 30, by: Actor | None = None) -> Proposal:
        end, reply = self.now + timedelta(days=days), self.now + timedelta(days=2)
        return services.propose_embargo(case, ends_at=end, reply_by=reply, by=by or self.by, now=self.now, rng=self.rng)

    def send(self, case: Case, participant: Participant) -> Participant:
        return services.send_report(case, participant, by=self.by, now=self.now)

    def accepted(self) -> Case:
        """Return a case under embargo whose vendor has accepted the report."""
        case = self.case()
        vendor = self.invite(case)
        services.accept(self.propose(case), by=self.cast.vendor.actor, now=self.now)
        self.send(case, vendor)
        services.accept_report(case, by=self.cast.vendor.actor, now=self.now, rng=self.rng)
        return fresh(case)


def fresh(case: Case) -> Case:
    return Case.objects.select_related("embargo").get(pk=case.pk)


def another_vendor(name: str, now: datetime, rng: random.Random) -> Player:
    details = orgs.NewOrganisation(name=name, kinds=frozenset({OrganisationKind.VENDOR}))
    organisation = orgs.create_organisation(details, by=CONSOLE, now=now, rng=rng)
    person = orgs.create_person(f"owner@{name}.example", by=CONSOLE, now=now, rng=rng)
    orgs.add_member(person, organisation, Role.OWNER, by=CONSOLE, now=now)
    return Player(organisation, person, actor(person, now))
