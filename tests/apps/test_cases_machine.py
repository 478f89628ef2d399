"""Do the promises of a case hold in every order of events? A few parties, one case, every deed in any order."""

import random
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.support.cast import Player, make_cast
from tests.support.desk import Desk, another_vendor, blob_store

from watchbell.apps.cases import queries, services
from watchbell.apps.cases.models import Case, Proposal
from watchbell.domain.handling import Tlp
from watchbell.domain.lifecycle import Embargo, NotPossible
from watchbell.domain.lifecycle.rules import CaseRole

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
REFUSALS = (services.NotAllowed, services.NotYet, services.AlreadyTakesPart, NotPossible)
PLAYERS = st.sampled_from(["lab", "coordinator", "vendor", "rival", "hospital", "evaluator"])
ROLES = {"vendor": CaseRole.VENDOR, "rival": CaseRole.VENDOR, "hospital": CaseRole.DEPLOYER}
NEWS = {"public": services.note_public, "exploit": services.note_exploit, "attacks": services.note_attacks}
DAYS = st.sampled_from([5, 30, 31, 90, 178])


class CaseRules(RuleBasedStateMachine):
    """Beside the tables stands what a person would say must be true: who is in, who agreed to what, what is out."""

    def __init__(self) -> None:
        super().__init__()
        self.world = transaction.atomic()  # each run sees an empty node and leaves one
        self.world.__enter__()
        self.folder = tempfile.TemporaryDirectory()
        rng = random.Random(1)
        cast = make_cast(NOON, rng)
        self.desk = Desk(cast, blob_store(Path(self.folder.name)), NOON, rng)
        rival = another_vendor("rival", NOON, rng)
        names = ("lab", "coordinator", "vendor", "hospital", "evaluator")
        self.players: dict[str, Player] = {name: getattr(cast, name) for name in names} | {"rival": rival}
        self.case = self.desk.case()
        self.members, self.named = {"lab", "coordinator"}, {"lab", "coordinator"}
        self.agreed: dict[str, set[str]] = {}
        self.bound: set[str] = set()
        self.declined: set[str] = set()
        self.sent: set[str] = set()
        self.is_red = self.is_public = False
        self.last_end: datetime | None = None

    def does(self, deed: Callable[[], object]) -> bool:
        """Do something that may be refused; a refusal changes nothing."""
        try:
            with transaction.atomic():
                deed()
        except REFUSALS:
            return False
        return True

    @property
    def embargo(self) -> Embargo:
        return Embargo(Case.objects.select_related("embargo").get(pk=self.case.pk).embargo.state)

    def after_change(self, before: Embargo) -> None:
        """Where an embargo has gone, every consent goes with it."""
        if self.embargo in (Embargo.NONE, Embargo.EXITED) and before != self.embargo:
            self.bound, self.declined = set(), set()

    @initialize(is_agreed=st.booleans())
    def begin(self, is_agreed: bool) -> None:
        """Start some runs where most of the story is: the vendor is in, and an embargo is agreed."""
        if is_agreed:
            self.invite("vendor")
            self.propose("coordinator", 30)
            self.accept("vendor", 0)

    @rule(who=st.sampled_from(sorted(ROLES)))
    def invite(self, who: str) -> None:
        had_agreed = who in self.bound
        if self.does(lambda: self.desk.invite(self.case, self.players[who], ROLES[who])):
            assert who not in self.members
            self.members.add(who)
            if self.embargo not in (Embargo.NONE, Embargo.EXITED) and not had_agreed:
                self.declined.discard(who)

    @rule(who=PLAYERS, days=DAYS)
    def propose(self, who: str, days: int) -> None:
        made: list[Proposal] = []
        before = self.embargo
        if self.does(lambda: made.append(self.desk.propose(self.case, days + 2, by=self.players[who].actor))):
            assert not self.is_public
            self.agreed[made[0].public_id] = {who}
            if self.embargo is Embargo.PROPOSED:
                self.bound.add(who)
                self.declined.discard(who)
            assert before is not Embargo.EXITED

    @rule(who=PLAYERS, which=st.integers(0, 9))
    def accept(self, who: str, which: int) -> None:
        offered = list(Proposal.objects.filter(state="open").order_by("pk"))
        if not offered:
            return
        proposal = offered[which % len(offered)]
        before = self.embargo
        if self.does(lambda: services.accept(proposal, by=self.players[who].actor, now=self.desk.now)):
            self.agreed[proposal.public_id].add(who)
            self.named.add(who)
            if before is Embargo.PROPOSED:
                self.bound.add(who)
                self.declined.discard(who)

    @rule(who=PLAYERS, which=st.integers(0, 9))
    def reject(self, who: str, which: int) -> None:
        offered = list(Proposal.objects.filter(state="open").order_by("pk"))
        if offered:
            before = self.embargo
            proposal = offered[which % len(offered)]
            if self.does(lambda: services.reject(proposal, by=self.players[who].actor, now=self.desk.now)):
                self.agreed[proposal.public_id].discard(who)
            self.after_change(before)

    @rule(who=PLAYERS)
    def join(self, who: str) -> None:
        if self.does(lambda: services.join(self.case, by=self.players[who].actor, now=self.desk.now)):
            self.bound.add(who)
            self.named.add(who)

    @rule(who=PLAYERS)
    def decline(self, who: str) -> None:
        if self.does(lambda: services.decline(self.case, by=self.players[who].actor, now=self.desk.now)):
            self.bound.discard(who)
            self.declined.add(who)

    @rule(who=PLAYERS, deed=st.sampled_from(["attacks", "wait", "wait", "terminate", "public", "exploit"]))
    def turn(self, who: str, deed: str) -> None:
        """Change the whole case, rarely enough that an embargo lives for some steps."""
        before, by, now = self.embargo, self.players[who].actor, self.desk.now
        if deed == "wait":
            self.desk.now += timedelta(days=3)
        elif deed == "terminate":
            self.does(lambda: services.terminate(self.case, by=by, now=now))
        elif self.does(lambda: NEWS[deed](self.case, by=by, now=now)):
            self.is_public = self.is_public or deed != "attacks"
        self.after_change(before)

    @rule(who=st.sampled_from(["vendor", "rival"]))
    def send(self, who: str) -> None:
        organisation = self.players[who].organisation.public_id
        participant = self.case.participants.filter(organisation=organisation).first()
        if participant and self.does(lambda: self.desk.send(self.case, participant)):
            self.sent.add(who)

    @rule(who=st.sampled_from(["vendor", "rival"]))
    def accept_report(self, who: str) -> None:
        actor = self.players[who].actor
        reads = who in self.readers()
        if self.does(lambda: services.accept_report(self.case, by=actor, now=self.desk.now, rng=self.desk.rng)):
            assert reads
            assert who in self.sent

    @rule(who=PLAYERS)
    def leave(self, who: str) -> None:
        if self.does(lambda: services.leave(self.case, by=self.players[who].actor, now=self.desk.now)):
            self.members.discard(who)
            self.named.discard(who)

    @rule()
    def mark_red(self) -> None:
        if self.does(lambda: services.raise_marking(self.case, Tlp.RED, by=self.desk.by, now=self.desk.now)):
            self.is_red = True

    def knowers(self) -> set[str]:
        return self.members & self.named if self.is_red else set(self.members)

    def readers(self) -> set[str]:
        """Return who may read the report, as a person would say it."""
        embargo = self.embargo
        able = set()
        for who in self.knowers():
            if who in ("lab", "coordinator"):
                able.add(who)
            elif who in ("vendor", "rival") and who not in self.sent and not self.is_public:
                continue
            elif (
                embargo is Embargo.EXITED or who in self.bound or (embargo is Embargo.NONE and who not in self.declined)
            ):
                able.add(who)
        return able

    @invariant()
    def who_knows_follows_from_membership_and_label_alone(self) -> None:
        case = Case.objects.get(pk=self.case.pk)
        for name, player in self.players.items():
            listed = queries.visible_to(player.actor, now=self.desk.now).filter(pk=case.pk).exists()
            assert listed == queries.may_know(case, player.actor, now=self.desk.now) == (name in self.knowers()), name

    @invariant()
    def who_reads_follows_from_the_embargo_and_what_was_sent(self) -> None:
        case = Case.objects.get(pk=self.case.pk)
        readers = {
            name
            for name, player in self.players.items()
            if (page := queries.page(case, player.actor, now=self.desk.now)) and page.reads_report
        }
        assert readers == self.readers()

    @invariant()
    def an_embargo_is_never_lengthened_without_finder_and_vendors(self) -> None:
        embargo = Case.objects.get(pk=self.case.pk).embargo
        if self.last_end and embargo.ends_at and embargo.ends_at > self.last_end:
            asked = {"lab"} | ({"vendor", "rival"} & self.members)
            [accepted] = Proposal.objects.filter(state="accepted").order_by("-settled_at", "-pk")[:1]
            assert accepted.ends_at == embargo.ends_at
            assert asked <= self.agreed[accepted.public_id]
            assert self.members & {"lab"}
            assert self.members & {"vendor", "rival"}
        self.last_end = embargo.ends_at

    @invariant()
    def nothing_is_kept_quiet_that_is_public(self) -> None:
        if self.is_public:
            assert self.embargo in (Embargo.NONE, Embargo.EXITED)
            assert not Proposal.objects.filter(state="open").exists()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.world.__exit__(None, None, None)
        self.folder.cleanup()


def run(examples: int, steps: int) -> None:
    chosen = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(CaseRules, settings=chosen)


@pytest.mark.django_db
def test_the_promises_of_a_case_hold_in_some_orders_of_events() -> None:
    run(examples=4, steps=15)


@pytest.mark.slow
@pytest.mark.django_db
def test_the_promises_of_a_case_hold_in_many_orders_of_events() -> None:
    run(examples=20, steps=25)
