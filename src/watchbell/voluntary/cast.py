"""Who tries it: a lab with its people, evaluators (one of them a government's), and everyone who is no party to it."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from watchbell.apps.orgs import queries, services
from watchbell.domain.handling import ANONYMOUS, Actor, OrganisationKind, Role, Scope, system
from watchbell.domain.identity import Dice

if TYPE_CHECKING:
    from watchbell.apps.orgs.models import Organisation, Person

CONSOLE = system("console")
PLACES = {
    "lab": ("Northlight Lab", {OrganisationKind.LAB}, False),
    "evaluator": ("State Evaluation Office", {OrganisationKind.EVALUATOR}, True),
    "other evaluator": ("Quayside Evaluators", {OrganisationKind.EVALUATOR}, False),
    "rival lab": ("Southlight Lab", {OrganisationKind.LAB}, False),
    "lab that evaluates": ("Harrow Institute", {OrganisationKind.LAB, OrganisationKind.EVALUATOR}, True),
    "coordinator": ("Harbour Clearinghouse", {OrganisationKind.COORDINATOR}, True),
    "vendor": ("Acme Infusion", {OrganisationKind.VENDOR}, False),
    "hospital": ("Valley Hospital", {OrganisationKind.OPERATOR}, False),
    "bank": ("Mill Street Bank", {OrganisationKind.OPERATOR}, False),
}
COLLEAGUES = {
    "lab colleague": ("lab", Role.MEMBER),
    "evaluator colleague": ("evaluator", Role.MEMBER),
    "evaluator reader": ("evaluator", Role.READER),
}
DEVELOPERS = ("lab", "lab colleague", "lab token")
EVALUATORS = ("evaluator", "evaluator colleague", "evaluator reader", "evaluator token")
THIRD_PARTIES = ("coordinator", "vendor", "hospital", "admin", "stranger", "public")


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody by name: as they act, and their account and organisation where they have one."""

    actors: dict[str, Actor]
    people: "dict[str, Person]"
    places: "dict[str, Organisation]"

    @property
    def others(self) -> dict[str, Actor]:
        """Return everyone who is not of the developer."""
        return {name: actor for name, actor in self.actors.items() if name not in DEVELOPERS}

    def organisation(self, name: str) -> str:
        """Return the opaque id of one organisation."""
        return self.places[name].public_id


def gather(now: datetime, rng: random.Random) -> Cast:
    """Return the cast, made through the services everyone uses, signed in with a second factor."""
    places, people = {}, {}
    for name, (title, kinds, is_government) in PLACES.items():
        details = services.NewOrganisation(name=title, kinds=frozenset(kinds), is_government=is_government)
        places[name] = services.create_organisation(details, by=CONSOLE, now=now, rng=rng)
        people[name] = _person(name, now, rng)
        services.add_member(people[name], places[name], Role.OWNER, by=CONSOLE, now=now)
    for name, (place, role) in COLLEAGUES.items():
        people[name] = _person(name, now, rng)
        services.add_member(people[name], places[place], role, by=CONSOLE, now=now)
    people["stranger"] = _person("stranger", now, rng)
    people["admin"] = _person("admin", now, rng, node_admin=True)
    actors = {
        name: queries.actor_for_person(one, None, strong=True, authenticated_at=now) for name, one in people.items()
    }
    for name in ("lab", "evaluator"):
        actors[f"{name} token"] = _token(actors[name], now, rng)
    return Cast({**actors, "public": ANONYMOUS, "console": CONSOLE}, people, places)


def _person(name: str, now: datetime, rng: Dice, *, node_admin: bool = False) -> "Person":
    email = f"{name.replace(' ', '.')}@voluntary.example"
    return services.create_person(email, by=CONSOLE, now=now, rng=rng, node_admin=node_admin)


def _token(actor: Actor, now: datetime, rng: Dice) -> Actor:
    _, text = services.mint_token("trial", list(Scope), by=actor, lasts=timedelta(days=90), now=now, rng=rng)
    found = queries.actor_for_token(text, now=now)
    if found is None:
        raise RuntimeError("a fresh token was refused")
    return found
