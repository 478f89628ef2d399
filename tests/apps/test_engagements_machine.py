"""Do the promises of early access hold in every order of events, with a clock that goes anywhere?

Beside the tables stands what a person would say must be true: until when the model may be used, what was used, and
what has to be gone. The node's clock jumps forward and back; nobody's worker runs unless a step says so.
"""

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.apps import scene_engagements as scenes
from tests.apps.scene_engagements import DICE, ENDPOINT, TERMS, Scene
from tests.conftest import NOON
from tests.support.cast import make_cast

from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.models import AccessLine, Engagement, UsedWindow
from watchbell.apps.engagements.services import IsOver, NotAllowed, NotYet, Release
from watchbell.apps.engagements.words import Material, What
from watchbell.domain.lifecycle import NotPossible
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.metering import Admission
from watchbell.domain.terms import EvidenceOnWithdrawal, Purpose, Terms
from watchbell.doors import keys
from watchbell.formats import strictjson
from watchbell.outside.keystore import KeyMissing

REFUSALS = (IsOver, NotAllowed, NotYet, NotPossible, KeyMissing)
LONGEST = timedelta(hours=720)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SELDOM = st.sampled_from([False, False, False, True])
TERMS_THERE_ARE = st.builds(
    lambda hours, days, keeps: replace(TERMS, hours=hours, evidence_days=days, evidence_on_withdrawal=keeps),
    st.sampled_from([24, 300, 720]),
    st.sampled_from([0, 14]),
    st.sampled_from(list(EvidenceOnWithdrawal)),
)
STEPS = st.sampled_from(
    [-400 * DAY, -HOUR, timedelta(microseconds=1), HOUR, 2 * HOUR, 13 * HOUR, 5 * DAY, 12 * DAY, 31 * DAY]
)


@dataclass
class Known:
    """What a person knows of one engagement: its scene, until when it may last, and what was used when."""

    scene: Scene
    starts_at: datetime | None = None
    may_last_until: datetime | None = None
    seen_at: datetime = NOON
    is_over: bool = False
    tokens: list[str] = field(default_factory=list)
    used_at: list[datetime] = field(default_factory=list)

    @property
    def row(self) -> Engagement:
        """Return the engagement as the database has it."""
        return self.scene.fresh()


class EngagementRules(RuleBasedStateMachine):
    """One lab and one evaluator, engagements one after the other, every deed in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = transaction.atomic()  # each run sees an empty node and leaves one
        self.world.__enter__()
        keys.make_node_keys()
        self.cast = make_cast(NOON, random.Random(1))
        self.now, self.models = NOON, 0
        self.known: list[Known] = []
        self.released: set[str] = set()

    @property
    def latest(self) -> Known:
        """Return the engagement that is acted on."""
        return self.known[-1]

    def deed(self, who: str = "lab") -> dict[str, object]:
        """Return what a deed is told."""
        return {"by": getattr(self.cast, who).actor, "now": self.now, "keys": keys.keystore(), "rng": DICE}

    def does(self, deed: Callable[[], object]) -> bool:
        """Do something that may be refused."""
        try:
            deed()
        except REFUSALS:
            return False
        return True

    def ended(self, *, at: datetime | None = None) -> None:
        """Note that the latest engagement is over, since this moment at the latest."""
        known = self.latest
        known.is_over = True
        if known.may_last_until is not None:
            known.may_last_until = min(known.may_last_until, max(at or self.now, known.seen_at))

    @rule(step=STEPS)
    def tick(self, step: timedelta) -> None:
        """Let the clock jump."""
        self.now += step

    @initialize(terms=TERMS_THERE_ARE)
    def begin(self, terms: Terms) -> None:
        """Start where most of the story is: access runs, and was used."""
        self.propose(terms, 3)
        self.call(0)

    @rule(terms=TERMS_THERE_ARE, far=st.integers(1, 3))
    def propose(self, terms: Terms, far: int) -> None:
        """Draft and offer once what was before is over, and go on so far; a released model makes room for another."""
        if self.known and self.latest.row.stands.is_open:
            return
        digest = f"{self.models:064x}"
        if digest in self.released:
            self.models += 1
            digest = f"{self.models:064x}"
        self.known.append(Known(scenes.offered(self.cast, terms, now=self.now, digest=digest), seen_at=self.now))
        for step in (self.countersign, self.start)[: far - 1]:
            step()

    @precondition(lambda self: self.known)
    @rule()
    def countersign(self) -> None:
        known = self.latest
        people = [self.cast.evaluator.person.public_id]

        def agree() -> None:
            signing = services.agreement_to_sign(known.row, people)
            services.agree(known.row, people, known.scene.sign("evaluator", signing), **self.deed("evaluator"))

        self.does(agree)

    @precondition(lambda self: self.known)
    @rule()
    def start(self) -> None:
        known = self.latest

        def start() -> None:
            services.start(known.row, known.scene.sign("lab", services.start_to_sign(known.row)), **self.deed())
            services.set_endpoint(known.row, ENDPOINT, **self.deed())

        if self.does(start):
            known.starts_at, known.may_last_until, known.seen_at = self.now, known.row.ends_at, self.now
            assert known.row.ends_at is not None
            assert known.row.ends_at <= self.now + LONGEST
            known.tokens.append(scenes.token(known.scene, now=self.now))

    @precondition(lambda self: self.known)
    @rule()
    def mint(self) -> None:
        known = self.latest
        known.scene.fresh()
        self.does(lambda: known.tokens.append(scenes.token(known.scene, now=self.now)))

    @precondition(lambda self: self.known and self.latest.tokens)
    @rule(which=st.integers(0, 3))
    def call(self, which: int) -> None:
        """The model is used in its window alone: what has gone by for this engagement does not come back."""
        known = self.latest
        text = known.tokens[-1 - which % len(known.tokens)]
        if isinstance(scenes.admit(scenes.ask(text), now=self.now)[0], Admission):
            at = max(self.now, known.seen_at)
            assert known.starts_at is not None
            assert known.may_last_until is not None
            assert known.starts_at <= at < min(known.starts_at + LONGEST, known.may_last_until)
            assert not known.is_over
            known.used_at.append(at)
            known.seen_at = at

    @precondition(lambda self: self.known)
    @rule(resumes=st.booleans())
    def pause(self, resumes: bool) -> None:
        act = services.resume if resumes else services.pause
        self.does(lambda: act(self.latest.row, by=self.cast.lab.actor, now=self.now))

    @precondition(lambda self: self.known)
    @rule(step=st.sampled_from([-HOUR, HOUR, 3 * DAY, 90 * DAY]))
    def shorten(self, step: timedelta) -> None:
        known, ends_at = self.latest, self.now + step
        if self.does(lambda: services.shorten(known.row, ends_at, **self.deed())):
            assert known.may_last_until is not None
            known.may_last_until = min(known.may_last_until, max(ends_at, known.seen_at))
            known.is_over = known.is_over or not known.row.stands.is_open

    @precondition(lambda self: self.known)
    @rule(really=SELDOM)
    def withdraw(self, really: bool) -> None:
        """Withdrawing is never refused, and done when it is answered."""
        if not really:
            return
        was_open = self.latest.row.stands.is_open

        services.withdraw(self.latest.row, **self.deed())

        assert not self.latest.row.stands.is_open
        assert not was_open or self.latest.row.stands is State.WITHDRAWN
        self.ended()

    @precondition(lambda self: self.known)
    @rule(to=st.sampled_from(list(Release)), really=SELDOM)
    def release(self, to: Release, really: bool) -> None:
        """Releasing is never refused, in whatever state anything is."""
        if not really:
            return
        known = self.latest

        model = services.release(known.scene.model, to, **self.deed())

        assert getattr(model, to.value) is not None
        self.released.add(model.digest)
        self.ended()

    @precondition(lambda self: self.known and self.latest.may_last_until)
    @rule(after=st.sampled_from([-HOUR, timedelta(0), 14 * DAY]))
    def expire(self, after: timedelta) -> None:
        """Let the clock go to the end that is known, or to shortly before it, or to when its evidence is due."""
        assert self.latest.may_last_until is not None
        self.now = max(self.now, self.latest.may_last_until + after)

    @rule()
    def go_round(self) -> None:
        """Let the clock's round run, which nothing waits for."""
        services.make_round(now=self.now, keys=keys.keystore(), rng=DICE)

    @precondition(lambda self: self.known)
    @rule(who=st.sampled_from(["lab", "evaluator", "coordinator"]))
    def open_evidence(self, who: str) -> None:
        known = self.latest
        lines = AccessLine.objects.filter(what=What.OPENED).count()
        if self.does(lambda: services.open_terms(known.row, Purpose.AUDIT, **self.deed(who))):
            assert who != "coordinator"
            assert AccessLine.objects.filter(what=What.OPENED).count() == lines + 1
            until = known.row.evidence_until
            assert until is None or max(self.now, known.row.seen_at or self.now) < until

    @invariant()
    def what_a_person_knows_is_so(self) -> None:
        for known in self.known[-2:]:
            row = known.row
            known.is_over = known.is_over or not row.stands.is_open
            assert row.lines.filter(what=What.CALL).count() == len(known.used_at), "each call has its line"
            if known.is_over:
                self.is_over_for_good(known, row)
            elif row.ends_at is not None and known.may_last_until is not None:
                assert row.ends_at <= known.may_last_until, "nothing lengthens a window"

    def is_over_for_good(self, known: Known, row: Engagement) -> None:
        """What is over stays over, its keys are gone, and its receipts name everything that lay under them."""
        assert not row.stands.is_open
        with pytest.raises(KeyMissing):
            keys.keystore().seal(row.access_key, b"", b"")
        if row.evidence_gone_at is not None:
            with pytest.raises(KeyMissing):
                services.terms_of(row, keys=keys.keystore())
        receipts = {one.key: bytes(one.content) for one in queries.receipts_of(row)}
        assert Material.ACCESS in receipts or known.starts_at is None
        assert (Material.EVIDENCE in receipts) == (row.evidence_gone_at is not None)
        for key, content in receipts.items():
            held = {(one["what"], one["digest"]) for one in strictjson.loads(content)["held"]}
            assert held == set(row.sealed_items.filter(key=key).values_list("what", "digest"))

    @invariant()
    def windows_onto_one_model_are_thirty_days_together(self) -> None:
        spans = defaultdict(list)
        for digest, *span in UsedWindow.objects.order_by("starts_at").values_list("digest", "starts_at", "ends_at"):
            spans[digest].append(span)
        for found in spans.values():
            total, reached = timedelta(0), found[0][0]
            for start, end in found:
                total += max(end - max(start, reached), timedelta(0))
                reached = max(end, reached)
            assert total <= LONGEST

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.world.__exit__(None, None, None)


def run(examples: int, steps: int) -> None:
    chosen = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(EngagementRules, settings=chosen)


@pytest.mark.django_db
def test_the_promises_of_early_access_hold_in_some_orders_of_events() -> None:
    run(examples=6, steps=25)


@pytest.mark.slow
@pytest.mark.django_db
def test_the_promises_of_early_access_hold_in_many_orders_of_events() -> None:
    run(examples=40, steps=40)
