"""The whole river, told through the services everyone uses: from a lab's claim to a fixed hospital.

The story spans nine days that end now: time is an argument everywhere, so the node
comes out as if it had been in use, with its deadlines where they would be.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from watchbell.apps.advisories import services as advisories
from watchbell.apps.cases import queries as case_queries
from watchbell.apps.cases import services as cases
from watchbell.apps.cases.services.opening import Party
from watchbell.apps.cases.words import Standing
from watchbell.apps.findings import queries as finding_queries
from watchbell.apps.findings import services as findings
from watchbell.apps.findings.words import Channel, RejectionReason
from watchbell.apps.inventory import queries as inventory_queries
from watchbell.apps.inventory import services as inventory
from watchbell.apps.orgs import queries as org_queries
from watchbell.apps.orgs import services as orgs
from watchbell.apps.remediation import funnel
from watchbell.apps.remediation import queries as remediation_queries
from watchbell.apps.remediation import services as remediation
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities import services as vulnerabilities
from watchbell.apps.vulnerabilities.services import Place, SourceKind
from watchbell.demo import discoveries, early_access, evaluation, inventories, people, world
from watchbell.demo.telling import Step, Telling
from watchbell.domain.advisory import EvidenceLevel, Publisher
from watchbell.domain.handling import Actor, Role, Scope, Tlp, system
from watchbell.domain.identity import Dice
from watchbell.domain.lifecycle.rules import CaseRole
from watchbell.domain.priority import Exposure
from watchbell.doors import keys, signin, uploads
from watchbell.worker.run import run_until_idle

if TYPE_CHECKING:
    from watchbell.apps.inventory.models import Asset
    from watchbell.apps.remediation.models import WorklistRow

CONSOLE = system("demo")
PASSWORD = "watch-bell-demo-only"  # noqa: S105 (printed on purpose; the demo binds to loopback)
TOKEN_SCOPES = (Scope.READ, Scope.SUBMIT, Scope.INVENTORY, Scope.REMEDIATE, Scope.ENGAGE)


@dataclass(slots=True)
class SignIn:
    """How someone signs in to the demo."""

    role: str
    email: str
    password: str
    totp_secret: str
    token: str


@dataclass(slots=True)
class Story:
    """What the story has to carry from step to step."""

    telling: Telling
    ends_at: datetime
    rng: Dice
    now: datetime = field(init=False)
    actors: dict[str, Actor] = field(default_factory=dict)
    assets: "dict[tuple[str, str], Asset]" = field(default_factory=dict)
    sign_ins: list[SignIn] = field(default_factory=list)
    engagement_ids: list[str] = field(default_factory=list)
    finding_ids: list[str] = field(default_factory=list)
    model_url: str = ""
    """Where the lab's models answer, for a demo that is served: a rehearsal endpoint on loopback."""
    gateway_token: str = ""
    case_id: str = ""
    tracking_id: str = ""

    def __post_init__(self) -> None:
        self.now = self.ends_at - timedelta(days=9)

    def at(self, *, days: float) -> None:
        """Move to this many days before the end."""
        self.now = self.ends_at - timedelta(days=days)

    def work(self) -> None:
        """Let the worker do everything that waits, at this moment of the story."""
        run_until_idle(now=self.now, rng=self.rng, signer=keys.keystore())


def tell(story: Story) -> None:
    """This will run every chapter in order; the first failure ends the story."""
    tell_chapters(story, CHAPTERS)


def tell_chapters(story: Story, chapters: "Chapters") -> None:
    """This will run these chapters; those after the first need the people of the first, see `meet`."""
    for name, chapter in chapters:
        with story.telling.step(name) as step:
            chapter(story, step)


def meet(story: Story) -> None:
    """Find the people again on a node where the first chapter has been told."""
    for resident in people.RESIDENTS:
        person = org_queries.person_by_email(resident.email)
        if person is None:
            raise RuntimeError(f"{resident.name} is not on this node yet")
        story.actors[resident.key] = org_queries.actor_for_person(person, None, strong=True, authenticated_at=story.now)


def _people(story: Story, step: Step) -> None:
    for resident in people.RESIDENTS:
        details = orgs.NewOrganisation(
            name=resident.name,
            kinds=frozenset({resident.kind}),
            sector=resident.sector,
            time_zone=resident.zone,
            is_government=resident.is_government,
        )
        organisation = orgs.create_organisation(details, by=CONSOLE, now=story.now, rng=story.rng)
        person = orgs.create_person(
            resident.email, by=CONSOLE, now=story.now, rng=story.rng, name=resident.person, password=PASSWORD
        )
        orgs.add_member(person, organisation, Role.OWNER, by=CONSOLE, now=story.now)
        actor = org_queries.actor_for_person(person, None, strong=True, authenticated_at=story.now)
        story.actors[resident.key] = actor
        if resident in people.OPERATORS:
            orgs.share_counts(organisation, shares=True, by=actor, now=story.now)
        secret = signin.add_authenticator(person)
        _, token = orgs.mint_token(
            "demo", TOKEN_SCOPES, by=actor, lasts=timedelta(days=90), now=story.now, rng=story.rng
        )
        story.sign_ins.append(SignIn(resident.key, resident.email, PASSWORD, secret, token))
    admin = orgs.create_person(
        "admin@node.example", by=CONSOLE, now=story.now, rng=story.rng, password=PASSWORD, node_admin=True
    )
    story.sign_ins.append(SignIn("admin", admin.email, PASSWORD, signin.add_authenticator(admin), ""))
    step.figure = f"{len(people.RESIDENTS)} organisations, 7 of them small operators"
    step.counts = {"organisations": len(people.RESIDENTS)}


def _file(story: Story, step: Step) -> None:
    received = _submitted(story)
    story.finding_ids = [result.finding for result in received.results]
    step.figure = f"{len(story.finding_ids)} claims stored, each with its receipt"
    step.counts = {"found": len(story.finding_ids)}


def _file_again(story: Story, step: Step) -> None:
    again = _submitted(story)
    same = [result.finding for result in again.results]
    if same != story.finding_ids:
        raise RuntimeError("the same file was stored a second time")
    step.figure = f"{len(same)} of {len(same)} answered as before"


def _submitted(story: Story) -> findings.Received:
    upload = uploads.read_upload(discoveries.ndjson(), name="claims", channel=Channel.API)
    lab = story.actors["lab"]
    return findings.submit(upload, store=keys.blob_store(), by=lab, now=story.now, rng=story.rng)


def _judge(story: Story, step: Step) -> None:
    story.at(days=8)
    ines = story.actors["coordinator"]
    rows = {row.item_id: row for row in finding_queries.visible_to(ines, now=story.now)}
    findings.confirm_valid(finding=rows["nl-0001"], by=ines, now=story.now)
    findings.mark_duplicate(finding=rows["nl-0003"], original=rows["nl-0001"], by=ines, now=story.now)
    for key, reason in (("nl-0004", RejectionReason.NOT_A_FLAW), ("nl-0005", RejectionReason.NOT_SERIOUS)):
        findings.reject(finding=rows[key], reason=reason, note="Thank you; see the reason.", by=ines, now=story.now)
    step.figure = "1 valid, 1 the same flaw, 2 set aside with a reason, 1 waits for evidence"


def _reproduce(story: Story, step: Step) -> None:
    ines = story.actors["coordinator"]
    row = next(row for row in finding_queries.visible_to(ines, now=story.now) if row.item_id == "nl-0001")
    evidence = findings.Evidence(
        level=EvidenceLevel.E2_REPRODUCED,
        party=str(story.actors["evaluator"].organisation),
        entry_point="POST /records with a file name",
        controlled_by="anyone who can reach the upload page",
        note="Reproduced on a fresh install of 1.4.2; 1.4.3-rc1 refuses the name.",
    )
    receipt = findings.raise_evidence(finding=row, evidence=evidence, by=ines, now=story.now, rng=story.rng)
    step.figure = f"evidence {EvidenceLevel(receipt.level).label}: a maintainer may now be told"
    step.counts = {"validated": 1}


def _coordinate(story: Story, step: Step) -> None:
    ines, pavel = story.actors["coordinator"], story.actors["records"]
    now, rng = story.now, story.rng
    row = next(row for row in finding_queries.visible_to(ines, now=story.now) if row.item_id == "nl-0001")
    case = cases.open_case([row.public_id], title="Path traversal in Fernwright Records", by=ines, now=now, rng=rng)
    story.case_id = case.public_id
    vendor = cases.invite(
        case, Party(organisation=str(pavel.organisation)), [CaseRole.VENDOR], by=ines, now=now, rng=rng
    )
    ends_at = story.now + timedelta(days=30)
    proposal = cases.propose_embargo(
        case, ends_at=ends_at, reply_by=story.now + timedelta(days=2), by=ines, now=now, rng=rng
    )
    cases.accept(proposal, by=pavel, now=story.now)
    cases.send_report(case, vendor, by=ines, now=story.now)
    step.figure = f"embargo until {ends_at:%d %b %H:%M} UTC, agreed by the vendor"
    step.counts = {"disclosed": 1}


def _answer(story: Story, step: Step) -> None:
    story.at(days=4)
    pavel = story.actors["records"]
    case = case_queries.named(story.case_id)
    cases.accept_report(case, by=pavel, now=story.now, rng=story.rng)
    page = cases.open_case_page(case, by=pavel, now=story.now)
    if page is None:
        raise RuntimeError("the vendor cannot open its own case")
    for flaw in page.vulnerabilities:
        cases.set_severity(flaw, discoveries.SEVERITY, by=pavel, now=story.now)
        answer = cases.ProductAnswer(
            product="Fernwright Records",
            status=Standing.FIXED,
            purl=discoveries.PRODUCT.partition("@")[0],
            affected_from="0",
            fixed_in=discoveries.FIXED_IN,
        )
        cases.set_status(flaw, answer, by=pavel, now=story.now)
    cases.fix_ready(case, by=pavel, now=story.now)
    step.figure = f"accepted in 4 days; severity is the vendor's own; fixed in {discoveries.FIXED_IN}"
    step.counts = {"fixed": 1}


def _import(story: Story, step: Step) -> None:
    story.at(days=2)
    with tempfile.TemporaryDirectory() as folder:
        records, kev, ssvc = (
            vulnerabilities.import_path(
                kind, Place(_written(Path(folder), kind, content)), by=CONSOLE, now=story.now, rng=story.rng
            )
            for kind, content in (
                (SourceKind.OSV, b"\n".join(world.osv_lines())),
                (SourceKind.KEV, world.kev_catalogue(story.now)),
                (SourceKind.VULNRICHMENT, world.ssvc_table()),
            )
        )
    story.work()
    step.figure = f"{records.stored} advisories, {kev.stored} known exploited, {ssvc.stored} judged by SSVC"
    step.counts = {"advisories": records.stored, "kev": kev.stored}


def _written(folder: Path, kind: SourceKind, content: bytes) -> str:
    """Return the path of a file with this content, as a mirror would have left it."""
    path = folder / kind.value
    path.write_bytes(content)
    return str(path)


def _inventories(story: Story, step: Step) -> None:
    components = picked = 0
    for key, machines in inventories.FLEETS.items():
        by = story.actors[key]
        for machine in machines:
            details = inventory.NewAsset(name=machine.name, exposed=Exposure(machine.exposed))
            asset = inventory.add_asset(details, organisation=str(by.organisation), by=by, now=story.now, rng=story.rng)
            story.assets[key, machine.name] = asset
            if machine.parts:
                _load(story, key, machine.name, machine.parts)
                components += len(machine.parts)
            for vendor, product, version in machine.products:
                found = published.products(f"{vendor} {product}")[0]
                inventory.pick_product(
                    asset=asset,
                    product=found.public_id,
                    label=f"{found.vendor} {found.name}",
                    version=version,
                    by=by,
                    now=story.now,
                    rng=story.rng,
                )
                picked += 1
    step.figure = f"{len(story.assets)} machines, {components} parts, {picked} products picked by name"
    step.counts = {"assets": len(story.assets), "components": components, "products": picked}


def _load(story: Story, key: str, machine: str, parts: tuple[str, ...]) -> None:
    received = inventory.Received(content=inventories.sbom(machine, parts))
    inventory.load_sbom(received, asset=story.assets[key, machine], by=story.actors[key], now=story.now, rng=story.rng)


def _match(story: Story, step: Step) -> None:
    story.work()
    assessed = total = 0
    for resident in people.OPERATORS:
        coverage = inventory_queries.coverage(story.actors[resident.key], now=story.now)
        assessed += coverage.assessed
        total += coverage.components
    step.figure = f"assessed {assessed} of {total}; {total - assessed} could not be assessed, and say why"
    step.counts = {"assessed": assessed, "not_assessable": total - assessed}


def _publish(story: Story, step: Step) -> None:
    story.at(days=1)
    ines = story.actors["coordinator"]
    case = case_queries.named(story.case_id)
    cases.terminate(case, by=ines, now=story.now)
    publisher = Publisher("Harbour Clearinghouse", "https://harbour.example")
    draft = advisories.draft_from_case(story.case_id, publisher=publisher, by=ines, now=story.now, rng=story.rng)
    done = advisories.publish(draft, label=Tlp.CLEAR, etag=draft.etag, by=ines, now=story.now, rng=story.rng)
    story.tracking_id = done.tracking_id
    step.figure = f"{done.tracking_id} as OSV and CSAF, from one case"
    step.counts = {"published": 1}


def _land(story: Story, step: Step) -> None:
    story.work()
    dates = [row.due_at for resident in people.OPERATORS for row in _rows(story, resident.key) if row.due_at]
    if not dates:
        raise RuntimeError("nobody's worklist shows the advisory")
    step.figure = f"{len(dates)} operators have it, the first due {min(dates):%d %b %H:%M} UTC"
    step.counts = {"matched": len(dates)}


def _fix(story: Story, step: Step) -> None:
    story.at(days=0)
    machine = inventories.FLEETS["hospital"][0]
    parts = tuple(inventories.RECORDS_FIXED if part == inventories.RECORDS else part for part in machine.parts)
    dana = story.actors["hospital"]
    done = remediation.Evidence(note=f"Updated to {discoveries.FIXED_IN} and restarted.")
    for row in _rows(story, "hospital"):
        remediation.mark_patched(row=row, evidence=done, by=dana, now=story.now, rng=story.rng)
    _load(story, "hospital", machine.name, parts)
    story.work()
    rows = _rows(story, "hospital")
    if not all(row.is_settled for row in rows):
        raise RuntimeError("the hospital runs the fixed version and its worklist does not say so")
    states = sorted({str(row.state) for row in rows})
    step.figure = f"Valley Hospital: {', '.join(states)}, shown by its new parts list"
    step.counts = {"deployed": 1}


def _rows(story: Story, key: str) -> "list[WorklistRow]":
    """Return what this operator's worklist says about our advisory."""
    group = published.group_of(story.tracking_id)
    name = group.display_id if group else story.tracking_id
    rows = remediation_queries.visible_to(story.actors[key], now=story.now)
    return list(rows.filter(display_id=name))


def _funnel(story: Story, step: Step) -> None:
    seen = funnel.funnel(story.actors["coordinator"], now=story.now)
    counts = {str(one.stage): one.count for one in seen.steps if one.count is not None}
    found = min(row.received_at for row in finding_queries.visible_to(CONSOLE, now=story.now))
    fixed = [row.settled_at or story.now for row in _rows(story, "hospital")]
    days = (max(fixed) - found).days
    step.figure = f"{days} days; " + ", ".join(f"{count} {stage}" for stage, count in counts.items())
    step.counts = {"days_found_to_deployed": days}


Chapters = tuple[tuple[str, Callable[[Story, Step], None]], ...]
CHAPTERS: Chapters = (
    ("people and organisations", _people),
    ("a lab offers early access", early_access.begin),
    ("a lab files its model's claims", _file),
    ("filing again changes nothing", _file_again),
    ("a coordinator judges them", _judge),
    ("another party reproduces one", _reproduce),
    ("a case, an embargo, a report", _coordinate),
    ("the vendor answers with a fix", _answer),
    ("the world's advisories come in", _import),
    ("seven operators say what they run", _inventories),
    ("matched at home", _match),
    ("the advisory goes out", _publish),
    ("and lands on worklists with a date", _land),
    ("an evaluation, decided beforehand", evaluation.measure),
    ("the lab withdraws one of two", early_access.use_and_withdraw),
    ("the hospital fixes it", _fix),
    ("from found to deployed", _funnel),
)
