"""Cases: every deed passes one guard, so a token made for something else changes nothing."""

import inspect
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.cast import Cast
from tests.support.desk import VECTOR, Desk, blob_store

from watchbell.apps.cases import services
from watchbell.apps.cases.models import Case
from watchbell.apps.cases.words import Standing
from watchbell.apps.journal.models import Entry
from watchbell.domain.handling import Actor, ActorKind, Scope, Tlp
from watchbell.domain.lifecycle import ReportEvent
from watchbell.domain.lifecycle.rules import CaseRole

pytestmark = pytest.mark.django_db

LOOKS = {"open_case_page", "check_may_publish"}
"""What changes nothing in a case; a look at one has a door of its own."""

FIXED = services.ProductAnswer(product="infusepump", status=Standing.FIXED)
Deed = Callable[[Desk, Case, Actor, dict[str, Any]], object]


def coordinators(deed: Callable[..., object]) -> tuple[str, Deed]:
    return "coordinator", deed


def vendors(deed: Callable[..., object]) -> tuple[str, Deed]:
    return "vendor", deed


def alone(service: Callable[..., object]) -> Deed:
    return lambda desk, case, by, at: service(case, by=by, **at)


def flaw(case: Case) -> Any:
    return case.vulnerabilities.get()


def some_vendor(case: Case) -> Any:
    return case.participants.get(roles__role=CaseRole.VENDOR)


def open_proposal(case: Case) -> Any:
    return case.embargo.proposals.get(state="open")


DEEDS: dict[str, tuple[str, Deed]] = {
    "open_case": coordinators(
        lambda desk, case, by, at: services.open_case(
            [case.findings.get().finding], title="", by=by, rng=desk.rng, **at
        )
    ),
    "invite": coordinators(
        lambda desk, case, by, at: services.invite(
            case, services.Party(contact="a@b.example"), [CaseRole.OBSERVER], by=by, rng=desk.rng, **at
        )
    ),
    "assign": coordinators(lambda desk, case, by, at: services.assign(case, str(by.person), by=by, **at)),
    "unassign": coordinators(lambda desk, case, by, at: services.unassign(case, str(by.person), by=by, **at)),
    "raise_marking": coordinators(lambda desk, case, by, at: services.raise_marking(case, Tlp.RED, by=by, **at)),
    "close": coordinators(alone(services.close)),
    "leave": vendors(alone(services.leave)),
    "propose_embargo": coordinators(lambda desk, case, by, at: desk.propose(case, by=by)),
    "accept": vendors(lambda desk, case, by, at: services.accept(open_proposal(case), by=by, **at)),
    "reject": vendors(lambda desk, case, by, at: services.reject(open_proposal(case), by=by, **at)),
    "join": vendors(alone(services.join)),
    "decline": vendors(alone(services.decline)),
    "terminate": vendors(alone(services.terminate)),
    "note_public": vendors(alone(services.note_public)),
    "note_exploit": vendors(alone(services.note_exploit)),
    "note_attacks": vendors(alone(services.note_attacks)),
    "record_publication": coordinators(alone(services.record_publication)),
    "send_report": coordinators(lambda desk, case, by, at: services.send_report(case, some_vendor(case), by=by, **at)),
    "answer_report": vendors(lambda desk, case, by, at: services.answer_report(case, ReportEvent.DEFER, by=by, **at)),
    "accept_report": vendors(lambda desk, case, by, at: services.accept_report(case, by=by, rng=desk.rng, **at)),
    "set_status": vendors(lambda desk, case, by, at: services.set_status(flaw(case), FIXED, by=by, **at)),
    "set_severity": vendors(lambda desk, case, by, at: services.set_severity(flaw(case), VECTOR, by=by, **at)),
    "name_cve": vendors(lambda desk, case, by, at: services.name_cve(flaw(case), "CVE-2026-1", by=by, **at)),
    "fix_ready": vendors(alone(services.fix_ready)),
    "fix_deployed": vendors(alone(services.fix_deployed)),
    "post": vendors(
        lambda desk, case, by, at: services.post(case.lanes.get(participant=None), "Hello", by=by, rng=desk.rng, **at)
    ),
}


@pytest.fixture
def desk(cast: Cast, tmp_path: Path, noon: datetime, rng: random.Random) -> Desk:
    return Desk(cast, blob_store(tmp_path), noon, rng)


def test_every_deed_in_a_case_is_in_this_table() -> None:
    offered = {name for name in services.__all__ if inspect.isfunction(getattr(services, name))}

    assert set(DEEDS) == offered - LOOKS


@pytest.mark.parametrize("name", DEEDS)
def test_a_token_made_for_something_else_does_nothing_in_a_case(name: str, desk: Desk, cast: Cast) -> None:
    case = desk.accepted()
    desk.propose(case, days=20)
    who, deed = DEEDS[name]
    person: Actor = getattr(cast, who).actor
    token = replace(person, kind=ActorKind.TOKEN, scopes=frozenset(Scope) - {Scope.COORDINATE})
    before = Entry.objects.count()

    with pytest.raises(services.NotAllowed, match="made for coordinating cases"):
        deed(desk, case, token, {"now": desk.now})

    assert Entry.objects.count() == before


def test_a_fix_is_told_while_the_case_is_open(desk: Desk, cast: Cast) -> None:
    case, vendor = desk.accepted(), cast.vendor.actor
    services.terminate(case, by=desk.by, now=desk.now)
    services.close(case, by=desk.by, now=desk.now)

    for deed in (services.fix_ready, services.fix_deployed):
        with pytest.raises(services.NotAllowed, match="closed"):
            deed(case, by=vendor, now=desk.now)
