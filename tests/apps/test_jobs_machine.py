"""Do the rules for jobs hold in every order of events? A model beside the table, on both databases."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from watchbell.apps.jobs import registry
from watchbell.apps.jobs import services as jobs
from watchbell.apps.jobs.models import Job
from watchbell.apps.jobs.progress import LeaseLost
from watchbell.domain.handling import system

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
LEASE = timedelta(minutes=2)
TRIES = 3
KEYS = st.sampled_from(["a", "b", "c"])
OWNERS = st.sampled_from(["alice", "bob"])


class JobRules(RuleBasedStateMachine):
    """A few jobs, two workers, one clock; every claim ever made may come back late."""

    def __init__(self) -> None:
        super().__init__()
        self.world = transaction.atomic()  # each run sees an empty list and leaves one
        self.world.__enter__()
        self.now = NOON
        self.rng = random.Random(1)
        self.claims: list[jobs.Claim] = []
        self.state: dict[str, str] = {}
        self.holder: dict[str, jobs.Claim] = {}
        self.lease: dict[str, datetime] = {}
        self.finished: dict[str, int] = {}
        registry._KINDS["machine.work"] = registry.Kind("machine.work", _nothing, max_attempts=TRIES, lease=LEASE)

    @rule(key=KEYS)
    def ask(self, key: str) -> None:
        jobs.enqueue(kind="machine.work", key=key, now=self.now)
        self.state.setdefault(key, "waiting")

    @rule(owner=OWNERS)
    def claim(self, owner: str) -> None:
        held = jobs.claim(owner=owner, now=self.now)
        due = [key for key, state in self.state.items() if state == "waiting"]
        if held is None:
            assert not Job.objects.filter(idempotency_key__in=due, run_at__lte=self.now).exists()
            return
        key = held.job.idempotency_key
        assert self.state[key] == "waiting"
        self.state[key], self.holder[key], self.lease[key] = "running", held, self.now + LEASE
        self.claims.append(held)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), deed=st.sampled_from(["finish", "fail", "renew", "put_back"]))
    def come_back(self, data: Any, deed: str) -> None:
        held = data.draw(st.sampled_from(self.claims))
        key = held.job.idempotency_key
        is_holder = self.state[key] == "running" and self.holder[key] is held
        if deed == "renew":
            self._renew(held, key, is_holder=is_holder)
            return
        worked = {
            "finish": lambda: jobs.finish(held, now=self.now),
            "fail": lambda: jobs.fail(held, ValueError(), now=self.now, rng=self.rng),
            "put_back": lambda: jobs.put_back(held, now=self.now),
        }[deed]()
        assert worked == is_holder
        if is_holder:
            out_of_tries = deed == "fail" and held.attempt >= held.job.max_attempts
            self.state[key] = "done" if deed == "finish" else "dead" if out_of_tries else "waiting"
            self.finished[key] = self.finished.get(key, 0) + (deed == "finish")

    def _renew(self, held: jobs.Claim, key: str, *, is_holder: bool) -> None:
        try:
            held.renew(now=self.now, done=1, total=None, note="")
            worked = True
        except LeaseLost:
            worked = False
        assert worked == is_holder
        if is_holder:
            self.lease[key] = self.now + LEASE

    @rule(minutes=st.integers(1, 5))
    def wait_and_reap(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        lost = [key for key, state in self.state.items() if state == "running" and self.lease[key] <= self.now]
        assert jobs.reap(now=self.now) == len(lost)
        for key in lost:
            held = self.holder[key]
            self.state[key] = "dead" if held.attempt >= held.job.max_attempts else "waiting"

    @precondition(lambda self: "dead" in self.state.values())
    @rule()
    def retry(self) -> None:
        for key, state in self.state.items():
            if state == "dead":
                job = Job.objects.get(idempotency_key=key)
                jobs.retry_dead(public_id=job.public_id, by=system("console"), now=self.now)
                self.state[key] = "waiting"

    def teardown(self) -> None:
        registry._KINDS.pop("machine.work")
        transaction.set_rollback(True)
        self.world.__exit__(None, None, None)

    @invariant()
    def the_table_says_what_the_model_says(self) -> None:
        assert dict(Job.objects.values_list("idempotency_key", "state")) == self.state
        assert all(count == 1 for count in self.finished.values() if count)


def _nothing(args: Any, progress: Any, *, now: datetime, rng: Any) -> None:
    """Do nothing."""


@pytest.mark.django_db
def test_the_rules_for_jobs_hold_in_every_order_of_events() -> None:
    run_state_machine_as_test(
        JobRules,
        settings=settings(
            max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
