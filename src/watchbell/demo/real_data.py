"""What does a node make of real data? A folder of advisories, catalogues, and other people's parts lists."""

from dataclasses import dataclass, field
from pathlib import Path

from watchbell.apps.inventory import queries as inventory_queries
from watchbell.apps.inventory import services as inventory
from watchbell.apps.orgs import queries as org_queries
from watchbell.apps.orgs import services as orgs
from watchbell.apps.remediation import queries as remediation_queries
from watchbell.apps.vulnerabilities import services as vulnerabilities
from watchbell.apps.vulnerabilities.services import Place, SourceKind
from watchbell.demo.story import CONSOLE, PASSWORD, Story
from watchbell.demo.telling import Step
from watchbell.domain.handling import OrganisationKind, Role
from watchbell.domain.priority import Exposure
from watchbell.domain.refusal import Refused

PUBLISHED = (
    (SourceKind.OSV, "osv"),
    (SourceKind.KEV, "kev.json"),
    (SourceKind.VULNRICHMENT, "vulnrichment_ssvc.csv.gz"),
)
KEY = "everyone"


@dataclass(slots=True)
class Counts:
    """How many things were stored, unchanged or refused."""

    stored: int = 0
    unchanged: int = 0
    refused: int = 0
    refusals: list[str] = field(default_factory=list)


def import_all(folder: Path, story: Story) -> None:
    """This will read everything the folder holds and tell it as further steps."""
    for name, chapter in (
        ("real advisories and catalogues", _published),
        ("real parts lists", _lists),
        ("matched against all of it", _matched),
    ):
        with story.telling.step(name) as step:
            chapter(folder, story, step)


def _published(folder: Path, story: Story, step: Step) -> None:
    counts = read_published(folder, story)
    step.figure = f"{counts.stored} stored, {counts.unchanged} there already, {counts.refused} refused"
    step.counts = {"real_records": counts.stored + counts.unchanged}


def read_published(folder: Path, story: Story) -> Counts:
    """Import every advisory and catalogue in the folder and return the counts."""
    total = Counts()
    for kind, name in PUBLISHED:
        if (folder / name).exists():
            place = Place(str(folder / name))
            report = vulnerabilities.import_path(kind, place, by=CONSOLE, now=story.now, rng=story.rng)
            total.stored += report.stored
            total.unchanged += report.unchanged
            total.refused += report.refused
    return total


def _lists(folder: Path, story: Story, step: Step) -> None:
    join(story)
    counts = load_lists(folder, story)
    step.figure = f"{counts.stored} documents loaded, {counts.refused} refused"
    step.counts = {"real_documents": counts.stored + counts.unchanged}


def join(story: Story) -> None:
    """Add one more operator, who runs everything in the folder."""
    details = orgs.NewOrganisation(name="Everyone's Workshop", kinds=frozenset({OrganisationKind.OPERATOR}))
    organisation = orgs.create_organisation(details, by=CONSOLE, now=story.now, rng=story.rng)
    person = orgs.create_person("quinn@everyone.example", by=CONSOLE, now=story.now, rng=story.rng, password=PASSWORD)
    orgs.add_member(person, organisation, Role.OWNER, by=CONSOLE, now=story.now)
    story.actors[KEY] = org_queries.actor_for_person(person, None, strong=True, authenticated_at=story.now)


def load_lists(folder: Path, story: Story) -> Counts:
    """Load every parts list named in the folder's index, each into an asset of its own; return the counts."""
    by = story.actors[KEY]
    total = Counts()
    index = (folder / "sboms" / "INDEX.csv").read_text(encoding="utf-8").splitlines()[1:]
    for name in (line.partition(",")[0] for line in index):
        details = inventory.NewAsset(name=name[:200], exposed=Exposure.YES)
        asset = inventory.add_asset(details, organisation=str(by.organisation), by=by, now=story.now, rng=story.rng)
        received = inventory.Received(content=(folder / "sboms" / name).read_bytes())
        try:
            loaded = inventory.load_sbom(received, asset=asset, by=by, now=story.now, rng=story.rng)
        except Refused as error:
            total.refused += 1
            total.refusals.append(f"{name}: {error}")
            continue
        total.stored += len(loaded.changed)
        total.unchanged += len(loaded.unchanged)
    return total


def _matched(folder: Path, story: Story, step: Step) -> None:
    story.work()
    by = story.actors[KEY]
    coverage = inventory_queries.coverage(by, now=story.now)
    totals = remediation_queries.totals(by, now=story.now)
    step.figure = (
        f"assessed {coverage.assessed} of {coverage.components}; "
        f"{totals.overdue + totals.dated} with a date, {totals.undated} without one"
    )
    step.counts = {"real_components": coverage.components, "real_assessed": coverage.assessed}
