"""The same few people in every test: a lab, an evaluator, a coordinator, a vendor, a small hospital, and Mallory."""

import random
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.contrib.auth.hashers import make_password
from tests.support.again import Scene

from watchbell.apps.orgs import queries as orgs_queries
from watchbell.apps.orgs import services as orgs
from watchbell.apps.orgs.models import Organisation, Person
from watchbell.domain.handling import Actor, OrganisationKind, Role, system
from watchbell.domain.identity import Dice

CONSOLE = system("console")
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Player:
    """One member of the cast: an owner of an organisation of one kind."""

    organisation: Organisation
    person: Person
    actor: Actor


@dataclass(frozen=True, slots=True)
class Cast:
    """Everyone; `admin` manages the node and reads no content, `mallory` belongs to nobody."""

    lab: Player
    evaluator: Player
    coordinator: Player
    vendor: Player
    hospital: Player
    bank: Player
    admin: Actor
    admin_person: Person
    mallory: Actor
    mallory_person: Person
    reader: Actor
    reader_person: Person

    @property
    def people(self) -> dict[str, Person]:
        """Return everyone who can sign in, by name."""
        return {
            "lab": self.lab.person,
            "evaluator": self.evaluator.person,
            "coordinator": self.coordinator.person,
            "vendor": self.vendor.person,
            "hospital": self.hospital.person,
            "bank": self.bank.person,
            "admin": self.admin_person,
            "mallory": self.mallory_person,
            "reader": self.reader_person,
        }


PLAYERS = {
    "lab": ("Northlight Lab", OrganisationKind.LAB, "Information Technology"),
    "evaluator": ("State Evaluation Office", OrganisationKind.EVALUATOR, "Government Services and Facilities"),
    "coordinator": ("Harbour Clearinghouse", OrganisationKind.COORDINATOR, "Government Services and Facilities"),
    "vendor": ("Acme Infusion", OrganisationKind.VENDOR, "Healthcare and Public Health"),
    "hospital": ("Valley Hospital", OrganisationKind.OPERATOR, "Healthcare and Public Health"),
    "bank": ("Mill Street Bank", OrganisationKind.OPERATOR, "Financial Services"),
}


_SCENE: Scene[Cast] = Scene("journal", "orgs")


def make_cast(now: datetime, rng: random.Random | None = None) -> Cast:
    """Create the cast through the services everyone uses; the same cast again by its rows."""
    rng = rng or random.Random(14409)
    return _SCENE.play(lambda: _make_cast(now, rng), when=now, rng=rng)


def _make_cast(now: datetime, rng: Dice) -> Cast:
    players = {name: _player(name, title, kind, sector, now, rng) for name, (title, kind, sector) in PLAYERS.items()}
    admin = _person("admin@node.example", now, rng, node_admin=True)
    mallory = _person("mallory@nowhere.example", now, rng)
    reader = _person("reader@hospital.example", now, rng)
    orgs.add_member(reader, players["hospital"].organisation, Role.READER, by=CONSOLE, now=now)
    return Cast(
        **players,
        admin=actor(admin, now),
        admin_person=admin,
        mallory=actor(mallory, now),
        mallory_person=mallory,
        reader=actor(reader, now),
        reader_person=reader,
    )


def actor(person: Person, now: datetime) -> Actor:
    """Return the person signed in with a second factor, acting for their first organisation."""
    return orgs_queries.actor_for_person(person, None, strong=True, authenticated_at=now)


def another(kind: OrganisationKind, now: datetime, rng: Dice) -> Player:
    """Create one more organisation of a kind, with its owner, who has nothing to do with the cast."""
    return _player(f"other-{kind}", f"Other {kind}", kind, "", now, rng)


def _player(name: str, title: str, kind: OrganisationKind, sector: str, now: datetime, rng: Dice) -> Player:
    details = orgs.NewOrganisation(name=title, kinds=frozenset({kind}), sector=sector)
    organisation = orgs.create_organisation(details, by=CONSOLE, now=now, rng=rng)
    person = _person(f"owner@{name}.example", now, rng)
    orgs.add_member(person, organisation, Role.OWNER, by=CONSOLE, now=now)
    return Player(organisation, person, actor(person, now))


def _person(email: str, now: datetime, rng: Dice, *, node_admin: bool = False) -> Person:
    person = orgs.create_person(email, by=CONSOLE, now=now, rng=rng, node_admin=node_admin)
    Person.objects.filter(pk=person.pk).update(password=_kept_password())
    person.refresh_from_db()
    return person


@cache
def _kept_password() -> str:
    """Hash the one password once: it is slow on purpose, and every test has a cast."""
    return make_password(PASSWORD)
